-- +goose Up
CREATE TABLE wechat_merchant (
	shop       TEXT PRIMARY KEY,
	sub_mchid  TEXT NOT NULL,
	confirmed  BOOLEAN NOT NULL, -- by an operator, who has bound the number to the market's
	changed_at BIGINT NOT NULL
);

-- What is pinned when a buyer first goes to pay.
CREATE TABLE wechat_payment (
	intent     TEXT PRIMARY KEY,
	sub_mchid  TEXT NOT NULL,
	amount     BIGINT NOT NULL CHECK (amount > 0), -- fen
	back       TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	closed     BOOLEAN NOT NULL -- nothing may be opened any more
);

-- Orders at WeChat: a number of its own for each way of opening WeChat, at most
-- one open for each payment.
CREATE TABLE wechat_trade (
	number      TEXT PRIMARY KEY,
	intent      TEXT NOT NULL REFERENCES wechat_payment (intent),
	kind        TEXT NOT NULL,
	payer       TEXT NOT NULL, -- openid, or the address for H5
	open        BOOLEAN NOT NULL,
	answer      TEXT NOT NULL, -- prepay_id, code_url or h5_url; "" until WeChat has answered
	answered_at BIGINT NOT NULL,
	created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX wechat_trade_open ON wechat_trade (intent) WHERE open;
CREATE INDEX wechat_trade_intent ON wechat_trade (intent, created_at);
