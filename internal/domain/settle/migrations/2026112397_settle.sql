-- +goose Up
-- What a completed order is worth to its shop. It waits for its date, then is
-- settled once; refunds change its sums before and after.
CREATE TABLE settlement (
	order_id     TEXT PRIMARY KEY,
	number       TEXT NOT NULL, -- of the order
	shop         TEXT NOT NULL,
	currency     TEXT NOT NULL,
	own          BOOLEAN NOT NULL, -- the shop took the money itself
	state        TEXT NOT NULL, -- waiting, settled
	gross        BIGINT NOT NULL CHECK (gross >= 0), -- paid and not promised back
	fee          BIGINT NOT NULL CHECK (fee >= 0 AND fee <= gross),
	completed_at BIGINT NOT NULL,
	due_at       BIGINT NOT NULL,
	settled_at   BIGINT NOT NULL
);
CREATE INDEX settlement_due ON settlement (due_at, order_id) WHERE state = 'waiting';
CREATE INDEX settlement_shop ON settlement (shop, state, due_at, order_id);

-- What changed the free money of a shop; each row has its journal of the same
-- ref.
CREATE TABLE settle_move (
	ref      TEXT PRIMARY KEY,
	shop     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	kind     TEXT NOT NULL, -- sale, refund, payout, payout_back
	order_id TEXT NOT NULL,
	number   TEXT NOT NULL,
	payout   TEXT NOT NULL,
	currency TEXT NOT NULL,
	gross    BIGINT NOT NULL,
	fee      BIGINT NOT NULL,
	own      BIGINT NOT NULL, -- of gross, in the hands of the shop
	paid     BIGINT NOT NULL,
	amount   BIGINT NOT NULL,
	CHECK (amount = gross - fee - own - paid)
);
CREATE INDEX settle_move_shop ON settle_move (shop, at, ref);
CREATE INDEX settle_move_order ON settle_move (order_id) WHERE order_id <> '';

-- Where a shop wants its money.
CREATE TABLE payout_account (
	shop       TEXT PRIMARY KEY,
	holder     TEXT NOT NULL,
	number     TEXT NOT NULL,
	bank       TEXT NOT NULL,
	changed_at BIGINT NOT NULL,
	changed_by TEXT NOT NULL
);

CREATE TABLE payout (
	id         TEXT PRIMARY KEY,
	key        TEXT NOT NULL UNIQUE, -- the shop, a colon and the Idempotency-Key
	key_hash   TEXT NOT NULL,
	shop       TEXT NOT NULL,
	reference  TEXT NOT NULL UNIQUE, -- written on the transfer
	amount     BIGINT NOT NULL CHECK (amount > 0),
	currency   TEXT NOT NULL,
	holder     TEXT NOT NULL, -- the account as it was when it was asked for
	number     TEXT NOT NULL,
	bank       TEXT NOT NULL,
	state      TEXT NOT NULL, -- asked, held, sent, done, returned
	reason     TEXT NOT NULL,
	asked_at   BIGINT NOT NULL,
	asked_by   TEXT NOT NULL,
	changed_at BIGINT NOT NULL,
	changed_by TEXT NOT NULL,
	version    BIGINT NOT NULL
);
CREATE INDEX payout_shop ON payout (shop, asked_at, id);
CREATE INDEX payout_open ON payout (asked_at, id) WHERE state IN ('asked', 'held', 'sent');

-- A shop whose money waits for the operator, and why.
CREATE TABLE settle_hold (
	id          TEXT PRIMARY KEY,
	shop        TEXT NOT NULL,
	reason      TEXT NOT NULL,
	since       BIGINT NOT NULL,
	held_by     TEXT NOT NULL,
	objection   TEXT NOT NULL,
	objected_at BIGINT NOT NULL,
	released_at BIGINT NOT NULL,
	released_by TEXT NOT NULL,
	answer      TEXT NOT NULL
);
CREATE UNIQUE INDEX settle_hold_open ON settle_hold (shop) WHERE released_at = 0;

-- Orders that were completed before there was settlement: no fee was agreed on.
INSERT INTO settlement (order_id, number, shop, currency, own, state, gross, fee, completed_at, due_at, settled_at)
SELECT o.id, o.number, o.shop, o.currency, o.payment = 'pickup' OR EXISTS (SELECT 1 FROM transfer t WHERE t.ref = 'capture:' || o.id AND t.debit = 'clearing:' || o.payment || ':' || o.shop),
	'waiting', o.total - COALESCE(r.back, 0), 0, e.at, e.at + 1209600000, 0
FROM orders o
JOIN (SELECT order_id, MAX(at) AS at FROM order_event WHERE event IN ('handed_over', 'received', 'completed') GROUP BY order_id) e ON e.order_id = o.id
LEFT JOIN (SELECT order_id, SUM(amount) AS back FROM order_refund GROUP BY order_id) r ON r.order_id = o.id
WHERE o.state = 'completed' AND o.total > 0;
