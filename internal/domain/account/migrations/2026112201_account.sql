-- +goose Up
CREATE TABLE person (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	email      TEXT NOT NULL,
	phone      TEXT NOT NULL,
	locale     TEXT NOT NULL,
	operator   BOOLEAN NOT NULL,
	moderator  BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX person_email ON person (email) WHERE email <> '';
CREATE UNIQUE INDEX person_phone ON person (phone) WHERE phone <> '';

CREATE TABLE session (
	token_hash TEXT PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	person     TEXT NOT NULL REFERENCES person (id),
	device     TEXT NOT NULL,
	ip         TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person);

CREATE TABLE login_code (
	address    TEXT PRIMARY KEY,
	code_hash  TEXT NOT NULL,
	tries      BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);

CREATE TABLE passkey (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	credential TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL
);
CREATE INDEX passkey_person ON passkey (person);

CREATE TABLE passkey_ceremony (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL,
	data       TEXT NOT NULL,
	expires_at BIGINT NOT NULL
);

CREATE TABLE address (
	id         TEXT PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	phone      TEXT NOT NULL,
	line1      TEXT NOT NULL,
	line2      TEXT NOT NULL,
	postcode   TEXT NOT NULL,
	city       TEXT NOT NULL,
	country    TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX address_person ON address (person);
