-- +goose Up
CREATE TABLE ledger_account (
	id       TEXT PRIMARY KEY,
	balance  BIGINT NOT NULL,
	currency TEXT NOT NULL
);

-- A row moves an amount from one account to another, so no journal can be out
-- of balance. The rows of one ref happened together.
CREATE TABLE transfer (
	ref      TEXT NOT NULL,
	seq      BIGINT NOT NULL,
	credit   TEXT NOT NULL,
	debit    TEXT NOT NULL,
	amount   BIGINT NOT NULL CHECK (amount > 0),
	currency TEXT NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (ref, seq),
	CHECK (credit <> debit)
);
