-- +goose Up
CREATE TABLE crm_contact (
	id           TEXT PRIMARY KEY,
	shop         TEXT NOT NULL REFERENCES shop (id),
	person       TEXT NOT NULL REFERENCES person (id),
	name         TEXT NOT NULL,
	email        TEXT NOT NULL, -- as given to this shop, not before
	phone        TEXT NOT NULL,
	search       TEXT NOT NULL, -- folded name, e-mail and phone
	orders       BIGINT NOT NULL,
	spent        BIGINT NOT NULL,
	currency     TEXT NOT NULL,
	marketing    BOOLEAN NOT NULL,
	consent_at   BIGINT NOT NULL,
	consent_text TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	seen_at      BIGINT NOT NULL,
	UNIQUE (shop, person)
);
CREATE INDEX crm_contact_list ON crm_contact (shop, seen_at, id);

CREATE TABLE crm_source (
	contact TEXT NOT NULL REFERENCES crm_contact (id),
	kind    TEXT NOT NULL,
	ref     TEXT NOT NULL, -- order, show or ''
	at      BIGINT NOT NULL,
	show    TEXT NOT NULL,
	share   TEXT NOT NULL,
	PRIMARY KEY (contact, kind, ref)
);

CREATE TABLE crm_order (
	order_id TEXT PRIMARY KEY,
	contact  TEXT NOT NULL REFERENCES crm_contact (id),
	counts   BOOLEAN NOT NULL, -- neither cancelled nor expired nor paid back
	paid     BIGINT NOT NULL
);
CREATE INDEX crm_order_contact ON crm_order (contact);
