-- The simulator of carriers for test projects, see package pretend: what goes wrong, what it did to each text, and what it
-- still has to do. All of it is empty outside of development.
CREATE TABLE pretend_rules (
	id           TEXT   NOT NULL PRIMARY KEY,
	project_id   TEXT   NOT NULL,
	prefix       TEXT   NOT NULL,
	fault        TEXT   NOT NULL,
	carriers     TEXT   NOT NULL,
	delay_micros BIGINT NOT NULL,
	remaining    BIGINT NOT NULL,
	created_at   BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;

CREATE TABLE pretend_steps (
	id         TEXT   NOT NULL PRIMARY KEY,
	message_id TEXT   NOT NULL,
	project_id TEXT   NOT NULL,
	recipient  TEXT   NOT NULL,
	carrier    TEXT   NOT NULL,
	what       TEXT   NOT NULL,
	detail     TEXT   NOT NULL,
	rule       TEXT   NOT NULL,
	at         BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX pretend_steps_message ON pretend_steps (message_id);

CREATE TABLE pretend_due (
	id          TEXT    NOT NULL PRIMARY KEY,
	message_id  TEXT    NOT NULL,
	project_id  TEXT    NOT NULL,
	recipient   TEXT    NOT NULL,
	carrier     TEXT    NOT NULL,
	provider_id TEXT    NOT NULL,
	what        TEXT    NOT NULL,
	callback    TEXT    NOT NULL,
	held        BOOLEAN NOT NULL,
	due_at      BIGINT  NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX pretend_due_time ON pretend_due (due_at);
CREATE INDEX pretend_due_recipient ON pretend_due (recipient);
