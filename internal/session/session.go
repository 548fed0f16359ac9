package session

import (
	"encoding/json"
	"fmt"
	"slices"
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

	claims, err := s.claims(p, live, now)
	if err != nil {
		return err
	}
	jwt, err := s.Keys.SignJWT(p.Env, claims)
	if err != nil {
		return fmt.Errorf("sign session: %w", err)
	}
	live.JWT = secret.String(jwt)
	return nil
}

// jwtClaims are the claims of a session JWT (RFC 7519 §4). Clients strip the two namespaced ones and take the rest of the
// top level as custom claims, so there is no third.
type jwtClaims struct {
	Issuer       string      `json:"iss"`
	Audience     []string    `json:"aud"`
	Subject      string      `json:"sub"`
	IssuedAt     int64       `json:"iat"`
	NotBefore    int64       `json:"nbf"`
	Expires      int64       `json:"exp"`
	Session      jwtSession  `json:"https://stytch.com/session"`
	Organization jwtOrganize `json:"https://stytch.com/organization"`
}

type jwtSession struct {
	ID             string            `json:"id"`
	StartedAt      store.Second      `json:"started_at"`
	LastAccessedAt store.Second      `json:"last_accessed_at"`
	ExpiresAt      store.Second      `json:"expires_at"`
	Attributes     map[string]string `json:"attributes"`
	Factors        []store.Factor    `json:"authentication_factors"`
	Roles          []string          `json:"roles"`
}

type jwtOrganize struct {
	ID   string `json:"organization_id"`
	Slug string `json:"slug"`
}

var jwtAttributes = map[string]string{"user_agent": "", "ip_address": ""}

// claims writes the payload of the session's JWT. It changes once a second, so that a signature can be used again within it.
func (s *Service) claims(p *store.Project, live *Live, now time.Time) ([]byte, error) {
	found := live.Session
	expires := now.Add(jwtLife)
	if found.ExpiresAt.Before(expires) {
		expires = found.ExpiresAt
	}
	issuer := s.Issuer
	if issuer == "" {
		issuer = "stytch.com/"
	}

	payload, err := json.Marshal(jwtClaims{
		Issuer: issuer + p.ID, Audience: []string{p.ID}, Subject: found.MemberID,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: expires.Unix(),
		Session: jwtSession{
			ID: found.ID, StartedAt: store.At(found.StartedAt), LastAccessedAt: store.At(found.LastAccessedAt),
			ExpiresAt: store.At(found.ExpiresAt), Attributes: jwtAttributes, Factors: found.Factors, Roles: live.Roles,
		},
		Organization: jwtOrganize{ID: live.Organization.ID, Slug: live.Organization.Slug},
	})
	if err != nil {
		return nil, fmt.Errorf("encode claims: %w", err)
	}
	return addMembers(payload, found.CustomClaims), nil
}

// addMembers puts the members of one JSON object behind those of another. Their names differ: reserved ones are never kept.
func addMembers(object, more []byte) []byte {
	if len(more) <= len(`{}`) {
		return object
	}
	return append(append(object[:len(object)-1], ','), more[1:]...)
}
