package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/notify/text"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// Content is what a message says, apart from the words around it. It is kept sealed until the message is done with, and
// put into words when it leaves.
type Content struct {
	ProjectName string `json:"project,omitempty"` // left out by Compose in test projects

	Code string `json:"code,omitempty"` // six digits
	// Texts.
	Domain string `json:"domain,omitempty"` // of the WebOTP line, "" for none
	// Channels are the project's, filled in by Compose: what is sent later goes by what was decided now.
	Channels []store.ChannelWait `json:"channels,omitempty"`
	// Wording of the project or organization, as it was when the code was made; "" for ours. A retry says the same.
	Template    string `json:"template,omitempty"`
	MaxSegments int    `json:"max_segments,omitempty"` // how many SMS it may take, 0 is 1

	// Mails.
	URL              string `json:"url,omitempty"`       // the link, whole
	LoginURL         string `json:"login_url,omitempty"` // a second link, that logs in without a password; "" for none
	OrganizationName string `json:"organization,omitempty"`
	Minutes          int    `json:"minutes,omitempty"` // how long link or code is good
}

func (c *Content) encode() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic("notify: a struct of texts has a JSON form: " + err.Error())
	}
	return b
}

// open gives the content of a row.
func (s *Service) open(m *store.Message) (Content, error) {
	var c Content
	plain, err := s.o.Keys.OpenSealed("messages", "sealed", m.ID, m.Sealed)
	if err != nil {
		return c, fmt.Errorf("open the content of a message: %w", err)
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, fmt.Errorf("read the content of a message: %w", err)
	}
	return c, nil
}

// words are a message as its reader sees it.
type words struct {
	subject, body, html string
	code                string // the one in a text
	segments            int64
}

// render puts a message into words, for the channel by which it goes: a call is heard, and WhatsApp has a text of its
// own around the code, so that what is said here is only a record.
func render(m *store.Message, c Content, by sms.Channel) (words, error) {
	tag := locale.Tag(m.Locale)
	link := text.LinkParams{
		Organization: c.OrganizationName, Project: c.ProjectName, Link: c.URL,
		ValidFor: time.Duration(c.Minutes) * time.Minute,
	}
	var mail text.Mail
	var err error
	switch m.Kind {
	case store.KindSMSOTP:
		return c.textWords(tag, by), nil
	case store.KindMagicLinkLogin:
		mail, err = text.Login(tag, link)
	case store.KindMagicLinkSignup:
		mail, err = text.Signup(tag, link)
	case store.KindMagicLinkInvite:
		mail, err = text.Invite(tag, link)
	case store.KindMagicLinkDiscovery:
		mail, err = text.Discovery(tag, link)
	case store.KindEmailOTPLogin:
		mail, err = text.LoginCode(tag, c.codeParams())
	case store.KindEmailOTPSignup:
		mail, err = text.SignupCode(tag, c.codeParams())
	case store.KindEmailOTPDiscovery:
		mail, err = text.DiscoveryCode(tag, c.codeParams())
	case store.KindPasswordReset:
		link.OtherLink = c.LoginURL
		mail, err = text.PasswordReset(tag, link)
	default:
		err = fmt.Errorf("no words for messages of the kind %q", m.Kind)
	}
	return words{subject: mail.Subject, body: mail.Text, html: mail.HTML}, err
}

func (c *Content) textWords(tag locale.Tag, by sms.Channel) words {
	p := text.Params{
		Code: c.Code, Project: c.ProjectName, Domain: c.Domain, Template: c.Template, MaxSegments: c.MaxSegments,
	}
	if by == sms.Voice {
		return words{body: text.RenderCall(tag, p), code: c.Code}
	}
	w := words{body: text.Render(tag, p), code: c.Code}
	if by == sms.SMS {
		w.segments = int64(text.Segments(w.body))
	}
	return w
}

func (c *Content) codeParams() text.CodeParams {
	return text.CodeParams{
		Organization: c.OrganizationName, Project: c.ProjectName, Code: c.Code,
		ValidFor: time.Duration(c.Minutes) * time.Minute,
	}
}
