package magiclink

import (
	"context"

	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/link"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// SendDiscovery is a request for a link that leads to no organization yet.
type SendDiscovery struct {
	Email         string
	PKCEChallenge string
	Locale        locale.Input
	Mail          Mail
	RequestID     string
}

// SendDiscovery mails a link to any address. Nobody is looked up: known and unknown addresses cannot be told apart.
func (s *Service) SendDiscovery(ctx context.Context, p *store.Project, in SendDiscovery) error {
	if !p.Live() && email.Address(in.Email) == sandboxEmail {
		return nil
	}
	if err := s.Mailbox.Ready(p); err != nil {
		return err
	}
	to, tag, err := readMail(in.Email, in.Locale, in.PKCEChallenge, in.Mail)
	if err != nil {
		return err
	}

	var refusal *errs.Error
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		l := &letter{
			purpose: link.Discovery, kind: store.KindMagicLinkDiscovery, to: to, tag: tag, asked: in.Mail.RedirectURL,
			life: in.Mail.life(DefaultMinutes), pkce: in.PKCEChallenge, requestID: in.RequestID,
		}
		var err error
		if refusal, err = s.admit(ctx, tx, p, l); err != nil || refusal != nil {
			return err
		}
		return s.send(ctx, tx, p, l)
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	return err
}

// AuthenticateDiscovery redeems a link of SendDiscovery: once, for a new intermediate session and the organizations that
// it leads to.
func (s *Service) AuthenticateDiscovery(
	ctx context.Context, p *store.Project, token secret.String, verifier, requestID string,
) (*discovery.Begun, error) {
	sandbox, err := s.sandboxToken(p, token)
	if err != nil {
		return nil, err
	}

	var begun *discovery.Begun
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		if sandbox {
			factor := discovery.MailFactor(p, store.FactorMagicLink, sandboxEmail, tx.Now())
			begun, err = discovery.Begin(ctx, tx, p, sandboxEmail, requestID, factor)
			return err
		}
		found, err := s.usable(ctx, tx, p, token, verifier, link.Discovery)
		if err != nil {
			return err
		}
		if err := spend(ctx, tx, found); err != nil {
			return err
		}
		address := email.Address(found.Email)
		factor := discovery.MailFactor(p, store.FactorMagicLink, address, tx.Now())
		begun, err = discovery.Begin(ctx, tx, p, address, requestID, factor)
		return err
	})
	return begun, err
}
