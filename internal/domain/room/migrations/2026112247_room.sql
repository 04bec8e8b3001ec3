-- +goose Up
CREATE TABLE room_figures (
	show    TEXT PRIMARY KEY,
	viewers BIGINT NOT NULL, -- different browsers
	likes   BIGINT NOT NULL
);

CREATE TABLE room_viewer (
	show   TEXT NOT NULL,
	viewer BIGINT NOT NULL, -- hash of the browser's id
	PRIMARY KEY (show, viewer)
);
