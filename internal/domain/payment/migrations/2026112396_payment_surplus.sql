-- +goose Up
-- Money that came a second time for one intent, and goes back.
CREATE TABLE payment_surplus (
	id           TEXT PRIMARY KEY, -- of the refund that gives it back
	intent       TEXT NOT NULL REFERENCES payment_intent (id),
	provider     TEXT NOT NULL,
	provider_ref TEXT NOT NULL, -- of the payment
	amount       BIGINT NOT NULL,
	state        TEXT NOT NULL, -- as of a refund
	refund_ref   TEXT NOT NULL,
	at           BIGINT NOT NULL,
	done_at      BIGINT NOT NULL,
	UNIQUE (provider, provider_ref)
);
