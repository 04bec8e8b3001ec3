-- +goose Up
CREATE TABLE mail_outbox (
  id         TEXT PRIMARY KEY,
  channel    TEXT NOT NULL,
  recipient  TEXT NOT NULL,
  subject    TEXT NOT NULL,
  body       TEXT NOT NULL,
  html       TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX mail_outbox_newest ON mail_outbox (created_at, id);
