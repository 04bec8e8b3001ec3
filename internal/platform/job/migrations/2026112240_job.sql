-- +goose Up
CREATE TABLE job (
  id           TEXT PRIMARY KEY,
  kind         TEXT NOT NULL,
  args         TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('ready', 'running', 'dead')),
  due_at       BIGINT NOT NULL, -- ready: when to run; running: when the lease ends
  attempt      BIGINT NOT NULL DEFAULT 0,
  max_attempts BIGINT NOT NULL,
  unique_key   TEXT,
  last_error   TEXT NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL
);
CREATE INDEX job_due ON job (due_at, id) WHERE state <> 'dead';
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead';
CREATE INDEX job_dead ON job (created_at, id) WHERE state = 'dead';

CREATE TABLE job_schedule (
  name    TEXT PRIMARY KEY,
  next_at BIGINT NOT NULL
);
