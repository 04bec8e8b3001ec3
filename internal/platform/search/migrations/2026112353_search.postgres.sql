-- +goose Up
CREATE TABLE search_doc (
	number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind   TEXT NOT NULL,
	id     TEXT NOT NULL,
	at     BIGINT NOT NULL,
	print  TEXT NOT NULL, -- of the words, so that the same ones are not written again
	words  TSVECTOR NOT NULL,
	UNIQUE (kind, id)
);
CREATE INDEX search_doc_words ON search_doc USING GIN (words);
