package password

import (
	"context"
	"errors"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/discovery"
	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/link"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// Discover logs somebody in who has not chosen an organization, by the password of the address. It fails with
// errs.CrossOrgPasswordsNotEnabled where passwords belong to members, else like Authenticate.
func (s *Service) Discover(
	ctx context.Context, p *store.Project, text string, password secret.String, requestID string,
) (*discovery.Begun, error) {
	if !p.Settings.CrossOrgPasswords {
		return nil, errs.CrossOrgPasswordsNotEnabled
	}
	address, err := email.Parse(text)
	if err != nil {
		return nil, err
	}
	g := &guess{project: p, requestID: requestID}
	err = s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		g.password, err = tx.PasswordOfAddress(ctx, p.ID, address.String())
		if errors.Is(err, store.ErrNotFound) {
			g.password, err = nil, nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	g.owner = s.addressOwner(p, g.password != nil, address.String())
	l, err := s.Pool.enter(ctx, g.owner)
	if err != nil {
		return nil, err
	}
	defer l.leave()
	if err := s.try(ctx, l, g, password); err != nil {
		return nil, err
	}
	if s.mustReset(ctx, g, password, address.String()) {
		s.giveBack(ctx, g)
		return nil, errs.MemberResetPassword
	}

	var begun *discovery.Begun
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if err := s.settle(ctx, tx, g); err != nil {
			return err
		}
		tx.NamePasswordOfAddress(p.ID, address.String(), g.password.ID)
		begun, err = discovery.Begin(ctx, tx, p, address, requestID, commonFactor(p, tx, g.password.ID, address))
		return err
	})
	return begun, err
}

// commonFactor is the password of an address as an intermediate session remembers it. It fits the members who have that
// very password: the id of its mailbox is made from the password's, see mfa.
func commonFactor(p *store.Project, tx *store.Tx, passwordID string, address email.Address) store.Factor {
	now := store.At(tx.Now())
	_, _, u, _ := ids.Parse(passwordID)
	return store.Factor{
		Type: store.FactorPassword, DeliveryMethod: store.DeliverKnowledge, SequenceOrder: store.Primary,
		LastAuthenticatedAt: now, CreatedAt: now, UpdatedAt: now,
		Email: &store.EmailFactor{EmailID: ids.Format(ids.Email, p.Env, u), Email: address.String()},
	}
}

// StartDiscoveryReset mails a link to a new password to any address. Nobody is looked up: known and unknown addresses
// cannot be told apart.
func (s *Service) StartDiscoveryReset(ctx context.Context, p *store.Project, in Start) error {
	if !p.Settings.CrossOrgPasswords {
		return errs.CrossOrgPasswordsNotEnabled
	}
	if err := s.Mailbox.Ready(p); err != nil {
		return err
	}
	to, tag, err := in.read()
	if err != nil {
		return err
	}
	var refusal *errs.Error
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		refusal, err = s.send(ctx, tx, p, &letter{purpose: link.DiscoveryReset, to: to, tag: tag, in: &in})
		return err
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	return err
}

// DiscoveryReset is a new password of an address with the token of a mail.
type DiscoveryReset struct {
	Token     secret.String
	Verifier  string
	Password  secret.String
	RequestID string
}

// ResetDiscovery gives an address a new password, ends the sessions of everybody with the address, and gives a new
// intermediate session. It fails like Reset.
func (s *Service) ResetDiscovery(ctx context.Context, p *store.Project, in DiscoveryReset) (*discovery.Begun, error) {
	if !p.Settings.CrossOrgPasswords {
		return nil, errs.CrossOrgPasswordsNotEnabled
	}
	var found *store.MagicLink
	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		found, err = usable(ctx, tx, p, in.Token, in.Verifier, link.DiscoveryReset)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.accept(ctx, p, in.Password, found.Email); err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}

	var begun *discovery.Begun
	err = s.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if err := spend(ctx, tx, found); err != nil {
			return err
		}
		begun, err = s.replaceCommon(ctx, tx, p, email.Address(found.Email), hash, in.RequestID)
		return err
	})
	return begun, err
}

func (s *Service) replaceCommon(
	ctx context.Context, tx *store.Tx, p *store.Project, address email.Address, hash, requestID string,
) (*discovery.Begun, error) {
	row := &store.Password{
		ID: ids.New(ids.Password, p.Env, tx.Now()), ProjectID: p.ID, Email: address.String(), Hash: hash,
	}
	if err := tx.PutPassword(ctx, row); err != nil {
		return nil, err
	}
	tx.ForgetPrimary(store.AddressOwner(p.ID, address.String()), store.MethodPassword,
		limit.GuessBudget(&p.Settings), false)
	tx.RevokeAddressSessions(p.ID, address.String(), "")
	record(tx, p, &store.Member{}, requestID, "password.reset.discovery", audit.Done)
	// The link was read in the mailbox just now, which is more than knowing a password.
	return discovery.Begin(ctx, tx, p, address, requestID, commonFactor(p, tx, row.ID, address),
		discovery.MailFactor(p, store.FactorMagicLink, address, tx.Now()))
}
