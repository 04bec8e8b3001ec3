-- +goose Up

-- A process that serves Discover, and how far its log is in the figures of
-- videos: all up to folded; up to folding, those of the videos up to upto.
CREATE TABLE feed_run (
	run     TEXT PRIMARY KEY,
	last    BIGINT NOT NULL, -- written to the log
	folded  BIGINT NOT NULL,
	folding BIGINT NOT NULL,
	upto    TEXT NOT NULL,   -- by bytes
	seen_at BIGINT NOT NULL
);

-- What else moves figures, a row for each writing of a process: long views and
-- reports.
CREATE TABLE feed_signal (
	run   TEXT NOT NULL,
	seq   BIGINT NOT NULL, -- among the pages
	at    BIGINT NOT NULL,
	items TEXT NOT NULL,
	PRIMARY KEY (run, seq)
);

-- Shows of a day that have been folded.
CREATE TABLE feed_shows (
	day   BIGINT NOT NULL, -- UTC, since 1970
	video TEXT NOT NULL,
	n     BIGINT NOT NULL,
	PRIMARY KEY (day, video)
);
INSERT INTO feed_shows (day, video, n)
SELECT day, video, CAST(SUM(n) AS BIGINT) FROM feed_exposure
GROUP BY day, video;

-- The day on which a video got the floor that it had to wait for.
ALTER TABLE feed_video ADD COLUMN owed_day BIGINT NOT NULL DEFAULT 0;

-- Items were JSON; the log begins anew with the text of line.go.
DELETE FROM feed_page;

DROP TABLE feed_exposure;
DROP TABLE feed_tally;
