-- +goose Up
CREATE TABLE review (
	id          TEXT PRIMARY KEY,
	order_id    TEXT NOT NULL,
	position    BIGINT NOT NULL, -- of the line in the order
	shop        TEXT NOT NULL,
	product     TEXT NOT NULL,
	title       TEXT NOT NULL, -- as it was sold
	variant     TEXT NOT NULL,
	buyer       TEXT NOT NULL,
	buyer_name  TEXT NOT NULL,
	stars       BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
	words       TEXT NOT NULL,
	photos      TEXT NOT NULL,
	refunded    BOOLEAN NOT NULL, -- money of the line went back
	answer      TEXT NOT NULL,
	answered_at BIGINT NOT NULL,
	hidden      TEXT NOT NULL, -- why the operator took words and photos down
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	UNIQUE (order_id, position)
);
CREATE INDEX review_product ON review (product, created_at, id);
CREATE INDEX review_shop ON review (shop, created_at, id);
