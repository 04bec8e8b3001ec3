-- +goose Up
CREATE TABLE payment_intent (
	id         TEXT PRIMARY KEY,
	order_id   TEXT NOT NULL UNIQUE,
	shop       TEXT NOT NULL,
	buyer      TEXT NOT NULL,
	provider   TEXT NOT NULL,
	amount     BIGINT NOT NULL CHECK (amount > 0),
	currency   TEXT NOT NULL,
	state      TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);

CREATE TABLE capture (
	intent       TEXT PRIMARY KEY REFERENCES payment_intent (id),
	provider     TEXT NOT NULL,
	provider_ref TEXT NOT NULL,
	amount       BIGINT NOT NULL,
	at           BIGINT NOT NULL,
	UNIQUE (provider, provider_ref)
);

CREATE TABLE refund (
	id           TEXT PRIMARY KEY,
	intent       TEXT NOT NULL REFERENCES payment_intent (id),
	order_id     TEXT NOT NULL,
	amount       BIGINT NOT NULL CHECK (amount > 0),
	currency     TEXT NOT NULL,
	reason       TEXT NOT NULL,
	key          TEXT NOT NULL UNIQUE,
	state        TEXT NOT NULL,
	provider_ref TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	done_at      BIGINT NOT NULL
);
CREATE INDEX refund_order ON refund (order_id);

-- Inbox: every message of a provider is kept and acted on once.
CREATE TABLE provider_event (
	provider    TEXT NOT NULL,
	event_id    TEXT NOT NULL,
	body        TEXT NOT NULL,
	outcome     TEXT NOT NULL,
	received_at BIGINT NOT NULL,
	PRIMARY KEY (provider, event_id)
);
