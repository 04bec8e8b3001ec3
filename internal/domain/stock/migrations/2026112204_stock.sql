-- +goose Up
-- One row per variant and bucket: '' is the stall, a show's id is what was set
-- aside for that show.
CREATE TABLE stock_item (
	sku      TEXT NOT NULL,
	bucket   TEXT NOT NULL,
	shop     TEXT NOT NULL,
	on_hand  BIGINT NOT NULL,
	reserved BIGINT NOT NULL,
	put_up   BIGINT NOT NULL,
	version  BIGINT NOT NULL,
	closed   BOOLEAN NOT NULL,
	PRIMARY KEY (sku, bucket),
	CHECK (reserved >= 0 AND on_hand >= reserved)
);
CREATE INDEX stock_item_shop ON stock_item (shop);

CREATE TABLE stock_movement (
	id     TEXT PRIMARY KEY,
	sku    TEXT NOT NULL,
	bucket TEXT NOT NULL,
	delta  BIGINT NOT NULL,
	reason TEXT NOT NULL,
	ref    TEXT NOT NULL,
	at     BIGINT NOT NULL
);
CREATE INDEX stock_movement_sku ON stock_movement (sku, bucket, at);
CREATE UNIQUE INDEX stock_movement_ref ON stock_movement (ref, sku, bucket) WHERE ref <> '';

CREATE TABLE reservation (
	line   TEXT PRIMARY KEY,
	sku    TEXT NOT NULL,
	bucket TEXT NOT NULL,
	qty    BIGINT NOT NULL CHECK (qty > 0),
	state  TEXT NOT NULL
);
