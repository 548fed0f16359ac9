-- Where a provider's report meets the message that it is about, for providers that report over a connection by ids of
-- their own. Whichever comes first leaves the row, and the other one finds it: a report may come on another server, or
-- before what the provider said when it took the message is written. status is that of a report that waits for its
-- message, '' for none; phone is the number that it names, for messages whose id at the provider nobody learned.
CREATE TABLE link_reports (
	provider    TEXT   NOT NULL,
	provider_id TEXT   NOT NULL,
	message_id  TEXT   NOT NULL,
	phone       TEXT   NOT NULL,
	status      TEXT   NOT NULL,
	class       BIGINT NOT NULL,
	code        TEXT   NOT NULL,
	reason      TEXT   NOT NULL,
	at          BIGINT NOT NULL,
	PRIMARY KEY (provider, provider_id)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX link_reports_due ON link_reports (at) WHERE status <> '' AND message_id <> '';
CREATE INDEX link_reports_stray ON link_reports (phone, provider) WHERE status <> '' AND message_id = '';
CREATE INDEX link_reports_age ON link_reports (at);
