-- +goose Up
CREATE TABLE video_favourite (
	person     TEXT NOT NULL,
	video      TEXT NOT NULL REFERENCES video (id),
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person, video)
);
CREATE INDEX video_favourite_video ON video_favourite (video);
CREATE INDEX video_favourite_order ON video_favourite (person, created_at, video);

CREATE TABLE video_topic (
	topic TEXT NOT NULL,
	video TEXT NOT NULL REFERENCES video (id),
	PRIMARY KEY (topic, video)
);
CREATE INDEX video_topic_video ON video_topic (video);

CREATE INDEX video_like_person ON video_like (person, created_at);
