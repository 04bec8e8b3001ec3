-- +goose Up
-- What was promised back of an order, position by position.
CREATE TABLE order_refund (
	key        TEXT NOT NULL,
	order_id   TEXT NOT NULL,
	position   BIGINT NOT NULL, -- -1 is the freight
	quantity   BIGINT NOT NULL CHECK (quantity >= 0), -- 0: a part of the price
	amount     BIGINT NOT NULL CHECK (amount > 0),
	created_at BIGINT NOT NULL,
	done_at    BIGINT NOT NULL,
	PRIMARY KEY (key, position)
);
CREATE INDEX order_refund_order ON order_refund (order_id);
