-- +goose Up
-- The parts of a payment for several orders; such an intent has the group's id
-- in place of an order's. wanted is false once the order has given up waiting.
CREATE TABLE payment_share (
	order_id TEXT PRIMARY KEY,
	intent   TEXT NOT NULL REFERENCES payment_intent (id),
	shop     TEXT NOT NULL,
	amount   BIGINT NOT NULL CHECK (amount > 0),
	wanted   BOOLEAN NOT NULL
);
CREATE INDEX payment_share_intent ON payment_share (intent);
