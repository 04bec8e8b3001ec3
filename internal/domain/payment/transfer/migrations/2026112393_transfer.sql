-- +goose Up
CREATE TABLE bank_transfer_account (
	shop       TEXT PRIMARY KEY,
	enabled    BOOLEAN NOT NULL,
	details    TEXT NOT NULL, -- JSON
	days       BIGINT NOT NULL CHECK (days BETWEEN 1 AND 14),
	changed_at BIGINT NOT NULL
);

CREATE TABLE bank_transfer (
	order_id   TEXT PRIMARY KEY,
	intent     TEXT NOT NULL UNIQUE,
	shop       TEXT NOT NULL,
	buyer      TEXT NOT NULL,
	reference  TEXT NOT NULL UNIQUE,
	details    TEXT NOT NULL, -- JSON, of the account as it was shown
	amount     BIGINT NOT NULL,
	currency   TEXT NOT NULL,
	state      TEXT NOT NULL,
	note       TEXT NOT NULL, -- of the buyer
	proof      TEXT NOT NULL, -- id of a picture
	reason     TEXT NOT NULL, -- of the shop
	told_at    BIGINT NOT NULL,
	decided_at BIGINT NOT NULL
);
CREATE INDEX bank_transfer_shop ON bank_transfer (shop, state);

CREATE TABLE bank_transfer_refund (
	id       TEXT PRIMARY KEY,
	order_id TEXT NOT NULL REFERENCES bank_transfer (order_id),
	amount   BIGINT NOT NULL,
	sent_at  BIGINT NOT NULL -- 0: the shop still owes it
);
CREATE INDEX bank_transfer_refund_order ON bank_transfer_refund (order_id);
