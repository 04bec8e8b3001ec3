-- +goose Up
ALTER TABLE payment_intent ADD COLUMN provider_ref TEXT NOT NULL DEFAULT ''; -- the provider's name of what it expects
ALTER TABLE payment_intent ADD COLUMN page         TEXT NOT NULL DEFAULT ''; -- where the buyer pays
ALTER TABLE payment_intent ADD COLUMN back         TEXT NOT NULL DEFAULT ''; -- where the browser returns to
