package login

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/mfa"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Primary is a primary factor of a member, proven just now.
type Primary struct {
	Project      *store.Project
	Organization *store.Organization
	Member       *store.Member
	Factor       store.Factor
	// ProvesMailbox: the factor shows that the member reads mail to the present address.
	ProvesMailbox bool
	// Shown is the token that came with the call: a session to add the factor to, or an intermediate session.
	Shown     *session.Shown
	Terms     session.Terms
	Locale    locale.Input // of a text that the login may send
	RequestID string
}

// Result is a login: complete with a session, or incomplete with an intermediate session and what is missing.
type Result struct {
	Organization *store.Organization
	Member       *store.Member
	At           time.Time
	// Session is nil while the login is incomplete.
	Session *store.Session
	// Live is the session with its tokens, set by Open.
	Live *session.Live
	// Intermediate is "" when the login is complete.
	Intermediate        secret.String
	IntermediateExpires time.Time
	// Primary lists the primary methods that would do; nil when that part is met.
	Primary []string
	// Second is nil when no second factor is missing, or the primary part is missing first.
	Second *SecondMissing
}

// SecondMissing says which second factors the member has and whether a code was texted.
type SecondMissing struct {
	Options *mfa.Options
	Texted  bool
}

// Primary decides what a proven primary factor leads to, and does it. The transaction is the caller's, in which the
// credential is spent; Open follows after the commit.
func (s *Service) Primary(ctx context.Context, tx *store.Tx, in Primary) (*Result, error) {
	if err := activate(ctx, tx, &in); err != nil {
		return nil, err
	}
	r := &Result{Organization: in.Organization, Member: in.Member, At: tx.Now()}
	own, err := s.ownSession(ctx, tx, &in)
	if err != nil {
		return nil, err
	}
	if own != nil {
		if r.Session, err = s.step(ctx, tx, in.Project, own, in.Factor, in.Terms); err != nil {
			return nil, err
		}
		record(tx, &in, r)
		return r, nil
	}
	if err := s.collect(ctx, tx, &in, r); err != nil {
		return nil, err
	}
	record(tx, &in, r)
	return r, nil
}

// collect puts the factor beside those of an intermediate session and completes the login or suspends it.
func (s *Service) collect(ctx context.Context, tx *store.Tx, in *Primary, r *Result) error {
	held, err := s.heldIntermediate(ctx, tx, in)
	if err != nil {
		return err
	}
	factors := []store.Factor{in.Factor}
	if held != nil {
		factors = session.AddFactor(held.Factors, in.Factor)
	}
	if d := mfa.Decide(in.Organization, in.Member, factors); !d.Complete() {
		return s.suspend(ctx, tx, in, held, factors, d, r)
	}
	return s.complete(ctx, tx, in, held, factors, r)
}

// Open signs the tokens of a complete login. It is called after the commit.
func (s *Service) Open(p *store.Project, r *Result) (err error) {
	if r.Session != nil {
		r.Live, err = s.Sessions.Open(p, r.Session, r.Organization, r.Member, r.Session.LastAccessedAt)
	}
	return err
}

// activate makes a pending or invited member active, also while a second factor is missing: enrolment needs an active one.
func activate(ctx context.Context, tx *store.Tx, in *Primary) error {
	m := in.Member
	verified := m.EmailVerified || in.ProvesMailbox
	if m.Status == store.StatusActive && verified == m.EmailVerified {
		return nil
	}
	m.Status, m.EmailVerified, m.UpdatedAt = store.StatusActive, verified, tx.Now()
	active, err := tx.ActivateMember(ctx, m)
	if err == nil && !active {
		return store.ErrChanged
	}
	return err
}

// ownSession gives the session that was shown if it is this member's. Somebody else's is ignored: on a shared browser one
// person's login must not end up in another's session.
func (s *Service) ownSession(ctx context.Context, tx *store.Tx, in *Primary) (*store.Session, error) {
	if !in.Shown.Any() || in.Shown.Intermediate() {
		return nil, nil
	}
	found, err := s.Sessions.Find(ctx, tx, in.Project, in.Shown)
	if err != nil || found.MemberID != in.Member.ID {
		return nil, err
	}
	return found, nil
}

func (s *Service) heldIntermediate(ctx context.Context, tx *store.Tx, in *Primary) (*store.Intermediate, error) {
	if !in.Shown.Intermediate() {
		return nil, nil
	}
	found, err := s.Sessions.FindIntermediate(ctx, tx, in.Project, in.Shown)
	if err != nil {
		return nil, err
	}
	if !mfa.IntermediateFits(found, in.Member) {
		return nil, errs.InvalidIntermediateSessionTokenForOrganization
	}
	return found, nil
}

