-- +goose Up

-- Figures are no part of an index: with room on its page a row is changed where
-- it is (HOT), and no index is touched.
ALTER TABLE feed_video SET (fillfactor = 60);
ALTER TABLE feed_shows SET (fillfactor = 70);
