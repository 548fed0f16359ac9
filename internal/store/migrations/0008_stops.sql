-- What people said to a provider's number by text: STOP, or START. It concerns all projects, whose texts come from the
-- same number. A row is in force while over_at is 0. It stays for a while after that, and START leaves one too, so that a
-- callback that comes again changes nothing.
CREATE TABLE stops (
	phone      TEXT   NOT NULL,
	provider   TEXT   NOT NULL,
	said_id    TEXT   NOT NULL, -- the provider's id of what was said, or our id of a message that was refused for it
	over_at    BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (phone, provider, said_id)
)
--sqlite WITHOUT ROWID
;
CREATE INDEX stops_over ON stops (over_at) WHERE over_at > 0;

-- So far opt_outs held what providers had refused. From now on it holds what projects and operators say.
INSERT INTO stops (phone, provider, said_id, over_at, created_at)
	SELECT phone, source, 'earlier', 0, MIN(created_at) FROM opt_outs GROUP BY phone, source;
DELETE FROM opt_outs;
