// Package session knows who is logged in: sessions, intermediate sessions, their tokens and factors.
package session

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Service reads and changes sessions.
type Service struct {
	DB   *store.DB
	Keys *keys.Ring
	// Issuer is what session JWTs name as iss in front of the project id. Default "stytch.com/": one of the two that
	// unmodified SDKs accept.
	Issuer string
	seen   seen
}

// Tokens are what a caller may show, each as it came.
type Tokens struct {
	Session      secret.String // session_token
	JWT          secret.String // session_jwt
	Intermediate secret.String // intermediate_session_token
}

// Count says how many tokens were shown.
func (t Tokens) Count() int {
	n := 0
	for _, s := range [...]secret.String{t.Session, t.JWT, t.Intermediate} {
		if s != "" {
			n++
		}
	}
	return n
}

// Shown is a token whose form, and for a JWT the signature, has been looked at: everything that needs no database.
// What was wrong is kept until the rules come to it.
type Shown struct {
	err          error
	session      string // the row to look for
	token        string // the session token to prove, "" when a JWT proved it
	intermediate string
	hash         []byte    // of the intermediate session token
	expires      time.Time // of a JWT
	raw          secret.String
}

// Any reports whether a token was shown.
func (s *Shown) Any() bool { return s.err != nil || s.session != "" || s.intermediate != "" }

// Err is what was wrong with the form of the token, nil for nothing.
func (s *Shown) Err() error { return s.err }

// Intermediate reports whether it is an intermediate session token.
func (s *Shown) Intermediate() bool { return s.intermediate != "" }

// Look reads the first token there is. Signatures are checked here, before any transaction.
func (s *Service) Look(ctx context.Context, p *store.Project, t Tokens) *Shown {
	switch {
	case t.Intermediate != "":
		row, hash, ok := secret.ParseToken(t.Intermediate)
		if !ok {
			return &Shown{err: errs.IntermediateSessionNotFound}
		}
		return &Shown{intermediate: row.String(), hash: hash, raw: t.Intermediate}
	case t.Session != "":
		id, ok := keys.ParseSessionToken(t.Session.Reveal())
		if !ok {
			return &Shown{err: errs.InvalidSessionToken}
		}
		return &Shown{session: ids.Format(ids.Session, p.Env, id), token: t.Session.Reveal(), raw: t.Session}
	case t.JWT != "":
		return s.lookJWT(ctx, p, t.JWT)
	}
	return &Shown{}
}

// lookJWT reads a JWT of this project. An expired one whose session lives is how a caller asks for a new one.
func (s *Service) lookJWT(ctx context.Context, p *store.Project, token secret.String) *Shown {
	raw, err := s.Keys.VerifyJWT(ctx, token.Reveal())
	if err != nil {
		return &Shown{err: err}
	}

	var claims struct {
		Issuer   string   `json:"iss"`
		Audience []string `json:"aud"`
		Expires  int64    `json:"exp"`
		Session  struct {
			ID string `json:"id"`
		} `json:"https://stytch.com/session"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return &Shown{err: errs.UnableToParseSessionJWT.Because(err)}
	}
	kind, env, _, ok := ids.Parse(claims.Session.ID)
	if !ok || kind != ids.Session || env != p.Env || len(claims.Audience) != 1 || claims.Audience[0] != p.ID ||
		!strings.HasSuffix(claims.Issuer, "/"+p.ID) {
		return &Shown{err: errs.UnableToParseSessionJWT.Because(errors.New("a JWT of another project"))}
	}
	return &Shown{session: claims.Session.ID, expires: time.Unix(claims.Expires, 0)}
}

// proven reports whether the shown token belongs to the session that was found.
func (s *Service) proven(shown *Shown, found *store.Session) bool {
	if shown.token == "" {
		return true // the JWT's signature did
	}
	want, err := s.token(found)
	return err == nil && secret.Equal([]byte(want), []byte(shown.token))
}

// token makes the session's token again. It never changes.
func (s *Service) token(found *store.Session) (string, error) {
	_, _, id, ok := ids.Parse(found.ID)
	if !ok {
		return "", errors.New("session: a row without a session id")
	}
	return s.Keys.SessionToken(found.TokenVersion, found.ProjectID, id, found.Random)
}

// Find gives the living session that was shown, or the refusal.
func (s *Service) Find(ctx context.Context, tx *store.Tx, p *store.Project, shown *Shown) (*store.Session, error) {
	return s.Ask(ctx, tx, p, shown)()
}

// Ask is Find whose question travels with the next statement.
func (s *Service) Ask(
	ctx context.Context, tx *store.Tx, p *store.Project, shown *Shown,
) func() (*store.Session, error) {
	if shown.err != nil {
		return func() (*store.Session, error) { return nil, shown.err }
	}
	answer := tx.AskSession(ctx, p.ID, shown.session)
	return func() (*store.Session, error) {
		found, err := answer()
		if errors.Is(err, store.ErrNotFound) || err == nil && !s.proven(shown, found) {
			return nil, errs.SessionNotFound
		}
		return found, err
	}
}

// FindIntermediate gives the living intermediate session that was shown, or the refusal.
func (s *Service) FindIntermediate(
	ctx context.Context, tx *store.Tx, p *store.Project, shown *Shown,
) (*store.Intermediate, error) {
	return s.AskIntermediate(ctx, tx, p, shown)()
}

// AskIntermediate is FindIntermediate whose question travels with the next statement.
func (s *Service) AskIntermediate(
	ctx context.Context, tx *store.Tx, p *store.Project, shown *Shown,
) func() (*store.Intermediate, error) {
	if shown.err != nil {
		return func() (*store.Intermediate, error) { return nil, shown.err }
	}
	answer := tx.AskIntermediate(ctx, p.ID, shown.intermediate)
	return func() (*store.Intermediate, error) {
		found, err := answer()
		if errors.Is(err, store.ErrNotFound) || err == nil && !secret.Equal(found.TokenHash, shown.hash) {
			return nil, errs.IntermediateSessionNotFound
		}
		return found, err
	}
}

// Token is the intermediate session token as it was shown, for answers that give it back unchanged.
func (s *Shown) Token() secret.String { return s.raw }
