package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Session is a login of a member that is complete.
type Session struct {
	ID             string
	ProjectID      string
	OrganizationID string
	MemberID       string
	Random         []byte // with the key ring's token key, makes the session's token again
	TokenVersion   int64  // of the token key
	Version        int64  // counts changes
	Factors        []Factor
	CustomClaims   json.RawMessage // an object, or empty for none
	StartedAt      time.Time
	LastAccessedAt time.Time
	ExpiresAt      time.Time
}

const sessionColumns = `s.id, s.project_id, s.organization_id, s.member_id, s.random, s.token_version, s.version,
	s.factors, s.custom_claims, s.started_at, s.last_accessed_at, s.expires_at`

type sessionScan struct {
	s                          Session
	factors, claims            string
	started, accessed, expires int64
}

func (c *sessionScan) dest() []any {
	s := &c.s
	return []any{
		&s.ID, &s.ProjectID, &s.OrganizationID, &s.MemberID, &s.Random, &s.TokenVersion, &s.Version,
		&c.factors, &c.claims, &c.started, &c.accessed, &c.expires,
	}
}

func (c *sessionScan) row() (*Session, error) {
	s := &c.s
	s.StartedAt, s.LastAccessedAt, s.ExpiresAt = fromMicros(c.started), fromMicros(c.accessed), fromMicros(c.expires)
	s.CustomClaims = json.RawMessage(c.claims)
	return s, fromJSON(c.factors, &s.Factors)
}

var (
	sqlInsertSession = sqldb.SQL("insert_session", `
		INSERT INTO sessions (id, project_id, organization_id, member_id, random, token_version, version, factors,
			custom_claims, started_at, last_accessed_at, expires_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)`)

	sqlSession = sqldb.SQL("session", `
		SELECT `+sessionColumns+` FROM sessions s
		WHERE s.id = $2 AND s.project_id = $1 AND s.revoked_at = 0 AND s.expires_at > $3`)

	// A session lives as long as its member and its organization.
	sqlSessionWhole = sqldb.SQL("session_whole", `
		SELECT `+sessionColumns+`, `+orgColumns+`, `+memberColumns+`
		FROM sessions s
		JOIN organizations o ON o.id = s.organization_id
		JOIN members m ON m.id = s.member_id
		WHERE s.id = $2 AND s.project_id = $1 AND s.revoked_at = 0 AND s.expires_at > $3
			AND o.deleted_at = 0 AND m.deleted_at = 0`)

	sqlMemberSessions = sqldb.SQL("member_sessions", `
		SELECT `+sessionColumns+` FROM sessions s
		WHERE s.member_id = $1 AND s.revoked_at = 0 AND s.expires_at > $2 ORDER BY s.id LIMIT 1000`)

	sqlUpdateSession = sqldb.SQL("update_session", `
		UPDATE sessions SET version = version + 1, factors = $3, custom_claims = $4, last_accessed_at = $5, expires_at = $6
		WHERE id = $1 AND version = $2 AND revoked_at = 0 AND expires_at > $5`)

	sqlTouchSession = sqldb.SQL("touch_session", `
		UPDATE sessions SET last_accessed_at = $2 WHERE id = $1 AND last_accessed_at < $2`)

	// A revoked session expires with that: the index by which old sessions are deleted knows no other end.
	sqlRevokeSession = sqldb.SQL("revoke_session", `
		UPDATE sessions SET revoked_at = $3, expires_at = $3 WHERE id = $2 AND project_id = $1 AND revoked_at = 0`)

	sqlRevokeOtherSessions = sqldb.SQL("revoke_other_sessions", `
		UPDATE sessions SET revoked_at = $4, expires_at = $4
		WHERE member_id = $2 AND project_id = $1 AND id <> $3 AND revoked_at = 0`)

	sqlRevokeMemberSessions = sqldb.SQL("revoke_member_sessions", `
		UPDATE sessions SET revoked_at = $3, expires_at = $3 WHERE member_id = $2 AND project_id = $1 AND revoked_at = 0`)
)

