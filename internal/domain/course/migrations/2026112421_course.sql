-- +goose Up
CREATE TABLE course_lesson (
	id         TEXT PRIMARY KEY,
	shop       TEXT NOT NULL,
	product    TEXT NOT NULL,
	position   BIGINT NOT NULL,
	title      TEXT NOT NULL,
	notes      TEXT NOT NULL,
	preview    BOOLEAN NOT NULL,
	video      TEXT NOT NULL, -- its film, or ''
	captions   TEXT NOT NULL, -- WebVTT, or ''
	created_at BIGINT NOT NULL,
	gone_at    BIGINT NOT NULL -- taken out of the course; who has seen it has seen it
);
CREATE INDEX course_lesson_product ON course_lesson (product, position, id);

CREATE TABLE course_enrolment (
	id          TEXT PRIMARY KEY,
	order_id    TEXT NOT NULL,
	position    BIGINT NOT NULL, -- of the line in the order
	shop        TEXT NOT NULL,
	product     TEXT NOT NULL,
	person      TEXT NOT NULL,
	person_name TEXT NOT NULL, -- as it was then
	length_ms   BIGINT NOT NULL, -- of the paid lessons, when it was bought
	until       BIGINT NOT NULL, -- access ends; 0: never
	opened_at   BIGINT NOT NULL,
	paused      BOOLEAN NOT NULL, -- while the buyer asks to give it back
	ended_at    BIGINT NOT NULL, -- the money went back
	created_at  BIGINT NOT NULL,
	UNIQUE (order_id, position)
);
CREATE INDEX course_enrolment_person ON course_enrolment (person, created_at, id);
CREATE INDEX course_enrolment_product ON course_enrolment (product, created_at, id);

CREATE TABLE course_progress (
	enrolment  TEXT NOT NULL REFERENCES course_enrolment (id),
	lesson     TEXT NOT NULL REFERENCES course_lesson (id),
	seen       TEXT NOT NULL, -- spans of the film in milliseconds, in order and apart
	seen_ms    BIGINT NOT NULL CHECK (seen_ms >= 0),
	at_ms      BIGINT NOT NULL, -- where to go on
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (enrolment, lesson)
);
