-- +goose Up
CREATE INDEX notice_age ON notice (created_at);
