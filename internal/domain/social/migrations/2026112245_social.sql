-- +goose Up
CREATE TABLE social_follow (
	person     TEXT NOT NULL REFERENCES person (id),
	shop       TEXT NOT NULL REFERENCES shop (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, shop)
);
CREATE INDEX social_follow_shop ON social_follow (shop, person);

CREATE TABLE social_shop (
	shop      TEXT PRIMARY KEY REFERENCES shop (id),
	followers BIGINT NOT NULL CHECK (followers >= 0)
);

CREATE TABLE social_share (
	code       TEXT PRIMARY KEY,
	kind       TEXT NOT NULL,
	target     TEXT NOT NULL,
	sharer     TEXT NOT NULL, -- person, or '' for the anonymous
	clicks     BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	UNIQUE (kind, target, sharer)
);

CREATE TABLE social_click (
	code   TEXT NOT NULL REFERENCES social_share (code),
	viewer TEXT NOT NULL,
	PRIMARY KEY (code, viewer)
);
