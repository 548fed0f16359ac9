-- What a message went through. Its end is the time of its last change; codes that were used and prices come later than that.
ALTER TABLE messages ADD COLUMN sent_at        BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN redeemed_at    BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN price_micros   BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN price_currency TEXT   NOT NULL DEFAULT '';

-- The calls of providers that did not take a message. One that did is columns of the message.
CREATE TABLE message_attempts (
	message_id TEXT   NOT NULL,
	n          BIGINT NOT NULL,
	provider   TEXT   NOT NULL,
	class      TEXT   NOT NULL,
	code       TEXT   NOT NULL,
	reason     TEXT   NOT NULL,
	at         BIGINT NOT NULL,
	PRIMARY KEY (message_id, n)
)
--sqlite WITHOUT ROWID
;
