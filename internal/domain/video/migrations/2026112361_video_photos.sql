-- +goose Up
ALTER TABLE video ADD COLUMN photos TEXT NOT NULL DEFAULT '[]';
