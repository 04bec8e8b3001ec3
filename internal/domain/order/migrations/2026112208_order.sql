-- +goose Up
CREATE TABLE orders (
	id             TEXT PRIMARY KEY, -- the quote's id with another first word: one order of a quote
	key            TEXT NOT NULL UNIQUE, -- the buyer, a colon and the Idempotency-Key
	key_hash       TEXT NOT NULL, -- of the wish that came under the key
	number         TEXT NOT NULL,
	shop           TEXT NOT NULL,
	buyer          TEXT NOT NULL,
	buyer_name     TEXT NOT NULL,
	buyer_email    TEXT NOT NULL,
	buyer_phone    TEXT NOT NULL,
	state          TEXT NOT NULL,
	pay_state      TEXT NOT NULL,
	payment        TEXT NOT NULL,
	quote_hash     TEXT NOT NULL,
	quote_body     TEXT NOT NULL,
	consents       TEXT NOT NULL,
	goods          BIGINT NOT NULL,
	freight        BIGINT NOT NULL,
	total          BIGINT NOT NULL CHECK (total = goods + freight AND total >= 0),
	refunded       BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= total),
	currency       TEXT NOT NULL,
	fulfilment     TEXT NOT NULL,
	slot           TEXT NOT NULL,
	slot_starts_at BIGINT NOT NULL,
	slot_ends_at   BIGINT NOT NULL,
	code           TEXT NOT NULL,
	tracking       TEXT NOT NULL,
	show_id        TEXT NOT NULL,
	source         TEXT NOT NULL,
	pay_until      BIGINT NOT NULL,
	completes_at   BIGINT NOT NULL,
	placed_at      BIGINT NOT NULL,
	version        BIGINT NOT NULL
);
CREATE UNIQUE INDEX orders_code ON orders (shop, code) WHERE code <> '';
CREATE INDEX orders_shop ON orders (shop, placed_at, id);
CREATE INDEX orders_buyer ON orders (buyer, placed_at, id);
CREATE INDEX orders_show ON orders (show_id, buyer) WHERE show_id <> '';
CREATE INDEX orders_unpaid ON orders (pay_until) WHERE state = 'pending_payment';
CREATE INDEX orders_done ON orders (completes_at) WHERE completes_at > 0;

CREATE TABLE order_line (
	order_id   TEXT NOT NULL,
	position   BIGINT NOT NULL,
	sku        TEXT NOT NULL,
	product    TEXT NOT NULL,
	revision   TEXT NOT NULL,
	quantity   BIGINT NOT NULL CHECK (quantity > 0),
	unit_minor BIGINT NOT NULL,
	total      BIGINT NOT NULL,
	PRIMARY KEY (order_id, position)
);

-- Steps after the first, which is the order itself: placed by its buyer.
CREATE TABLE order_event (
	order_id TEXT NOT NULL,
	seq      BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	event    TEXT NOT NULL,
	by_role  TEXT NOT NULL,
	note     TEXT NOT NULL,
	PRIMARY KEY (order_id, seq)
);
