-- +goose Up
-- What a shop offers for less. Only claimed, quota and stopped ever change.
CREATE TABLE coupon_template (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	name       TEXT NOT NULL, -- words, JSON
	kind       TEXT NOT NULL, -- amount, percent
	off        BIGINT NOT NULL CHECK (off > 0), -- minor units, or percent
	cap        BIGINT NOT NULL CHECK (cap >= 0), -- the most that a percentage takes; 0: all of it
	threshold  BIGINT NOT NULL CHECK (threshold >= 0), -- what the goods must cost
	currency   TEXT NOT NULL,
	new_buyer  BOOLEAN NOT NULL,
	room_only  BOOLEAN NOT NULL,
	products   TEXT NOT NULL, -- ids, JSON; [] for all goods
	quota      BIGINT NOT NULL,
	per_buyer  BIGINT NOT NULL CHECK (per_buyer > 0),
	claimed    BIGINT NOT NULL,
	starts_at  BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	stopped    BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	CHECK (claimed >= 0 AND claimed <= quota)
);
CREATE INDEX coupon_template_shop ON coupon_template (shop, created_at, id);

-- One row per claim. order_id is the order that holds it, '' for none.
CREATE TABLE coupon (
	id         TEXT PRIMARY KEY,
	template   TEXT NOT NULL,
	shop       TEXT NOT NULL,
	buyer      TEXT NOT NULL,
	ordinal    BIGINT NOT NULL CHECK (ordinal > 0), -- the buyer's first, second ... of the template
	state      TEXT NOT NULL, -- claimed, locked, used
	order_id   TEXT NOT NULL,
	show_id    TEXT NOT NULL, -- where it was claimed
	claimed_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CHECK ((state = 'claimed') = (order_id = '')),
	UNIQUE (template, buyer, ordinal)
);
CREATE INDEX coupon_buyer ON coupon (buyer, shop);
CREATE UNIQUE INDEX coupon_order ON coupon (order_id) WHERE order_id <> '';

-- A template that is being handed out in a show.
CREATE TABLE coupon_drop (
	template TEXT NOT NULL,
	show_id  TEXT NOT NULL,
	at       BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	PRIMARY KEY (show_id, template)
);
