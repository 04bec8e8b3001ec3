-- +goose Up
-- What a person means to buy. It promises nothing: no stock, no price.
CREATE TABLE cart_line (
	person   TEXT NOT NULL,
	sku      TEXT NOT NULL,
	quantity BIGINT NOT NULL CHECK (quantity > 0),
	price    BIGINT NOT NULL, -- per measure, as the person saw it
	show_id  TEXT NOT NULL, -- where it was seen
	added_at BIGINT NOT NULL,
	PRIMARY KEY (person, sku)
);
