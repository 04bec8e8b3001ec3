-- +goose Up
CREATE TABLE feed_video (
	video        TEXT PRIMARY KEY,
	shop         TEXT NOT NULL,
	owner        TEXT NOT NULL,   -- who has one turn, whatever the number of shops
	line         TEXT NOT NULL,   -- of business
	topics       TEXT NOT NULL,
	length_ms    BIGINT NOT NULL,
	state        TEXT NOT NULL CHECK (state IN ('live', 'frozen', 'hidden', 'gone')),
	given        BIGINT NOT NULL, -- shows it was owed when it was published
	credit       BIGINT NOT NULL CHECK (credit >= 0), -- of these, not shown yet
	shows        BIGINT NOT NULL,
	reports      BIGINT NOT NULL, -- of people who were shown it
	shown0       BIGINT NOT NULL, -- by the wheels, to each half of viewers
	shown1       BIGINT NOT NULL,
	long0        BIGINT NOT NULL, -- of these, watched long
	long1        BIGINT NOT NULL,
	copy_of      TEXT NOT NULL,
	day          BIGINT NOT NULL, -- of its publication, in days since 1970
	published_at BIGINT NOT NULL,
	served_at    BIGINT NOT NULL, -- last show
	changed_at   BIGINT NOT NULL
);
CREATE INDEX feed_video_day ON feed_video (day);
CREATE INDEX feed_video_changed ON feed_video (changed_at);
CREATE INDEX feed_video_frozen ON feed_video (changed_at) WHERE state IN ('frozen', 'hidden');

CREATE TABLE feed_owner (
	person TEXT PRIMARY KEY,
	owner  TEXT NOT NULL
);

CREATE TABLE feed_page (
	run    TEXT NOT NULL,   -- of a process
	seq    BIGINT NOT NULL, -- of its pages
	viewer TEXT NOT NULL,   -- keyed hash
	at     BIGINT NOT NULL,
	shown  BIGINT NOT NULL, -- items of the session with this page
	again  BIGINT NOT NULL,
	taste  BIGINT NOT NULL, -- tenths of the list the viewer gave to taste
	items  TEXT NOT NULL,
	PRIMARY KEY (run, seq)
);
CREATE INDEX feed_page_viewer ON feed_page (viewer, at);
CREATE INDEX feed_page_at ON feed_page (at);

-- What a second has shown, one row for each video, kind and half of viewers;
-- the sum over rows counts.
CREATE TABLE feed_exposure (
	day   BIGINT NOT NULL,
	video TEXT NOT NULL,
	kind  BIGINT NOT NULL,
	half  BIGINT NOT NULL,
	n     BIGINT NOT NULL
);
CREATE INDEX feed_exposure_day ON feed_exposure (day);

-- What a second has changed of videos, until it is added to them in the same
-- transaction.
CREATE TABLE feed_tally (
	batch     TEXT NOT NULL,
	video     TEXT NOT NULL,
	shows     BIGINT NOT NULL,
	paid      BIGINT NOT NULL,
	reports   BIGINT NOT NULL,
	frozen    BOOLEAN NOT NULL,
	shown0    BIGINT NOT NULL,
	shown1    BIGINT NOT NULL,
	long0     BIGINT NOT NULL,
	long1     BIGINT NOT NULL,
	served_at BIGINT NOT NULL,
	PRIMARY KEY (batch, video)
);

CREATE TABLE feed_viewer (
	viewer     TEXT PRIMARY KEY, -- keyed hash
	said       TEXT NOT NULL,    -- settings and what was taken away
	changed_at BIGINT NOT NULL
);

CREATE TABLE feed_time (
	viewer TEXT NOT NULL,
	day    BIGINT NOT NULL, -- in the time zone of the market
	ms     BIGINT NOT NULL
);
CREATE INDEX feed_time_viewer ON feed_time (viewer, day);

CREATE TABLE feed_report (
	video      TEXT NOT NULL,
	viewer     TEXT NOT NULL,
	reason     TEXT NOT NULL,
	words      TEXT NOT NULL,
	counted    BOOLEAN NOT NULL, -- the reporter had been shown it
	created_at BIGINT NOT NULL,
	PRIMARY KEY (video, viewer)
);

CREATE TABLE feed_day (
	day    BIGINT PRIMARY KEY,
	report TEXT NOT NULL
);
