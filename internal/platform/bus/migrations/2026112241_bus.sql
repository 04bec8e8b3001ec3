-- +goose Up
CREATE TABLE bus_delivery (
  id         TEXT NOT NULL, -- of the event
  subscriber TEXT NOT NULL,
  seq        BIGINT NOT NULL,
  topic      TEXT NOT NULL,
  event_key  TEXT NOT NULL,
  payload    TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  due_at     BIGINT NOT NULL,
  attempt    BIGINT NOT NULL DEFAULT 0,
  parked     BOOLEAN NOT NULL DEFAULT FALSE,
  last_error TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (id, subscriber)
);
CREATE INDEX bus_delivery_next ON bus_delivery (subscriber, seq) WHERE NOT parked;
CREATE INDEX bus_delivery_key ON bus_delivery (subscriber, event_key, seq) WHERE NOT parked;
CREATE INDEX bus_delivery_parked ON bus_delivery (created_at) WHERE parked;

CREATE TABLE bus_lease (
  subscriber TEXT PRIMARY KEY,
  owner      TEXT NOT NULL,
  until_at   BIGINT NOT NULL
);
