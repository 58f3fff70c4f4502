-- A button whose message was brought up to date meanwhile: pressing it does nothing any more, and
-- says what has happened since.
ALTER TABLE buttons ADD COLUMN replaced BIGINT NOT NULL DEFAULT 0;
