-- +goose Up

-- Which process pays the floor of an owner's videos: owners fall into shares, and
-- a share has one process, or none for a while.
CREATE TABLE feed_share (
	share BIGINT PRIMARY KEY,
	run   TEXT NOT NULL -- '' of nobody
);
INSERT INTO feed_share (share, run)
VALUES (0, ''), (1, ''), (2, ''), (3, ''), (4, ''), (5, ''), (6, ''), (7, ''), (8, ''), (9, ''), (10, ''), (11, ''), (12, ''), (13, ''), (14, ''), (15, ''),
	(16, ''), (17, ''), (18, ''), (19, ''), (20, ''), (21, ''), (22, ''), (23, ''), (24, ''), (25, ''), (26, ''), (27, ''), (28, ''), (29, ''), (30, ''), (31, '');
