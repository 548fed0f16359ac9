package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of a session's life in minutes.
const (
	MinMinutes     = 5
	MaxMinutes     = 527040 // 366 days
	DefaultMinutes = 60
)

// jwtLife is how long a session JWT is good for, whatever the session's own life.
const jwtLife = 5 * time.Minute

// IntermediateLife is how long an intermediate session can be completed. Using it does not prolong it.
const IntermediateLife = 10 * time.Minute

// Live is a session with everybody it concerns and the tokens that open it.
type Live struct {
	Session      *store.Session
	Organization *store.Organization
	Member       *store.Member
	Roles        []string
	Token        secret.String
	JWT          secret.String
}

// Terms are what a caller asks of a session: how long, and with which claims.
type Terms struct {
	Minutes int32           // 0 for the default
	Claims  json.RawMessage // merged into the session's claims; empty for none
}

// Check refuses terms that no session can have.
func (t Terms) Check(p *store.Project) error {
	if t.Minutes == 0 {
		return nil
	}
	if t.Minutes < MinMinutes || t.Minutes > MaxMinutes {
		return errs.InvalidSessionDurationMinutes
	}
	if most := p.Settings.SessionMaxMinutes; most > 0 && int64(t.Minutes) > most {
		return errs.InvalidSessionDuration
	}
	return nil
}

func (t Terms) life(p *store.Project) time.Duration {
	minutes := int64(t.Minutes)
	if minutes == 0 {
		minutes = DefaultMinutes
		if most := p.Settings.SessionMaxMinutes; most > 0 && most < minutes {
			minutes = most
		}
	}
	return time.Duration(minutes) * time.Minute
}

// New makes the row of a new session of the member. The caller inserts it.
func (s *Service) New(p *store.Project, m *store.Member, factors []store.Factor, t Terms, now time.Time) (*store.Session, error) {
	claims, err := MergeClaims(nil, t.Claims)
	if err != nil {
		return nil, err
	}
	id := ids.NewUUID(now)
	_, random, version := s.Keys.NewSessionToken(p.ID, id)
	return &store.Session{
		ID: ids.Format(ids.Session, p.Env, id), ProjectID: p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID,
		Random: random, TokenVersion: version, Version: 1, Factors: factors, CustomClaims: claims,
		StartedAt: now, LastAccessedAt: now, ExpiresAt: now.Add(t.life(p)),
	}, nil
}

// Change applies terms to a session that exists and is accessed now. Without minutes its end stays.
func Change(found *store.Session, t Terms, now time.Time) error {
	claims, err := MergeClaims(found.CustomClaims, t.Claims)
	if err != nil {
		return err
	}
	found.CustomClaims, found.LastAccessedAt = claims, now
	if t.Minutes > 0 {
		found.ExpiresAt = now.Add(time.Duration(t.Minutes) * time.Minute)
	}
	return nil
}

// AddFactor puts a factor among the others. The same factor proven again keeps its place and its first time.
func AddFactor(factors []store.Factor, f store.Factor) []store.Factor {
	out := slices.Clone(factors)
	for i := range out {
		old := &out[i]
		if old.Type == f.Type && old.DeliveryMethod == f.DeliveryMethod && old.ID() == f.ID() {
			f.CreatedAt = old.CreatedAt
			*old = f
			return out
		}
	}
	return append(out, f)
}

// Open gives a session its tokens. It signs, so it is called outside of transactions.
func (s *Service) Open(p *store.Project, found *store.Session, o *store.Organization, m *store.Member, now time.Time) (*Live, error) {
	live := &Live{Session: found, Organization: o, Member: m}
	if err := s.open(p, live, now); err != nil {
		return nil, err
	}
	return live, nil
}

// open gives a session the tokens that it has not: one that its token proved needs no second one made to be answered.
func (s *Service) open(p *store.Project, live *Live, now time.Time) error {
	if live.Token == "" {
		token, err := s.token(live.Session)
		if err != nil {
			return err
		}
		live.Token = secret.String(token)
	}
	live.Roles = rolesOf(live)

	jwt, err := s.Keys.SignJWT(p.Env, s.claims(p, live, now))
	if err != nil {
		return fmt.Errorf("sign session: %w", err)
	}
	live.JWT = secret.String(jwt)
	return nil
}

// claims writes the payload of the session's JWT (RFC 7519 §4). It changes once a second, so that a signature can be used
// again within it.
func (s *Service) claims(p *store.Project, live *Live, now time.Time) []byte {
	found := live.Session
	expires := now.Add(jwtLife)
	if found.ExpiresAt.Before(expires) {
		expires = found.ExpiresAt
	}
	issuer := s.Issuer
	if issuer == "" {
		issuer = "stytch.com/"
	}

	// Clients strip the two namespaced claims and take the rest of the top level as custom claims, so there is no third.
	// Written by hand: encoding/json took a tenth of a session check for it.
	b := make([]byte, 0, 2048)
	b = store.AppendString(append(b, `{"iss":`...), issuer+p.ID)
	b = store.AppendString(append(b, `,"aud":[`...), p.ID)
	b = store.AppendString(append(b, `],"sub":`...), found.MemberID)
	b = strconv.AppendInt(append(b, `,"iat":`...), now.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"nbf":`...), now.Unix(), 10)
	b = strconv.AppendInt(append(b, `,"exp":`...), expires.Unix(), 10)
	b = appendSession(append(b, `,"https://stytch.com/session":`...), live)
	b = store.AppendString(append(b, `,"https://stytch.com/organization":{"organization_id":`...), live.Organization.ID)
	b = store.AppendString(append(b, `,"slug":`...), live.Organization.Slug)
	return addMembers(append(b, "}}"...), found.CustomClaims)
}

func appendSession(b []byte, live *Live) []byte {
	found := live.Session
	b = store.AppendString(append(b, `{"id":`...), found.ID)
	b = store.At(found.StartedAt).Append(append(b, `,"started_at":`...))
	b = store.At(found.LastAccessedAt).Append(append(b, `,"last_accessed_at":`...))
	b = store.At(found.ExpiresAt).Append(append(b, `,"expires_at":`...))
	b = append(b, `,"attributes":{"ip_address":"","user_agent":""},"authentication_factors":`...)
	b = store.AppendFactors(b, found.Factors)
	b = append(b, `,"roles":[`...)
	for i, role := range live.Roles {
		if i > 0 {
			b = append(b, ',')
		}
		b = store.AppendString(b, role)
	}
	return append(b, "]}"...)
}

// addMembers puts the members of one JSON object behind those of another. Their names differ: reserved ones are never kept.
func addMembers(object, more []byte) []byte {
	if len(more) <= len(`{}`) {
		return object
	}
	return append(append(object[:len(object)-1], ','), more[1:]...)
}
