-- +goose Up
ALTER TABLE product ADD COLUMN tax TEXT NOT NULL DEFAULT ''; -- class; empty for that of its trade
