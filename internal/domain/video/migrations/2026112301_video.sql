-- +goose Up
CREATE TABLE video (
	id           TEXT PRIMARY KEY,
	shop         TEXT NOT NULL REFERENCES shop (id),
	author       TEXT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('processing', 'failed', 'draft', 'scheduled', 'published')),
	caption      TEXT NOT NULL,
	topics       TEXT NOT NULL,
	language     TEXT NOT NULL,
	place        TEXT NOT NULL,
	rights       TEXT NOT NULL,
	source       TEXT NOT NULL,
	ai           BOOLEAN NOT NULL,
	ad           BOOLEAN NOT NULL,
	visibility   TEXT NOT NULL,
	products     TEXT NOT NULL,
	show         TEXT NOT NULL,
	trim_from    BIGINT NOT NULL,
	trim_to      BIGINT NOT NULL,
	attempts     BIGINT NOT NULL,
	progress     BIGINT NOT NULL,
	problem      TEXT NOT NULL,
	film         TEXT NOT NULL,
	duration_ms  BIGINT NOT NULL,
	hashes       TEXT NOT NULL,
	duplicate_of TEXT NOT NULL,
	cover        TEXT NOT NULL,
	likes        BIGINT NOT NULL CHECK (likes >= 0),
	comments     BIGINT NOT NULL CHECK (comments >= 0),
	publish_at   BIGINT NOT NULL,
	published_at BIGINT NOT NULL,
	created_at   BIGINT NOT NULL
);
CREATE INDEX video_shop ON video (shop, created_at, id);
CREATE INDEX video_public ON video (published_at, id) WHERE state = 'published';
CREATE INDEX video_shop_public ON video (shop, published_at, id) WHERE state = 'published';

CREATE TABLE video_like (
	video      TEXT NOT NULL REFERENCES video (id),
	person     TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (video, person)
);

CREATE TABLE video_comment (
	id         TEXT PRIMARY KEY,
	video      TEXT NOT NULL REFERENCES video (id),
	parent     TEXT NOT NULL, -- the comment it answers, or ''
	person     TEXT NOT NULL,
	name       TEXT NOT NULL, -- as it was then
	body       TEXT NOT NULL,
	host       BOOLEAN NOT NULL, -- someone of the shop
	replies    BIGINT NOT NULL CHECK (replies >= 0),
	created_at BIGINT NOT NULL
);
CREATE INDEX video_comment_order ON video_comment (video, parent, created_at, id);
CREATE INDEX video_comment_person ON video_comment (person, created_at);
