-- What messages cost, in millionths of a US dollar. reserved_micros is what the text that is under way, or was taken last,
-- is taken to cost: an estimate until the provider names the price, and negative once it was given back because nobody
-- took it. earlier_micros is what the texts cost that were sent for the same message before it. budgets says which budgets
-- it counts in, as bits; what they do not know yet of a change is owed_micros.
ALTER TABLE messages ADD COLUMN reserved_micros BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN earlier_micros  BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN budgets         BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN owed_micros     BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_owed ON messages (id) WHERE owed_micros <> 0;

-- What was spent of a budget on a day (counted from 1970), of it for numbers that nobody had verified, how much of each
-- there was when a text was last reserved, and which alerts there were. scope is project, organization or country.
CREATE TABLE budget_days (
	project_id             TEXT   NOT NULL,
	day                    BIGINT NOT NULL,
	scope                  TEXT   NOT NULL,
	name                   TEXT   NOT NULL,
	spent_micros           BIGINT NOT NULL,
	unverified_micros      BIGINT NOT NULL,
	most_micros            BIGINT NOT NULL,
	most_unverified_micros BIGINT NOT NULL,
	alerted                BIGINT NOT NULL,
	alerted_unverified     BIGINT NOT NULL,
	PRIMARY KEY (project_id, day, scope, name)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX budget_days_age ON budget_days (day);

-- What texts cost, summed from the messages some hours after they were written.
CREATE TABLE spend_days (
	project_id       TEXT   NOT NULL,
	day              BIGINT NOT NULL,
	organization_id  TEXT   NOT NULL,
	country          TEXT   NOT NULL,
	texts            BIGINT NOT NULL,
	reserved_micros  BIGINT NOT NULL,
	confirmed_micros BIGINT NOT NULL,
	PRIMARY KEY (project_id, day, organization_id, country)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX spend_days_age ON spend_days (day);
