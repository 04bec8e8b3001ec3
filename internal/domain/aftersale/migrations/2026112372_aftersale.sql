-- +goose Up
CREATE TABLE aftersale_case (
	id          TEXT PRIMARY KEY,
	key         TEXT NOT NULL UNIQUE, -- who filed it, a colon and the Idempotency-Key
	key_hash    TEXT NOT NULL,
	order_id    TEXT NOT NULL,
	number      TEXT NOT NULL, -- of the order
	shop        TEXT NOT NULL,
	buyer       TEXT NOT NULL,
	buyer_name  TEXT NOT NULL,
	state       TEXT NOT NULL,
	reason      TEXT NOT NULL,
	words       TEXT NOT NULL,
	photos      TEXT NOT NULL,
	ask         TEXT NOT NULL, -- what the buyer wants now
	offer       TEXT NOT NULL, -- what the shop proposes, or nothing
	agreed      TEXT NOT NULL, -- what both, a clock or the operator settled on
	currency    TEXT NOT NULL,
	given       BIGINT NOT NULL CHECK (given >= 0), -- money promised back by this case
	in_cash     BOOLEAN NOT NULL,
	came_back   BOOLEAN NOT NULL, -- the goods were sent or brought back
	tracking    TEXT NOT NULL,
	replacement TEXT NOT NULL, -- order that sends the goods again
	show_id     TEXT NOT NULL,
	second      BIGINT NOT NULL,
	replay      TEXT NOT NULL, -- path that opens the promise
	due_at      BIGINT NOT NULL, -- 0: no clock runs
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	version     BIGINT NOT NULL
);
CREATE INDEX aftersale_due ON aftersale_case (due_at, id) WHERE due_at > 0;
CREATE INDEX aftersale_order ON aftersale_case (order_id);
CREATE INDEX aftersale_shop ON aftersale_case (shop, created_at, id);
CREATE INDEX aftersale_buyer ON aftersale_case (buyer, created_at, id);
CREATE INDEX aftersale_escalated ON aftersale_case (due_at, id) WHERE state = 'escalated';

-- What a case is about; a position has one open case at a time.
CREATE TABLE aftersale_line (
	case_id  TEXT NOT NULL,
	order_id TEXT NOT NULL,
	position BIGINT NOT NULL,
	open     BOOLEAN NOT NULL,
	PRIMARY KEY (case_id, position)
);
CREATE INDEX aftersale_line_order ON aftersale_line (order_id);
CREATE UNIQUE INDEX aftersale_line_open ON aftersale_line (order_id, position) WHERE open;

CREATE TABLE aftersale_event (
	case_id TEXT NOT NULL,
	seq     BIGINT NOT NULL,
	at      BIGINT NOT NULL,
	event   TEXT NOT NULL,
	by_role TEXT NOT NULL,
	person  TEXT NOT NULL, -- who of the shop or the operators
	note    TEXT NOT NULL,
	deal    TEXT NOT NULL, -- proposed or settled by this step
	key     TEXT NOT NULL, -- Idempotency-Key with the sender in front
	PRIMARY KEY (case_id, seq)
);
CREATE UNIQUE INDEX aftersale_event_key ON aftersale_event (case_id, key) WHERE key <> '';
