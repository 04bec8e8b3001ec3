-- +goose Up
ALTER TABLE product ADD COLUMN freight TEXT NOT NULL DEFAULT ''; -- template of its shop
ALTER TABLE sku ADD COLUMN grams BIGINT NOT NULL DEFAULT 0; -- of one piece
