-- +goose Up
CREATE TABLE social_group (
	id         TEXT PRIMARY KEY,
	owner      TEXT NOT NULL REFERENCES person (id),
	name       TEXT NOT NULL,
	created_at BIGINT NOT NULL
);

CREATE TABLE social_group_member (
	grp    TEXT NOT NULL REFERENCES social_group (id),
	person TEXT NOT NULL REFERENCES person (id),
	PRIMARY KEY (grp, person)
);
CREATE INDEX social_group_member_person ON social_group_member (person, grp);

CREATE TABLE social_letter (
	id         TEXT PRIMARY KEY,
	recipient  TEXT NOT NULL REFERENCES person (id),
	sender     TEXT NOT NULL REFERENCES person (id),
	grp        TEXT NOT NULL, -- through which it came, or ''
	code       TEXT NOT NULL REFERENCES social_share (code),
	words      TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	read_at    BIGINT NOT NULL
);
CREATE INDEX social_letter_order ON social_letter (recipient, created_at, id);
