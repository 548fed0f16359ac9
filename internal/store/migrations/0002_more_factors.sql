-- The other ways into and out of a login: authenticator apps, recovery codes, codes by mail, passwords, discovery.

-- An authenticator app of a member: pending until its first code was right, then the one active registration.
CREATE TABLE totp_registrations (
	id              TEXT   NOT NULL PRIMARY KEY,
	project_id      TEXT   NOT NULL,
	organization_id TEXT   NOT NULL,
	member_id       TEXT   NOT NULL,
	state           TEXT   NOT NULL,
	sealed          BLOB   NOT NULL,
	last_step       BIGINT NOT NULL,
	expires_at      BIGINT NOT NULL,
	created_at      BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE UNIQUE INDEX totp_registrations_member ON totp_registrations (member_id, state);

-- The recovery codes of a registration, sealed because the backend may read the unused ones again.
CREATE TABLE recovery_codes (
	id              TEXT   NOT NULL PRIMARY KEY,
	project_id      TEXT   NOT NULL,
	member_id       TEXT   NOT NULL,
	registration_id TEXT   NOT NULL,
	sealed          BLOB   NOT NULL,
	used_at         BIGINT NOT NULL,
	created_at      BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX recovery_codes_member ON recovery_codes (member_id);

-- Wrong guesses at a first factor: one row per owner (a member, or an address that is nobody's yet) and method. Their lock
-- refuses that method alone.
CREATE TABLE primary_guesses (
	owner     TEXT   NOT NULL,
	method    TEXT   NOT NULL,
	failures  BIGINT NOT NULL,
	locked_at BIGINT NOT NULL,
	PRIMARY KEY (owner, method)
)
--sqlite WITHOUT ROWID
;

CREATE TABLE passwords (
	id              TEXT    NOT NULL PRIMARY KEY,
	project_id      TEXT    NOT NULL,
	organization_id TEXT    NOT NULL,
	member_id       TEXT    NOT NULL,
	email           TEXT    NOT NULL,
	hash            TEXT    NOT NULL,
	must_reset      BOOLEAN NOT NULL,
	version         BIGINT  NOT NULL,
	created_at      BIGINT  NOT NULL,
	updated_at      BIGINT  NOT NULL
)
--sqlite WITHOUT ROWID
;
-- A member's own password, or (with passwords that work in every organization) the one of an address in the project.
CREATE UNIQUE INDEX passwords_member ON passwords (project_id, member_id) WHERE member_id <> '';
CREATE UNIQUE INDEX passwords_email ON passwords (project_id, email) WHERE member_id = '';

ALTER TABLE members ADD COLUMN password_id TEXT NOT NULL DEFAULT '';
-- When the lock of a first factor ends, so that every answer about the member can say so.
ALTER TABLE members ADD COLUMN primary_locked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN primary_locked_until BIGINT NOT NULL DEFAULT 0;

-- Which login a code by mail belongs to: the member's id, or '' for one that is not bound to an organization.
ALTER TABLE otp_codes ADD COLUMN member_id TEXT NOT NULL DEFAULT '';
ALTER TABLE otp_codes ADD COLUMN organization_id TEXT NOT NULL DEFAULT '';

-- Addresses are looked up across organizations: who is a member where, and whose colleagues are.
CREATE INDEX member_emails_email ON member_emails (email);
ALTER TABLE member_emails ADD COLUMN domain TEXT NOT NULL DEFAULT '';
--sqlite UPDATE member_emails SET domain = substr(email, instr(email, '@') + 1);
--postgres UPDATE member_emails SET domain = substr(email, strpos(email, '@') + 1);
CREATE INDEX member_emails_domain ON member_emails (organization_id, domain);

-- The domains that organizations let join, looked up across organizations. The settings hold the same list.
CREATE TABLE allowed_domains (
	project_id      TEXT NOT NULL,
	domain          TEXT NOT NULL,
	organization_id TEXT NOT NULL,
	PRIMARY KEY (project_id, domain, organization_id)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX allowed_domains_organization ON allowed_domains (organization_id);

-- Trusted tokens work once.
CREATE TABLE trusted_tokens (
	project_id TEXT   NOT NULL,
	profile_id TEXT   NOT NULL,
	token_id   TEXT   NOT NULL,
	used_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (project_id, profile_id, token_id)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX trusted_tokens_expiry ON trusted_tokens (expires_at);
