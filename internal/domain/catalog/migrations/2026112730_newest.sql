-- +goose Up
CREATE INDEX product_newest ON product (created_at, id) WHERE state = 'live'; -- the market's first page
