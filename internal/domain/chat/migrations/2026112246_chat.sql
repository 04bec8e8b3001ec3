-- +goose Up
CREATE TABLE chat_comment (
	id         TEXT PRIMARY KEY,
	show       TEXT NOT NULL REFERENCES shows (id),
	person     TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	body       TEXT NOT NULL,
	kind       TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('shown', 'held', 'removed')),
	second     BIGINT NOT NULL, -- of the show
	created_at BIGINT NOT NULL
);
CREATE INDEX chat_comment_newest ON chat_comment (show, created_at, id);
CREATE INDEX chat_comment_second ON chat_comment (show, second, id) WHERE state = 'shown';

CREATE TABLE chat_mute (
	shop       TEXT NOT NULL REFERENCES shop (id),
	person     TEXT NOT NULL REFERENCES person (id),
	until_at   BIGINT NOT NULL,
	reason     TEXT NOT NULL,
	by_person  TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (shop, person)
);

CREATE TABLE chat_pin (
	show    TEXT PRIMARY KEY REFERENCES shows (id),
	comment TEXT NOT NULL REFERENCES chat_comment (id)
);
