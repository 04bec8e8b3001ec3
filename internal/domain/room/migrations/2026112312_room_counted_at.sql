-- +goose Up
ALTER TABLE room_figures ADD COLUMN counted_at BIGINT NOT NULL DEFAULT 0; -- last time on air; 0: older than this column, stamped by the first trim
CREATE INDEX room_figures_age ON room_figures (counted_at);
