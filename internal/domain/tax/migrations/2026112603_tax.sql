-- +goose Up
-- What is taken in tax, by country and class, each from an instant on. A rate that
-- holds never changes; a later one replaces it.
CREATE TABLE tax_rate (
	country    TEXT NOT NULL, -- ISO 3166-1 alpha-2
	class      TEXT NOT NULL,
	from_at    BIGINT NOT NULL,
	ppm        BIGINT NOT NULL CHECK (ppm >= 0 AND ppm <= 1000000),
	set_by     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (country, class, from_at)
);
