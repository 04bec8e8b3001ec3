-- +goose Up
CREATE TABLE video_series (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL REFERENCES shop (id),
	title      TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX video_series_shop ON video_series (shop, created_at, id);

CREATE TABLE video_part (
	video    TEXT PRIMARY KEY REFERENCES video (id),
	series   TEXT NOT NULL REFERENCES video_series (id),
	position BIGINT NOT NULL
);
CREATE INDEX video_part_series ON video_part (series, position);
