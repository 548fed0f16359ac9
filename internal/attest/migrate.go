package attest

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/login"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/session"
	"github.com/thimble-auth/thimble/internal/store"
)

// Migrate is a session of the system before this one to be exchanged for one of ours.
type Migrate struct {
	Token        secret.String // what that system's userinfo endpoint takes as a bearer token
	Organization ids.OrgRef
	Terms        session.Terms
	RequestID    string
}

// Migrate asks the other system whose token it is and gives the member with that address a session. It fails with
// errs.MigrateFromExternalMissingUserinfo, errs.MigrateFromExternalUnexpectedResponse and
// errs.MigrateFromExternalEmailDoesNotExist.
func (s *Service) Migrate(ctx context.Context, p *store.Project, in Migrate) (*login.Result, error) {
	if err := in.Terms.Check(p); err != nil {
		return nil, err
	}
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		_, err := org.Resolve(ctx, tx, p, in.Organization)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.Settings.UserinfoURL == "" {
		return nil, errs.MigrateFromExternalMissingUserinfo
	}
	address, err := s.userinfo(ctx, p.Settings.UserinfoURL, in.Token)
	if err != nil {
		return nil, errs.MigrateFromExternalUnexpectedResponse.Because(err)
	}

	var result *login.Result
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		o, err := org.Resolve(ctx, tx, p, in.Organization)
		if err != nil {
			return err
		}
		id, err := tx.MemberIDByEmail(ctx, o.ID, address.String())
		if errors.Is(err, store.ErrNotFound) {
			return errs.MigrateFromExternalEmailDoesNotExist
		}
		if err != nil {
			return err
		}
		_, m, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), ids.MemberRef(id))
		if err != nil {
			return err
		}
		result, err = s.Login.Vouch(ctx, tx, login.Vouched{
			Project: p, Organization: o, Member: m, Shown: &session.Shown{}, Terms: in.Terms, RequestID: in.RequestID,
			Factor: factor(store.FactorImported, store.DeliverImported, tx.Now()),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, s.Login.Open(p, result)
}

// userinfo asks whose token it is (OpenID Connect Core §5.3). An address that the other system itself has not verified
// is anybody's to claim, so it is refused.
func (s *Service) userinfo(ctx context.Context, url string, token secret.String) (email.Address, error) {
	if token == "" || len(token) > maxToken || !isBearer(token.Reveal()) {
		return "", errors.New("the token cannot be one")
	}
	var about struct {
		Email    string `json:"email"`
		Verified any    `json:"email_verified"` // a text at some systems
	}
	if err := s.getJSON(ctx, url, token.Reveal(), &about); err != nil {
		return "", err
	}
	if about.Verified != nil && about.Verified != true && about.Verified != "true" {
		return "", errors.New("the address is not verified there")
	}
	return email.Parse(about.Email)
}

// isBearer checks the form of RFC 6750 §2.1, so that a token cannot become another header.
func isBearer(token string) bool {
	for i := range len(token) {
		if c := token[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
