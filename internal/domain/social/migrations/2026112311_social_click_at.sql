-- +goose Up
ALTER TABLE social_click ADD COLUMN at BIGINT NOT NULL DEFAULT 0; -- 0: older than this column, stamped by the first trim
CREATE INDEX social_click_age ON social_click (at);
