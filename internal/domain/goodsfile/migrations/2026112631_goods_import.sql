-- +goose Up
-- Files that were taken in: a repetition of one is answered from here.
CREATE TABLE goods_import (
	shop   TEXT NOT NULL REFERENCES shop (id),
	key    TEXT NOT NULL,
	digest TEXT NOT NULL, -- of the file
	by     TEXT NOT NULL,
	report TEXT NOT NULL, -- JSON
	at     BIGINT NOT NULL,
	PRIMARY KEY (shop, key)
);
