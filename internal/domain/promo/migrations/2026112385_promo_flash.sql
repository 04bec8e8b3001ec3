-- +goose Up
-- A variant at another price for a while, from a bucket of its own (its id).
CREATE TABLE flash (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	sku        TEXT NOT NULL,
	product    TEXT NOT NULL,
	show_id    TEXT NOT NULL, -- '' for everywhere
	price      BIGINT NOT NULL CHECK (price >= 0),
	was        BIGINT NOT NULL, -- the price when it began
	currency   TEXT NOT NULL,
	quantity   BIGINT NOT NULL CHECK (quantity > 0), -- put in so far
	restocked  BIGINT NOT NULL, -- of it, after the start
	per_buyer  BIGINT NOT NULL CHECK (per_buyer >= 0), -- units; 0: no limit
	origin     TEXT NOT NULL, -- the bucket that the goods came from
	starts_at  BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	ended_at   BIGINT NOT NULL -- 0 while it runs
);
CREATE UNIQUE INDEX flash_running ON flash (sku, show_id) WHERE ended_at = 0;
CREATE INDEX flash_shop ON flash (shop, starts_at, id);
CREATE INDEX flash_due ON flash (ends_at) WHERE ended_at = 0;

-- What a buyer has of a flash with a limit; one row per buyer, and the row judges.
CREATE TABLE flash_take (
	flash     TEXT NOT NULL,
	buyer     TEXT NOT NULL,
	units     BIGINT NOT NULL,
	per_buyer BIGINT NOT NULL,
	PRIMARY KEY (flash, buyer),
	CHECK (units >= 0 AND units <= per_buyer)
);
