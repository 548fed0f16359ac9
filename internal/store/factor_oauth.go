package store

import (
	"cmp"
	"strings"
)

// How factors of providers are delivered, as the wire spells it: by the provider itself, or carried over from another
// organization.
const (
	DeliverGoogle    = "oauth_google"
	DeliverMicrosoft = "oauth_microsoft"
	DeliverHubspot   = "oauth_hubspot"
	DeliverSlack     = "oauth_slack"
	DeliverGitHub    = "oauth_github"

	oauthPrefix    = "oauth_"
	exchangePrefix = "oauth_exchange_"
)

// OAuthFactor names an account at a provider and the mailbox that it goes by. The address and what follows it are ours:
// clients know the ids alone.
type OAuthFactor struct {
	ID      string `json:"id"` // the member's registration; "" when it is another member's
	Subject string `json:"provider_subject"`
	EmailFactor
	// HostedDomain is set when the provider runs the mail of the address's domain.
	HostedDomain string `json:"hosted_domain,omitempty"`
}

// oauth gives the place of the provider's account, nil for factors of other kinds.
func (f *Factor) oauth() **OAuthFactor {
	for _, one := range [...]**OAuthFactor{&f.Google, &f.Microsoft, &f.Hubspot, &f.Slack, &f.GitHub} {
		if *one != nil {
			return one
		}
	}
	return nil
}

// exchanged gives the place of a mailbox that a provider vouched for in another organization, nil for other factors.
func (f *Factor) exchanged() **EmailFactor {
	for _, one := range [...]**EmailFactor{&f.GoogleExchange, &f.HubspotExchange, &f.SlackExchange, &f.GitHubExchange} {
		if *one != nil {
			return one
		}
	}
	return nil
}

// Mailbox gives the mailbox that the factor is about, nil for one that is about none.
func (f *Factor) Mailbox() *EmailFactor {
	if f.Email != nil {
		return f.Email
	}
	if account := f.oauth(); account != nil {
		return &(*account).EmailFactor
	}
	if mailbox := f.exchanged(); mailbox != nil {
		return *mailbox
	}
	return nil
}

// Readdress gives the factor the mailbox of another member with the same address. The registration at a provider stays
// with its member.
func (f *Factor) Readdress(mailbox EmailFactor) {
	switch account, carried := f.oauth(), f.exchanged(); {
	case account != nil && (*account).EmailID != mailbox.EmailID:
		*account = &OAuthFactor{Subject: (*account).Subject, EmailFactor: mailbox, HostedDomain: (*account).HostedDomain}
	case carried != nil:
		*carried = &mailbox
	case f.Email != nil:
		f.Email = &mailbox
	}
}

// CarryOver turns a factor of a provider into what it is worth in other organizations: the word that once came for a
// mailbox, and no account any more. Microsoft's, and Google's for the domains whose mail it runs, stay what they are.
func (f *Factor) CarryOver() {
	account := f.oauth()
	if account == nil || f.Vouched() {
		return
	}
	mailbox := (*account).EmailFactor
	switch account {
	case &f.Google:
		f.GoogleExchange = &mailbox
	case &f.Hubspot:
		f.HubspotExchange = &mailbox
	case &f.Slack:
		f.SlackExchange = &mailbox
	case &f.GitHub:
		f.GitHubExchange = &mailbox
	}
	*account = nil
	f.DeliveryMethod = exchangePrefix + strings.TrimPrefix(f.DeliveryMethod, oauthPrefix)
}

// Vouched reports whether the factor is an account at a provider that answers for the mailbox.
func (f *Factor) Vouched() bool {
	return f.Microsoft != nil || f.Google != nil && f.Google.HostedDomain != ""
}

// oauthMethod is the name under which organizations allow a provider: github_oauth.
func oauthMethod(delivery string) string {
	provider, carried := strings.CutPrefix(delivery, exchangePrefix)
	if !carried {
		provider = strings.TrimPrefix(delivery, oauthPrefix)
	}
	return provider + "_oauth"
}

// oauthID names the account, or the mailbox where it is not the member's own.
func (f *Factor) oauthID() string {
	if account := f.oauth(); account != nil {
		return cmp.Or((*account).ID, (*account).EmailID)
	}
	if mailbox := f.exchanged(); mailbox != nil {
		return (*mailbox).EmailID
	}
	return ""
}