func (s *Service) complete(
	ctx context.Context, tx *store.Tx, in *Primary, held *store.Intermediate, factors []store.Factor, r *Result,
) error {
	if held != nil {
		consumed, err := tx.ConsumeIntermediate(ctx, held.ID)()
		if err != nil {
			return err
		}
		if !consumed {
			return errs.IntermediateSessionNotFound
		}
	}
	found, err := s.Sessions.New(in.Project, in.Member, factorsOf(in.Project, in.Member, factors), in.Terms, tx.Now())
	if err != nil {
		return err
	}
	tx.InsertSession(found)
	begun(tx, in.Project, found, in.RequestID)
	r.Session = found
	return nil
}

// suspend keeps the factors in an intermediate session, says what is missing, and texts a code where that comes next.
func (s *Service) suspend(
	ctx context.Context, tx *store.Tx, in *Primary, held *store.Intermediate, factors []store.Factor, d mfa.Decision,
	r *Result,
) error {
	if err := s.keep(ctx, tx, in, held, factors, r); err != nil {
		return err
	}
	if !d.PrimaryMet {
		r.Primary = d.Primary
		return nil
	}

	texted := false
	if d.TextFirst {
		var err error
		if texted, err = s.text(ctx, tx, in); err != nil {
			return err
		}
	}
	r.Second = &SecondMissing{Options: mfa.OptionsOf(in.Organization, in.Member, texted), Texted: texted}
	return nil
}

func (s *Service) keep(
	ctx context.Context, tx *store.Tx, in *Primary, held *store.Intermediate, factors []store.Factor, r *Result,
) error {
	if held == nil {
		r.Intermediate, r.IntermediateExpires = NewIntermediate(tx, in.Project, in.Organization.ID, in.Member.Email, factors)
		return nil
	}
	r.Intermediate, r.IntermediateExpires = in.Shown.Token(), held.ExpiresAt
	if in.Factor.Type == "" {
		return nil // nothing came to it
	}
	held.Factors = factors
	kept, err := tx.UpdateIntermediate(ctx, held)
	if err == nil && !kept {
		err = store.ErrChanged
	}
	return err
}

// NewIntermediate suspends a login in an intermediate session, and gives its token and its end. Without an organization
// it is one of a person who still has to choose.
func NewIntermediate(
	tx *store.Tx, p *store.Project, orgID, address string, factors []store.Factor,
) (secret.String, time.Time) {
	now := tx.Now()
	id := ids.NewUUID(now)
	token, hash := secret.NewToken(id)
	tx.InsertIntermediate(&store.Intermediate{
		ID: id.String(), ProjectID: p.ID, OrganizationID: orgID, TokenHash: hash, Version: 1, Email: address,
		Factors: factors, CreatedAt: now, ExpiresAt: now.Add(session.IntermediateLife),
	})
	return token, now.Add(session.IntermediateLife)
}

// text sends a code without being asked. Whatever refuses it does not refuse the login: the answer says that nothing was
// sent, and the person can ask.
func (s *Service) text(ctx context.Context, tx *store.Tx, in *Primary) (bool, error) {
	if _, full := s.Challenge.Notify.Busy(store.ChannelSMS); full && in.Project.Live() {
		return false, nil
	}
	refusal, err := s.Challenge.Start(ctx, tx, challenge.Request{
		Project: in.Project, Organization: in.Organization, Member: in.Member, Number: phone.Stored(in.Member.Phone),
		Locale: in.Locale, RequestID: in.RequestID,
	})
	if _, refused := errors.AsType[*errs.Error](err); refused {
		return false, nil
	}
	return err == nil && refusal == nil, err
}

func record(tx *store.Tx, in *Primary, r *Result) {
	details := map[string]string{"factor": in.Factor.Type}
	if in.Factor.Type == "" {
		details["factor"] = "exchange"
	}
	if r.Session != nil {
		details["member_session_id"] = r.Session.ID
	}
	audit.Record(tx, audit.Event{
		ProjectID: in.Project.ID, OrganizationID: in.Organization.ID, MemberID: in.Member.ID, RequestID: in.RequestID,
		Action: "login", Outcome: audit.Done, Details: details,
	})
}

// notFound names the absence of a session.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errs.SessionNotFound
	}
	return err
}
