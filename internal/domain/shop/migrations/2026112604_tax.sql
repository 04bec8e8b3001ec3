-- +goose Up
ALTER TABLE shop ADD COLUMN tax TEXT NOT NULL DEFAULT '{}'; -- JSON: where it sells from and how it prices
