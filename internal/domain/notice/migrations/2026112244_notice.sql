-- +goose Up
CREATE TABLE notice (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	kind       TEXT NOT NULL,
	unique_key TEXT NOT NULL, -- says it once
	title      TEXT NOT NULL, -- JSON, by language
	body       TEXT NOT NULL, -- JSON, by language
	url        TEXT NOT NULL, -- path into the app
	in_app     BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	read_at    BIGINT NOT NULL DEFAULT 0,
	UNIQUE (person, unique_key)
);
CREATE INDEX notice_list ON notice (person, created_at, id) WHERE in_app;

CREATE TABLE notice_preference (
	person TEXT NOT NULL REFERENCES person (id),
	kind   TEXT NOT NULL,
	in_app BOOLEAN NOT NULL,
	email  BOOLEAN NOT NULL,
	push   BOOLEAN NOT NULL,
	PRIMARY KEY (person, kind)
);

CREATE TABLE notice_push (
	endpoint   TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	p256dh     TEXT NOT NULL,
	auth       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX notice_push_person ON notice_push (person, created_at);
