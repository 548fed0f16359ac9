-- When a text that a provider took, and never reported on, goes to the next provider. 0 for never.
ALTER TABLE messages ADD COLUMN reroute_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_unconfirmed ON messages (reroute_at) WHERE reroute_at > 0;
