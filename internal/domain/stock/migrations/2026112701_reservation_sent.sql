-- +goose Up
-- Units that left one parcel at a time while the rest was held. Of a released
-- reservation these left and the others went back; of a shipped one all have left.
ALTER TABLE reservation ADD COLUMN sent BIGINT NOT NULL DEFAULT 0 CHECK (sent >= 0 AND sent <= qty);
