-- The first schema. Times are microseconds UTC, ids are texts made in Go and ordered by time, JSON is text that SQL never
-- looks into. No column is NULL: '' and 0 mean "none". Every row of a project carries project_id.

--postgres CREATE DOMAIN blob AS bytea;

-- Facts about this database itself: whether it is a development one, how far its clock was moved.
CREATE TABLE meta (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);

-- The key ring, each secret sealed under the master key. public holds the DER form of an RSA public key.
CREATE TABLE ring_keys (
	id           TEXT   NOT NULL PRIMARY KEY,
	purpose      TEXT   NOT NULL,
	version      BIGINT NOT NULL,
	state        TEXT   NOT NULL,
	sealed       BLOB   NOT NULL,
	public       BLOB   NOT NULL,
	created_at   BIGINT NOT NULL,
	published_at BIGINT NOT NULL,
	current_at   BIGINT NOT NULL,
	retired_at   BIGINT NOT NULL,
	revoked_at   BIGINT NOT NULL,
	UNIQUE (purpose, version)
);

CREATE TABLE projects (
	id           TEXT   NOT NULL PRIMARY KEY,
	env          TEXT   NOT NULL,
	name         TEXT   NOT NULL,
	public_token TEXT   NOT NULL,
	settings     TEXT   NOT NULL,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL
);

