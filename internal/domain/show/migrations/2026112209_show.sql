-- +goose Up
CREATE TABLE shows (
	id           TEXT PRIMARY KEY,
	shop         TEXT NOT NULL REFERENCES shop (id),
	title        TEXT NOT NULL,
	state        TEXT NOT NULL,
	host_name    TEXT NOT NULL,
	starts_at    BIGINT NOT NULL,
	started_at   BIGINT NOT NULL,
	ended_at     BIGINT NOT NULL,
	since        BIGINT NOT NULL,
	part_ms      BIGINT NOT NULL,
	pinned       BIGINT NOT NULL,
	explaining   BIGINT NOT NULL,
	slow_mode    BIGINT NOT NULL,
	comments_off BOOLEAN NOT NULL,
	version      BIGINT NOT NULL,
	viewers      BIGINT NOT NULL,
	likes        BIGINT NOT NULL,
	duration_ms  BIGINT NOT NULL,
	replay       BOOLEAN NOT NULL,
	created_at   BIGINT NOT NULL
);
CREATE INDEX shows_shop ON shows (shop, created_at, id);
CREATE INDEX shows_state ON shows (state, starts_at);

CREATE TABLE bag_item (
	show_id   TEXT NOT NULL REFERENCES shows (id),
	number    BIGINT NOT NULL,
	product   TEXT NOT NULL,
	set_aside BIGINT NOT NULL,
	PRIMARY KEY (show_id, number)
);

CREATE TABLE chapter (
	show_id TEXT NOT NULL REFERENCES shows (id),
	number  BIGINT NOT NULL,
	product TEXT NOT NULL,
	title   TEXT NOT NULL,
	from_at BIGINT NOT NULL,
	to_at   BIGINT NOT NULL,
	PRIMARY KEY (show_id, from_at)
);

CREATE TABLE show_reservation (
	show_id TEXT NOT NULL REFERENCES shows (id),
	person  TEXT NOT NULL,
	at      BIGINT NOT NULL,
	PRIMARY KEY (show_id, person)
);
CREATE INDEX show_reservation_person ON show_reservation (person);

CREATE TABLE stream_key (
	shop       TEXT PRIMARY KEY REFERENCES shop (id),
	hash       TEXT NOT NULL UNIQUE,
	hint       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE show_minute (
	show_id  TEXT NOT NULL REFERENCES shows (id),
	minute   BIGINT NOT NULL,
	viewers  BIGINT NOT NULL,
	PRIMARY KEY (show_id, minute)
);
