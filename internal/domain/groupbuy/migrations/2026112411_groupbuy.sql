-- +goose Up
-- What a shop sells to groups: a variant from a bucket of its own (its id).
CREATE TABLE group_offer (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	product    TEXT NOT NULL,
	sku        TEXT NOT NULL,
	currency   TEXT NOT NULL,
	was        BIGINT NOT NULL, -- the price when it began
	steps      TEXT NOT NULL, -- JSON: people and price of each
	size       BIGINT NOT NULL CHECK (size > 1), -- people of the last step
	units      BIGINT NOT NULL CHECK (units > 0), -- of one seat
	groups     BIGINT NOT NULL CHECK (groups > 0), -- for which goods are set aside
	open       BIGINT NOT NULL CHECK (open >= 0 AND open <= groups), -- of them, begun and not failed
	per_buyer  BIGINT NOT NULL CHECK (per_buyer > 0), -- seats in all
	lasts      BIGINT NOT NULL, -- milliseconds, of a group
	starts_at  BIGINT NOT NULL,
	stopped_at BIGINT NOT NULL, -- 0: groups can be begun
	closed_at  BIGINT NOT NULL -- 0: goods are set aside
);
CREATE UNIQUE INDEX group_offer_running ON group_offer (sku) WHERE stopped_at = 0;
CREATE INDEX group_offer_shop ON group_offer (shop, starts_at, id);
CREATE INDEX group_offer_product ON group_offer (product) WHERE stopped_at = 0;
CREATE INDEX group_offer_closing ON group_offer (stopped_at) WHERE stopped_at > 0 AND closed_at = 0;

CREATE TABLE group_buy (
	code       TEXT PRIMARY KEY,
	offer      TEXT NOT NULL,
	first      BIGINT NOT NULL, -- people of the first step
	size       BIGINT NOT NULL,
	seats      BIGINT NOT NULL CHECK (seats >= 0 AND seats <= size), -- taken, paid or not
	paid       BIGINT NOT NULL CHECK (paid >= 0 AND paid <= seats),
	state      TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	ended_at   BIGINT NOT NULL, -- 0 while it is open
	settled_at BIGINT NOT NULL -- 0 until all its orders know
);
CREATE INDEX group_buy_offer ON group_buy (offer, started_at, code);
CREATE INDEX group_buy_due ON group_buy (ends_at) WHERE state = 'open';
CREATE INDEX group_buy_ended ON group_buy (ended_at) WHERE ended_at > 0 AND settled_at = 0;

CREATE TABLE group_seat (
	code     TEXT NOT NULL,
	buyer    TEXT NOT NULL,
	order_id TEXT NOT NULL UNIQUE,
	name     TEXT NOT NULL, -- as others see it
	state    TEXT NOT NULL,
	PRIMARY KEY (code, buyer)
);
