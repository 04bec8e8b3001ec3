-- +goose Up
CREATE TABLE shop (
	id             TEXT PRIMARY KEY,
	slug           TEXT NOT NULL UNIQUE,
	name           TEXT NOT NULL,
	about          TEXT NOT NULL,
	pack           TEXT NOT NULL,
	stall          TEXT NOT NULL,
	color          TEXT NOT NULL,
	currency       TEXT NOT NULL,
	time_zone      TEXT NOT NULL,
	avatar         TEXT NOT NULL,
	cover          TEXT NOT NULL,
	legal_name     TEXT NOT NULL,
	licence_number TEXT NOT NULL,
	licence_state  TEXT NOT NULL,
	legal_address  TEXT NOT NULL,
	contact        TEXT NOT NULL,
	pickup         TEXT NOT NULL,
	parcel         TEXT NOT NULL,
	next_order     BIGINT NOT NULL,
	created_at     BIGINT NOT NULL
);
CREATE INDEX shop_created ON shop (created_at, id);

CREATE TABLE member (
	shop   TEXT NOT NULL REFERENCES shop (id),
	person TEXT NOT NULL,
	role   TEXT NOT NULL,
	since  BIGINT NOT NULL,
	PRIMARY KEY (shop, person)
);
CREATE INDEX member_person ON member (person);

CREATE TABLE slot_use (
	shop     TEXT NOT NULL,
	slot     TEXT NOT NULL,
	used     BIGINT NOT NULL CHECK (used >= 0),
	PRIMARY KEY (shop, slot)
);

CREATE TABLE image (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	width      BIGINT NOT NULL,
	height     BIGINT NOT NULL,
	color      TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
