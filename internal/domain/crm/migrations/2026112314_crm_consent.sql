-- +goose Up
CREATE TABLE crm_consent (
	id        TEXT PRIMARY KEY,
	contact   TEXT NOT NULL REFERENCES crm_contact (id),
	at        BIGINT NOT NULL,
	marketing BOOLEAN NOT NULL, -- given, or withdrawn
	text      TEXT NOT NULL,    -- the words agreed to
	way       TEXT NOT NULL CHECK (way IN ('order', 'account', 'link')),
	ref       TEXT NOT NULL     -- order or ''
);
CREATE INDEX crm_consent_contact ON crm_consent (contact, at, id);
CREATE INDEX crm_contact_marketing ON crm_contact (person) WHERE marketing;

INSERT INTO crm_consent (id, contact, at, marketing, text, way, ref)
SELECT 'cns_' || id, id, consent_at, TRUE, consent_text, 'order', ''
FROM crm_contact
WHERE marketing;

UPDATE crm_contact SET currency = (SELECT currency FROM shop WHERE shop.id = crm_contact.shop)
WHERE currency = '';
