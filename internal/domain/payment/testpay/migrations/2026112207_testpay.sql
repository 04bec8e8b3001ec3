-- +goose Up
CREATE TABLE testpay_payment (
	ref      TEXT PRIMARY KEY,
	intent   TEXT NOT NULL UNIQUE,
	amount   BIGINT NOT NULL,
	currency TEXT NOT NULL,
	back     TEXT NOT NULL,
	state    TEXT NOT NULL
);
CREATE TABLE testpay_refund (
	id  TEXT PRIMARY KEY,
	ref TEXT NOT NULL,
	amount BIGINT NOT NULL
);