-- Credentials of a project: SHA-256 of secrets that have 256 bits of their own.
CREATE TABLE project_secrets (
	id         TEXT   NOT NULL PRIMARY KEY,
	project_id TEXT   NOT NULL REFERENCES projects (id),
	hash       BLOB   NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX project_secrets_project ON project_secrets (project_id);

CREATE TABLE organizations (
	id               TEXT   NOT NULL PRIMARY KEY,
	project_id       TEXT   NOT NULL REFERENCES projects (id),
	slug             TEXT   NOT NULL,
	external_id      TEXT   NOT NULL,
	name             TEXT   NOT NULL,
	logo_url         TEXT   NOT NULL,
	settings         TEXT   NOT NULL,
	trusted_metadata TEXT   NOT NULL,
	created_at       BIGINT NOT NULL,
	updated_at       BIGINT NOT NULL,
	deleted_at       BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE UNIQUE INDEX organizations_slug ON organizations (project_id, slug) WHERE deleted_at = 0;
CREATE UNIQUE INDEX organizations_external_id ON organizations (project_id, external_id)
	WHERE deleted_at = 0 AND external_id <> '';

-- Who claims which mail domain: once somebody does, its addresses belong to members of the claiming organizations alone.
CREATE TABLE claimed_domains (
	project_id      TEXT NOT NULL,
	domain          TEXT NOT NULL,
	organization_id TEXT NOT NULL,
	PRIMARY KEY (project_id, domain, organization_id)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX claimed_domains_organization ON claimed_domains (organization_id);

-- A member. The second factor and its guess budget are columns here: each login reads them and guards them.
CREATE TABLE members (
	id                   TEXT    NOT NULL PRIMARY KEY,
	project_id           TEXT    NOT NULL,
	organization_id      TEXT    NOT NULL REFERENCES organizations (id),
	external_id          TEXT    NOT NULL,
	status               TEXT    NOT NULL,
	name                 TEXT    NOT NULL,
	email                TEXT    NOT NULL,
	email_id             TEXT    NOT NULL,
	email_verified       BOOLEAN NOT NULL,
	is_breakglass        BOOLEAN NOT NULL,
	roles                TEXT    NOT NULL,
	trusted_metadata     TEXT    NOT NULL,
	untrusted_metadata   TEXT    NOT NULL,
	retired_emails       TEXT    NOT NULL,
	mfa_enrolled         BOOLEAN NOT NULL,
	default_mfa_method   TEXT    NOT NULL,
	mfa_phone            TEXT    NOT NULL,
	mfa_phone_id         TEXT    NOT NULL,
	mfa_phone_verified   BOOLEAN NOT NULL,
	mfa_phone_asked_at   BIGINT  NOT NULL,
	totp_id              TEXT    NOT NULL,
	mfa_failures         BIGINT  NOT NULL,
	mfa_failures_total   BIGINT  NOT NULL,
	mfa_locked_at        BIGINT  NOT NULL,
	created_at           BIGINT  NOT NULL,
	updated_at           BIGINT  NOT NULL,
	deleted_at           BIGINT  NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE UNIQUE INDEX members_external_id ON members (organization_id, external_id) WHERE external_id <> '';
-- A number that somebody proved belongs to one member of the organization; a number merely asked for may be asked for twice.
CREATE UNIQUE INDEX members_verified_phone ON members (organization_id, mfa_phone) WHERE mfa_phone_verified = TRUE;
CREATE INDEX members_phone ON members (organization_id, mfa_phone) WHERE mfa_phone <> '';

-- Which member holds which address, retired ones included: the one guard of uniqueness inside an organization.
CREATE TABLE member_emails (
	organization_id TEXT    NOT NULL,
	email           TEXT    NOT NULL,
	email_id        TEXT    NOT NULL,
	member_id       TEXT    NOT NULL,
	retired         BOOLEAN NOT NULL,
	PRIMARY KEY (organization_id, email)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX member_emails_member ON member_emails (member_id);

-- version counts the changes of a session, so that two changes at once do not overwrite each other.
CREATE TABLE sessions (
	id               TEXT   NOT NULL PRIMARY KEY,
	project_id       TEXT   NOT NULL,
	organization_id  TEXT   NOT NULL,
	member_id        TEXT   NOT NULL,
	random           BLOB   NOT NULL,
	token_version    BIGINT NOT NULL,
	version          BIGINT NOT NULL,
	factors          TEXT   NOT NULL,
	custom_claims    TEXT   NOT NULL,
	started_at       BIGINT NOT NULL,
	last_accessed_at BIGINT NOT NULL,
	expires_at       BIGINT NOT NULL,
	revoked_at       BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX sessions_member ON sessions (member_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE intermediate_sessions (
	id              TEXT   NOT NULL PRIMARY KEY,
	project_id      TEXT   NOT NULL,
	organization_id TEXT   NOT NULL,
	token_hash      BLOB   NOT NULL,
	version         BIGINT NOT NULL,
	email           TEXT   NOT NULL,
	factors         TEXT   NOT NULL,
	created_at      BIGINT NOT NULL,
	expires_at      BIGINT NOT NULL,
	consumed_at     BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX intermediate_sessions_expiry ON intermediate_sessions (expires_at);

CREATE TABLE magic_links (
	id              TEXT   NOT NULL PRIMARY KEY,
	project_id      TEXT   NOT NULL,
	organization_id TEXT   NOT NULL,
	member_id       TEXT   NOT NULL,
	token_hash      BLOB   NOT NULL,
	purpose         TEXT   NOT NULL,
	email           TEXT   NOT NULL,
	redirect_url    TEXT   NOT NULL,
	pkce_challenge  TEXT   NOT NULL,
	created_at      BIGINT NOT NULL,
	expires_at      BIGINT NOT NULL,
	used_at         BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX magic_links_expiry ON magic_links (expires_at);

-- The newest code of an owner (a member, an address) for a purpose, with the hashes of the ones before it, newest first.
CREATE TABLE otp_codes (
	owner       TEXT   NOT NULL,
	purpose     TEXT   NOT NULL,
	project_id  TEXT   NOT NULL,
	recipient   TEXT   NOT NULL,
	hash        TEXT   NOT NULL,
	key_version BIGINT NOT NULL,
	state       TEXT   NOT NULL,
	message_id  TEXT   NOT NULL,
	issued_at   BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL,
	recent      TEXT   NOT NULL,
	PRIMARY KEY (owner, purpose)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX otp_codes_expiry ON otp_codes (expires_at);

-- How often something happened in a window of the clock. The end of the window leads the key: looking up is exact, and
-- what is over lies together for the reaper. Counters that many members share are spread over slots and summed.
CREATE TABLE send_counters (
	ends_at BIGINT NOT NULL,
	name    TEXT   NOT NULL,
	slot    BIGINT NOT NULL,
	n       BIGINT NOT NULL,
	PRIMARY KEY (ends_at, name, slot)
)
--sqlite WITHOUT ROWID
;

-- A text or a mail: outbox and delivery record at once. sealed holds what to say until the message is done with.
CREATE TABLE messages (
	id              TEXT   NOT NULL PRIMARY KEY,
	project_id      TEXT   NOT NULL,
	organization_id TEXT   NOT NULL,
	member_id       TEXT   NOT NULL,
	request_id      TEXT   NOT NULL,
	channel         TEXT   NOT NULL,
	kind            TEXT   NOT NULL,
	recipient       TEXT   NOT NULL,
	country         TEXT   NOT NULL,
	locale          TEXT   NOT NULL,
	link_id         TEXT   NOT NULL,
	sealed          BLOB   NOT NULL,
	segments        BIGINT NOT NULL,
	decision        TEXT   NOT NULL,
	status          TEXT   NOT NULL,
	reason          TEXT   NOT NULL,
	provider        TEXT   NOT NULL,
	provider_id     TEXT   NOT NULL,
	attempts        BIGINT NOT NULL,
	lease_owner     TEXT   NOT NULL,
	leased_until    BIGINT NOT NULL,
	deadline        BIGINT NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
-- Only what still has to leave is in this index, so that claiming stays as cheap as the queue is short.
CREATE INDEX messages_pending ON messages (leased_until) WHERE status = 'queued';
CREATE INDEX messages_age ON messages (created_at);

CREATE TABLE opt_outs (
	project_id TEXT   NOT NULL,
	phone      TEXT   NOT NULL,
	source     TEXT   NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (project_id, phone)
)
--sqlite WITHOUT ROWID
;

-- What was done, by whom, and what was refused for a reason that must leave a record.
CREATE TABLE audit_events (
	id              TEXT   NOT NULL PRIMARY KEY,
	project_id      TEXT   NOT NULL,
	organization_id TEXT   NOT NULL,
	member_id       TEXT   NOT NULL,
	request_id      TEXT   NOT NULL,
	action          TEXT   NOT NULL,
	outcome         TEXT   NOT NULL,
	details         TEXT   NOT NULL,
	at              BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
