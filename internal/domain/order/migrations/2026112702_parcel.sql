-- +goose Up
-- What a shop has sent of an order in one go.
CREATE TABLE parcel (
	id       TEXT PRIMARY KEY,
	key      TEXT NOT NULL UNIQUE, -- the shop, a colon and the Idempotency-Key
	key_hash TEXT NOT NULL, -- of the parcel that came under the key
	order_id TEXT NOT NULL,
	seq      BIGINT NOT NULL, -- of the order's parcels, from 1
	carrier  TEXT NOT NULL, -- code of the carrier, or other
	number   TEXT NOT NULL, -- that the carrier calls it by; empty: none
	sent_at  BIGINT NOT NULL,
	UNIQUE (order_id, seq)
);

CREATE TABLE parcel_line (
	parcel   TEXT NOT NULL,
	position BIGINT NOT NULL, -- of the order's line
	quantity BIGINT NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (parcel, position)
);

-- Units among those given back that had been sent and came back; the others will
-- not be sent.
ALTER TABLE order_refund ADD COLUMN came_back BIGINT NOT NULL DEFAULT 0 CHECK (came_back >= 0 AND came_back <= quantity);

-- What was sent before parcels were kept went in one.
INSERT INTO parcel (id, key, key_hash, order_id, seq, carrier, number, sent_at)
SELECT 'par_' || SUBSTR(o.id, 5), 'order:' || o.id, '', o.id, 1, 'other', o.tracking, e.at
FROM orders o JOIN order_event e ON e.order_id = o.id AND e.event = 'shipped';

INSERT INTO parcel_line (parcel, position, quantity)
SELECT p.id, l.position, l.quantity
FROM parcel p JOIN order_line l ON l.order_id = p.order_id;
