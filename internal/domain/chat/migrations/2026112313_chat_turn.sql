-- +goose Up
CREATE TABLE chat_turn (
	show   TEXT NOT NULL,
	person TEXT NOT NULL,
	at     BIGINT NOT NULL, -- last comment
	words  TEXT NOT NULL,   -- of it, folded
	PRIMARY KEY (show, person)
);
CREATE INDEX chat_turn_age ON chat_turn (at);
