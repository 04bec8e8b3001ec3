-- +goose Up
-- What a shop takes off by itself. Only paused and ends_at ever change.
CREATE TABLE promotion (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	kind       TEXT NOT NULL, -- reduction, bundle, addon, freight
	rule       TEXT NOT NULL, -- its numbers, JSON
	currency   TEXT NOT NULL,
	starts_at  BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	paused     BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX promotion_shop ON promotion (shop, ends_at);

-- A variant has one price promotion at most; the row judges. It goes with the
-- promotion's end.
CREATE TABLE promotion_sku (
	sku       TEXT PRIMARY KEY,
	promotion TEXT NOT NULL,
	until     BIGINT NOT NULL
);

-- What a standing order took off by a promotion.
CREATE TABLE promotion_use (
	order_id  TEXT NOT NULL,
	promotion TEXT NOT NULL,
	off       BIGINT NOT NULL CHECK (off > 0), -- minor units
	PRIMARY KEY (order_id, promotion)
);
CREATE INDEX promotion_use_of ON promotion_use (promotion, off);
