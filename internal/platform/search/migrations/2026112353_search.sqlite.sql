-- +goose Up
CREATE TABLE search_doc (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	kind   TEXT NOT NULL,
	id     TEXT NOT NULL,
	at     BIGINT NOT NULL,
	print  TEXT NOT NULL, -- of the words, so that the same ones are not written again
	UNIQUE (kind, id)
);
-- Tokens are ours: what is not ASCII is never a separator.
CREATE VIRTUAL TABLE search_fts USING fts5 (title, body, content='', contentless_delete=1, tokenize='ascii');
