-- +goose Up
CREATE TABLE chat_words (
	shop       TEXT PRIMARY KEY REFERENCES shop (id),
	words      TEXT NOT NULL, -- JSON list
	by_person  TEXT NOT NULL,
	changed_at BIGINT NOT NULL
);
