-- +goose Up
-- What a host sells by comment: pieces of a variant from a bucket of its own
-- (its id), for whoever writes the keyword first.
CREATE TABLE claim_call (
	id         TEXT PRIMARY KEY,
	key        TEXT NOT NULL, -- of the caller
	key_hash   TEXT NOT NULL, -- of what was asked with it
	shop       TEXT NOT NULL,
	show_id    TEXT NOT NULL,
	product    TEXT NOT NULL,
	sku        TEXT NOT NULL,
	keyword    TEXT NOT NULL, -- folded
	pieces     BIGINT NOT NULL CHECK (pieces > 0),
	per_person BIGINT NOT NULL CHECK (per_person > 0 AND per_person <= pieces),
	hold       BIGINT NOT NULL, -- milliseconds
	origin     TEXT NOT NULL, -- bucket that the goods came from
	opened_at  BIGINT NOT NULL,
	closed_at  BIGINT NOT NULL, -- 0 while comments count
	UNIQUE (shop, key)
);
CREATE UNIQUE INDEX claim_call_keyword ON claim_call (show_id, keyword) WHERE closed_at = 0;
CREATE UNIQUE INDEX claim_call_sku ON claim_call (show_id, sku) WHERE closed_at = 0;
CREATE INDEX claim_call_show ON claim_call (show_id, opened_at, id);

CREATE TABLE claim (
	id         TEXT PRIMARY KEY, -- names the reservation while it is held
	call       TEXT NOT NULL REFERENCES claim_call (id),
	seq        BIGINT NOT NULL, -- order of arrival
	comment    TEXT NOT NULL,
	person     TEXT NOT NULL,
	name       TEXT NOT NULL, -- as it was then
	qty        BIGINT NOT NULL CHECK (qty > 0),
	state      TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'ordered', 'released', 'expired', 'closed', 'undone')),
	until_at   BIGINT NOT NULL, -- 0 while it waits
	order_id   TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	UNIQUE (call, seq)
);
CREATE UNIQUE INDEX claim_live ON claim (call, person) WHERE state IN ('waiting', 'held');
CREATE INDEX claim_due ON claim (until_at) WHERE state = 'held';
CREATE INDEX claim_waiting ON claim (call, seq) WHERE state = 'waiting';
CREATE INDEX claim_person ON claim (person, created_at);
