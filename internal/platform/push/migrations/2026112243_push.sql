-- +goose Up
CREATE TABLE push_key (
  id          BIGINT PRIMARY KEY CHECK (id = 1),
  private_key TEXT NOT NULL,
  created_at  BIGINT NOT NULL
);
