-- +goose Up
CREATE TABLE ledger_account (
	id       TEXT PRIMARY KEY,
	balance  BIGINT NOT NULL,
	currency TEXT NOT NULL
);

CREATE TABLE journal (
	id   TEXT PRIMARY KEY,
	ref  TEXT NOT NULL UNIQUE,
	kind TEXT NOT NULL,
	at   BIGINT NOT NULL
);

CREATE TABLE posting (
	journal  TEXT NOT NULL,
	account  TEXT NOT NULL,
	amount   BIGINT NOT NULL,
	currency TEXT NOT NULL,
	PRIMARY KEY (journal, account)
);
CREATE INDEX posting_account ON posting (account);
