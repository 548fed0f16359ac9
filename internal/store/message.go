package store

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Message is a text or a mail: what still has to leave and the record of what became of it, in one row.
type Message struct {
	ID             string
	ProjectID      string
	OrganizationID string
	MemberID       string
	RequestID      string
	Channel        string
	Kind           string
	Recipient      string // E.164 number or address
	Country        string // of the number, ISO 3166-1 alpha-2
	Locale         string
	LinkID         string // the magic link that the mail carries, "" for texts
	Sealed         []byte // code or link and template inputs; empty once nobody needs them
	Segments       int64  // billed parts of a text, 0 while unknown
	Decision       string // why it was let through
	Status         string
	Reason         string // why it is not delivered, in our words
	Provider       string
	ProviderID     string
	Attempts       int64
	LeaseOwner     string
	LeasedUntil    time.Time
	Deadline       time.Time // after this it is of no use to anybody
	CreatedAt      time.Time
	UpdatedAt      time.Time

	SentAt        time.Time // when a provider took it, zero before
	RedeemedAt    time.Time // when its code was used, zero before
	PriceMicros   int64     // millionths of PriceCurrency, as the provider reported
	PriceCurrency string    // ISO 4217, "" while unknown

	// Reserved is what the text under way, or taken last, is taken to cost in millionths of a US dollar, Earlier what those
	// cost that were sent before it. Reserved is negative when it was given back, because nobody took the text.
	Reserved, Earlier int64
	Budgets           Budgets // that count it
}

// The channels.
const (
	ChannelSMS   = "sms"
	ChannelEmail = "email"
)

// The kinds of messages. Each has a template per language, and a rule by which it is still worth sending.
const (
	KindSMSOTP          = "sms_otp"
	KindMagicLinkLogin  = "magic_link_login"
	KindMagicLinkSignup = "magic_link_signup"

	KindMagicLinkInvite    = "magic_link_invite"
	KindMagicLinkDiscovery = "magic_link_discovery"
	KindEmailOTPLogin      = "email_otp_login"
	KindEmailOTPSignup     = "email_otp_signup"
	KindEmailOTPDiscovery  = "email_otp_discovery"
	KindPasswordReset      = "password_reset"
)

// The states of a message. It only moves forward: queued, then sent, then one of the ends. A report that it arrived
// beats every other end, because a call that seemed to fail may have been heard.
const (
	MessageQueued      = "queued"      // has to leave, or is about to
	MessageSent        = "sent"        // a provider took it
	MessageDelivered   = "delivered"   // it arrived, or lies in the inbox of a test project
	MessageUndelivered = "undelivered" // a provider took it and reported that it never arrived
	MessageFailed      = "failed"      // no provider took it
	MessageExpired     = "expired"     // it was not taken in time, or a newer code replaced it first
)

// The reasons of MessageExpired.
const (
	ReasonDeadline = "deadline"
	ReasonReplaced = "replaced"
)

const messageColumns = `id, project_id, organization_id, member_id, request_id, channel, kind, recipient, country,
	locale, link_id, sealed, segments, decision, status, reason, provider, provider_id, attempts, lease_owner,
	leased_until, deadline, created_at, updated_at, reserved_micros, budgets`

// messageRead are the columns that are read: those beyond messageColumns begin empty.
const messageRead = messageColumns + `, sent_at, redeemed_at, price_micros, price_currency, earlier_micros`

var (
	sqlInsertMessage = sqldb.SQL("insert_message", `
		INSERT INTO messages (`+messageColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
			$24, $25, $26)`)

	sqlMessage = sqldb.SQL("message", `SELECT `+messageRead+` FROM messages WHERE id = $1`)

	// Identifiers name their environment and are ordered by time: this range is what test projects sent, newest first. The
	// upper bound follows the last hexadecimal digit in every collation.
	sqlTestMessages = sqldb.SQL("test_messages", `
		SELECT `+messageRead+` FROM messages
		WHERE id > 'message-test-' AND id < 'message-test-g' AND (recipient = $1 OR $1 = '')
			AND (project_id = $2 OR $2 = '')
		ORDER BY id DESC LIMIT $3`)
)

// InsertMessage adds the message to the transaction. It goes out with the statements after it.
func (tx *Tx) InsertMessage(m *Message) {
	tx.Later(sqlInsertMessage, 1, m.ID, m.ProjectID, m.OrganizationID, m.MemberID, m.RequestID, m.Channel, m.Kind,
		m.Recipient, m.Country, m.Locale, m.LinkID, m.Sealed, m.Segments, m.Decision, m.Status, m.Reason, m.Provider,
		m.ProviderID, m.Attempts, m.LeaseOwner, micros(m.LeasedUntil), micros(m.Deadline), micros(m.CreatedAt),
		micros(m.UpdatedAt), m.Reserved, int64(m.Budgets))
}

// Message gives a message, or ErrNotFound.
func (tx *Tx) Message(ctx context.Context, id string) (*Message, error) {
	return scanMessage(func(dest ...any) error { return tx.QueryRow(ctx, sqlMessage, []any{id}, dest...) })
}

// TestMessages gives up to limit messages of test projects, newest first. An empty recipient or project means any.
func (tx *Tx) TestMessages(ctx context.Context, projectID, recipient string, limit int) ([]*Message, error) {
	return tx.messages(ctx, sqlTestMessages, recipient, projectID, limit)
}

func (tx *Tx) messages(ctx context.Context, s *sqldb.Stmt, args ...any) ([]*Message, error) {
	var all []*Message
	err := tx.Query(ctx, s, args, func(scan func(...any) error) error {
		m, err := scanMessage(scan)
		all = append(all, m)
		return err
	})
	return all, err
}

func scanMessage(scan func(...any) error) (*Message, error) {
	var m Message
	var leased, deadline, created, updated, sent, redeemed, budgets int64
	err := scan(&m.ID, &m.ProjectID, &m.OrganizationID, &m.MemberID, &m.RequestID, &m.Channel, &m.Kind, &m.Recipient,
		&m.Country, &m.Locale, &m.LinkID, &m.Sealed, &m.Segments, &m.Decision, &m.Status, &m.Reason, &m.Provider,
		&m.ProviderID, &m.Attempts, &m.LeaseOwner, &leased, &deadline, &created, &updated,
		&m.Reserved, &budgets, &sent, &redeemed, &m.PriceMicros, &m.PriceCurrency, &m.Earlier)
	if err != nil {
		return nil, err
	}
	m.Budgets = Budgets(budgets)
	m.LeasedUntil, m.Deadline = fromMicros(leased), fromMicros(deadline)
	m.CreatedAt, m.UpdatedAt = fromMicros(created), fromMicros(updated)
	m.SentAt, m.RedeemedAt = fromMicros(sent), fromMicros(redeemed)
	return &m, nil
}
