-- Which events of a project somebody wants to hear of: the names and patterns of all its webhooks that are enabled, with
-- spaces between them. It is read with the project, so that what nobody listens to costs nothing.
ALTER TABLE projects ADD COLUMN listens TEXT NOT NULL DEFAULT '';

-- Where a project's events are told. status is enabled or disabled, reason why it is disabled.
CREATE TABLE webhooks (
	id          TEXT   NOT NULL PRIMARY KEY,
	project_id  TEXT   NOT NULL,
	url         TEXT   NOT NULL,
	description TEXT   NOT NULL,
	kinds       TEXT   NOT NULL, -- names and patterns with spaces between them
	status      TEXT   NOT NULL,
	reason      TEXT   NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX webhooks_project ON webhooks (project_id, id);
CREATE INDEX webhooks_status ON webhooks (status, id);

-- The same kinds, one by one, of those that are enabled: who gets an event is asked of this table.
CREATE TABLE webhook_kinds (
	project_id TEXT NOT NULL,
	kind       TEXT NOT NULL,
	webhook_id TEXT NOT NULL,
	PRIMARY KEY (project_id, kind, webhook_id)
)
--sqlite WITHOUT ROWID
;

-- What deliveries are signed with. expires_at is 0 for the newest one, and the end of the change for those before it.
CREATE TABLE webhook_secrets (
	webhook_id TEXT   NOT NULL,
	id         TEXT   NOT NULL,
	sealed     BLOB   NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (webhook_id, id)
)
--sqlite WITHOUT ROWID
;

-- One event for one webhook: what still has to be told, and the record of what became of it. state is pending, delivered
-- or failed. due_at is when it is told next, or when the lease of the node that is telling it ends; until is when it is
-- given up.
CREATE TABLE webhook_deliveries (
	webhook_id  TEXT   NOT NULL,
	event_id    TEXT   NOT NULL,
	project_id  TEXT   NOT NULL,
	kind        TEXT   NOT NULL,
	payload     TEXT   NOT NULL,
	state       TEXT   NOT NULL,
	attempts    BIGINT NOT NULL,
	due_at      BIGINT NOT NULL,
	lease_owner TEXT   NOT NULL,
	until       BIGINT NOT NULL,
	answer      BIGINT NOT NULL, -- the last HTTP status, 0 for none
	reason      TEXT   NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	PRIMARY KEY (webhook_id, event_id)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (webhook_id, created_at) WHERE state = 'failed';
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries (lease_owner) WHERE lease_owner > '';
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (until);
