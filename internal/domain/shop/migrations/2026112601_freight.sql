-- +goose Up
-- Templates of what sending costs, JSON. The flat price of a shop becomes its
-- first template; the column parcel keeps whether it sends at all, and its prices
-- for the release before.
ALTER TABLE shop ADD COLUMN freight TEXT NOT NULL DEFAULT '[]';
UPDATE shop SET freight = '[{"id":"standard","name":"","zones":[{"regions":[],"rule":{"by":"order",'
	|| REPLACE(REPLACE(parcel, '{"enabled":true,"price_minor"', '"first_minor"'), '{"enabled":false,"price_minor"', '"first_minor"')
	|| '}]}]';
