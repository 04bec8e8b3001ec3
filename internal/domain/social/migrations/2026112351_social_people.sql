-- +goose Up
CREATE TABLE social_tie (
	person     TEXT NOT NULL REFERENCES person (id), -- who follows
	other      TEXT NOT NULL REFERENCES person (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, other)
);
CREATE INDEX social_tie_other ON social_tie (other, person);

CREATE TABLE social_block (
	person     TEXT NOT NULL REFERENCES person (id), -- who does not want to see
	other      TEXT NOT NULL REFERENCES person (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, other)
);

CREATE TABLE social_privacy (
	person   TEXT PRIMARY KEY REFERENCES person (id),
	likes    TEXT NOT NULL CHECK (likes IN ('unset', 'on', 'off')),
	minor    BOOLEAN NOT NULL,
	findable BOOLEAN NOT NULL
);

CREATE INDEX social_share_sharer ON social_share (sharer, kind, created_at);
