-- +goose Up
-- What the market takes of sales, from a date on. Rows never change: a new
-- table replaces an old one from its own date.
CREATE TABLE fee_table (
	id           TEXT PRIMARY KEY,
	key          TEXT NOT NULL UNIQUE, -- who announced it, a colon and the Idempotency-Key
	key_hash     TEXT NOT NULL,
	from_at      BIGINT NOT NULL,
	announced_at BIGINT NOT NULL,
	announced_by TEXT NOT NULL,
	currency     TEXT NOT NULL, -- of fixed
	ppm          BIGINT NOT NULL CHECK (ppm >= 0 AND ppm <= 500000),
	fixed        BIGINT NOT NULL CHECK (fixed >= 0),
	packs        TEXT NOT NULL, -- JSON: [{"pack", "ppm"}]
	note         TEXT NOT NULL,
	rise         BOOLEAN NOT NULL -- takes more of somebody than the table it replaces
);
CREATE INDEX fee_table_from ON fee_table (from_at, announced_at, id);
