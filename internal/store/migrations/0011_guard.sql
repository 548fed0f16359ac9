-- What the guard lets pass: a number or a prefix (+ and digits), an organization or a member, until a time.
CREATE TABLE guard_safe (
	project_id TEXT   NOT NULL,
	value      TEXT   NOT NULL,
	id         TEXT   NOT NULL,
	reason     TEXT   NOT NULL,
	expires_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (project_id, value)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX guard_safe_expiry ON guard_safe (expires_at);

-- What paid look-ups said about numbers, so that none is paid for twice.
CREATE TABLE number_lookups (
	phone      TEXT   NOT NULL PRIMARY KEY,
	kind       TEXT   NOT NULL,
	at         BIGINT NOT NULL
)
--sqlite WITHOUT ROWID
;
CREATE INDEX number_lookups_age ON number_lookups (at);
