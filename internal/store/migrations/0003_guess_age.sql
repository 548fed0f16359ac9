-- When a guess at a first factor was last counted, so that counters which nobody touches any more can go. 0 is not known:
-- such a counter stays until it is touched.
ALTER TABLE primary_guesses ADD COLUMN counted_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX primary_guesses_age ON primary_guesses (counted_at);
