-- +goose Up
CREATE TABLE product (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL REFERENCES shop (id),
	title      TEXT NOT NULL,
	about      TEXT NOT NULL,
	pack       TEXT NOT NULL,
	fields     TEXT NOT NULL,
	measure    TEXT NOT NULL,
	images     TEXT NOT NULL,
	state      TEXT NOT NULL,
	revision   TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX product_shop ON product (shop, created_at, id);

CREATE TABLE sku (
	id          TEXT PRIMARY KEY,
	product     TEXT NOT NULL REFERENCES product (id),
	shop        TEXT NOT NULL,
	name        TEXT NOT NULL,
	price_minor BIGINT NOT NULL CHECK (price_minor >= 0),
	currency    TEXT NOT NULL,
	position    BIGINT NOT NULL,
	active      BOOLEAN NOT NULL
);
CREATE INDEX sku_product ON sku (product, position);

-- Every price that was ever on show, for the lowest of 30 days.
CREATE TABLE price_history (
	sku         TEXT NOT NULL REFERENCES sku (id),
	since       BIGINT NOT NULL,
	price_minor BIGINT NOT NULL,
	PRIMARY KEY (sku, since)
);

-- What buyers saw, addressed by its content: an order line points here.
CREATE TABLE product_revision (
	id      TEXT PRIMARY KEY,
	product TEXT NOT NULL REFERENCES product (id),
	body    TEXT NOT NULL,
	at      BIGINT NOT NULL
);
CREATE INDEX product_revision_product ON product_revision (product);
