package magiclink

import (
	"context"
	"slices"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/link"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/mailbox"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// Invite is a request to invite somebody.
type Invite struct {
	Organization ids.OrgRef
	// Person holds the address and what the member gets.
	Person member.New
	// InvitedBy is a member of the organization, "" for nobody in particular.
	InvitedBy ids.MemberRef
	Locale    locale.Input
	Mail      Mail
	By        rbac.Caller
}

// Invite makes an invited member of somebody, or of a pending member, and mails a link. Whoever is invited already gets
// another mail; an active member is refused with errs.DuplicateMemberEmail.
func (s *Service) Invite(ctx context.Context, p *store.Project, in Invite) (*mailbox.Sent, error) {
	if inSandbox(p, in.Organization, in.Person.Email) {
		return s.sandboxSent(), nil
	}
	if err := s.Mailbox.Ready(p); err != nil {
		return nil, err
	}

	var (
		sent    mailbox.Sent
		refusal *errs.Error
	)
	err := s.DB.WriteUnique(ctx, func(tx *store.Tx) (err error) {
		sent, refusal = mailbox.Sent{At: tx.Now()}, nil
		refusal, err = s.invite(ctx, tx, p, in, &sent)
		return err
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	if err != nil {
		return nil, err
	}
	return &sent, nil
}

func (s *Service) invite(
	ctx context.Context, tx *store.Tx, p *store.Project, in Invite, sent *mailbox.Sent,
) (refusal *errs.Error, err error) {
	o, err := org.Resolve(ctx, tx, p, in.Organization)
	if err != nil {
		return nil, err
	}
	sent.Organization = o
	if err := in.authorize(o); err != nil {
		return nil, err
	}
	to, tag, err := readMail(in.Person.Email, in.Locale, "", in.Mail)
	if err != nil {
		return nil, err
	}
	known, err := in.find(ctx, tx, p, o, to)
	if err != nil {
		return nil, err
	}

	l := &letter{
		purpose: link.Invite, kind: store.KindMagicLinkInvite, organization: o, member: known, to: to, tag: tag,
		asked: in.Mail.RedirectURL, life: in.Mail.life(DefaultInviteMinutes), requestID: in.By.RequestID,
		details: in.By.Details(),
	}
	if refusal, err = s.admit(ctx, tx, p, l); err != nil || refusal != nil {
		return refusal, err
	}
	if l.member, err = in.member(ctx, tx, p, o, known); err != nil {
		return nil, err
	}
	sent.Member, sent.MemberCreated = l.member, known == nil
	return nil, s.send(ctx, tx, p, l)
}

// authorize checks what a member on whose behalf the call comes may do.
func (in *Invite) authorize(o *store.Organization) error {
	if err := in.By.OnOrganizationMembers(o.ID, rbac.Create); err != nil {
		return err
	}
	if !in.By.Backend() && in.Person.TrustedMetadata != nil {
		return errs.CannotUpdateTrustedMetadata
	}
	return nil
}

// find gives the member who has the address, nil for none, if the organization lets it be invited.
func (in *Invite) find(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, to email.Address,
) (*store.Member, error) {
	if in.InvitedBy != "" {
		if _, _, err := member.Resolve(ctx, tx, p, ids.OrgRef(o.ID), in.InvitedBy); err != nil {
			return nil, err
		}
	}
	known, err := mailbox.Member(ctx, tx, p, o, to)
	if err != nil {
		return nil, err
	}
	if known != nil && known.Status == store.StatusActive {
		return nil, errs.DuplicateMemberEmail
	}
	switch o.Settings.EmailInvites {
	case store.AllAllowed:
		return known, nil
	case store.Restricted:
		if slices.Contains(o.Settings.EmailAllowedDomains, to.Domain()) {
			return known, nil
		}
	}
	return nil, errs.InvalidEmailForInvites
}

// member makes the invited member.
func (in *Invite) member(
	ctx context.Context, tx *store.Tx, p *store.Project, o *store.Organization, known *store.Member,
) (*store.Member, error) {
	if known != nil {
		return member.Invite(ctx, tx, p, o, known, in.Person)
	}
	person := in.Person
	person.Invited = true
	return member.Join(ctx, tx, p, in.By, o, person)
}