// InsertSession adds a session. It goes out with the statements after it.
func (tx *Tx) InsertSession(s *Session) {
	tx.Later(sqlInsertSession, 1, s.ID, s.ProjectID, s.OrganizationID, s.MemberID, s.Random, s.TokenVersion, s.Version,
		asJSON(s.Factors), string(s.CustomClaims), micros(s.StartedAt), micros(s.LastAccessedAt), micros(s.ExpiresAt))
}

// Session gives a session of the project that is neither over nor revoked, or ErrNotFound. Whether its member still
// exists is not looked at: SessionWhole does.
func (tx *Tx) Session(ctx context.Context, projectID, id string) (*Session, error) {
	return tx.AskSession(ctx, projectID, id)()
}

// AskSession is Session whose question travels with the next statement.
func (tx *Tx) AskSession(ctx context.Context, projectID, id string) func() (*Session, error) {
	var c sessionScan
	answer := tx.Ask(ctx, sqlSession, []any{projectID, id, micros(tx.Now())}, c.dest()...)
	return func() (*Session, error) {
		if err := answer(); err != nil {
			return nil, err
		}
		return c.row()
	}
}

// SessionWhole gives a living session with its member and organization in one read, or ErrNotFound.
func (tx *Tx) SessionWhole(ctx context.Context, projectID, id string) (*Session, *Organization, *Member, error) {
	var (
		c sessionScan
		o orgScan
		m memberScan
	)
	dest := make([]any, 0, 64)
	dest = append(append(append(dest, c.dest()...), o.dest()...), m.dest()...)
	if err := tx.QueryRow(ctx, sqlSessionWhole, []any{projectID, id, micros(tx.Now())}, dest...); err != nil {
		return nil, nil, nil, err
	}

	s, err := c.row()
	if err != nil {
		return nil, nil, nil, err
	}
	org, err := o.row(tx.db)
	if err != nil {
		return nil, nil, nil, err
	}
	member, err := m.row()
	return s, org, member, err
}

// MemberSessions gives the sessions of a member that are neither over nor revoked, oldest first.
func (tx *Tx) MemberSessions(ctx context.Context, memberID string) ([]*Session, error) {
	var all []*Session
	err := tx.Query(ctx, sqlMemberSessions, []any{memberID, micros(tx.Now())}, func(scan func(...any) error) error {
		var c sessionScan
		if err := scan(c.dest()...); err != nil {
			return err
		}
		s, err := c.row()
		all = append(all, s)
		return err
	})
	return all, err
}

// UpdateSession writes factors, claims and times of a session that was read at s.Version. It reports false when the
// session changed or ended since then.
func (tx *Tx) UpdateSession(ctx context.Context, s *Session) (bool, error) {
	n, err := tx.Exec(ctx, sqlUpdateSession, s.ID, s.Version, asJSON(s.Factors), string(s.CustomClaims),
		micros(s.LastAccessedAt), micros(s.ExpiresAt))
	return n == 1, err
}

// TouchSession moves the time of last access forward; it never moves back. It goes out with the statements after it.
func (tx *Tx) TouchSession(id string, at time.Time) {
	tx.Later(sqlTouchSession, -1, id, micros(at))
}

// RevokeSession ends a session of the project and reports whether it was alive.
func (tx *Tx) RevokeSession(ctx context.Context, projectID, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlRevokeSession, projectID, id, micros(tx.Now()))
	return n == 1, err
}

// RevokeMemberSessions ends all sessions of a member of the project and gives their number.
func (tx *Tx) RevokeMemberSessions(ctx context.Context, projectID, memberID string) (int64, error) {
	return tx.Exec(ctx, sqlRevokeMemberSessions, projectID, memberID, micros(tx.Now()))
}

// RevokeOtherSessions ends all sessions of a member of the project but the one with that id; "" spares none. It goes out
// with the statements after it.
func (tx *Tx) RevokeOtherSessions(projectID, memberID, but string) {
	tx.Later(sqlRevokeOtherSessions, -1, projectID, memberID, but, micros(tx.Now()))
}
