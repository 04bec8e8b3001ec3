-- +goose Up
CREATE TABLE lead (
	id               TEXT PRIMARY KEY,
	key              TEXT NOT NULL UNIQUE, -- person and Idempotency-Key; the id once erased
	key_hash         TEXT NOT NULL,
	shop             TEXT NOT NULL,
	product          TEXT NOT NULL,
	person           TEXT NOT NULL, -- '' once erased, as all that they gave
	name             TEXT NOT NULL,
	email            TEXT NOT NULL,
	phone            TEXT NOT NULL,
	wish             TEXT NOT NULL CHECK (wish IN ('call', 'write', 'viewing')),
	words            TEXT NOT NULL,
	slot             TEXT NOT NULL, -- kept for them, or ''
	slot_starts_at   BIGINT NOT NULL,
	slot_ends_at     BIGINT NOT NULL,
	show_id          TEXT NOT NULL, -- where they were, or ''
	second           BIGINT NOT NULL,
	share            TEXT NOT NULL, -- code of the link that brought them
	page             TEXT NOT NULL,
	consent_version  TEXT NOT NULL,
	consent_language TEXT NOT NULL,
	consent_text     TEXT NOT NULL, -- word by word as it was shown
	consent_at       BIGINT NOT NULL,
	state            TEXT NOT NULL CHECK (state IN ('new', 'assigned', 'contacted', 'viewing', 'won', 'lost', 'withdrawn')),
	assignee         TEXT NOT NULL,
	reason           TEXT NOT NULL, -- why it was lost
	price            BIGINT NOT NULL CHECK (price >= 0), -- what it was sold for
	currency         TEXT NOT NULL,
	created_at       BIGINT NOT NULL,
	answered_at      BIGINT NOT NULL, -- the shop got in touch
	closed_at        BIGINT NOT NULL,
	erase_at         BIGINT NOT NULL, -- 0: kept, as a sale is
	erased_at        BIGINT NOT NULL,
	version          BIGINT NOT NULL
);
CREATE UNIQUE INDEX lead_open ON lead (person, product) WHERE person <> '' AND state IN ('new', 'assigned', 'contacted', 'viewing');
CREATE INDEX lead_shop ON lead (shop, created_at, id);
CREATE INDEX lead_person ON lead (person, created_at, id) WHERE person <> '';
CREATE INDEX lead_show ON lead (show_id) WHERE show_id <> '';
CREATE INDEX lead_due ON lead (erase_at) WHERE erase_at > 0 AND erased_at = 0;

CREATE TABLE lead_event (
	lead  TEXT NOT NULL REFERENCES lead (id),
	seq   BIGINT NOT NULL,
	at    BIGINT NOT NULL,
	event TEXT NOT NULL,
	who   TEXT NOT NULL, -- member of the shop; '' for the person or the clock
	note  TEXT NOT NULL,
	PRIMARY KEY (lead, seq)
);
