// Package sms says what a provider of text messages does for us. Each adapter is a package below it.
package sms

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// ErrBadSignature means that a receipt was not signed by the provider for this address. The answer to it is 403.
var ErrBadSignature = errors.New("sms: the receipt's signature is wrong")

// ErrBadReceipt means that a receipt was signed rightly but cannot be read. The answer to it is 400.
var ErrBadReceipt = errors.New("sms: the receipt cannot be read")

// Message is one text to one number.
type Message struct {
	// ID is our own id of the message. Adapters pass it on where a provider can keep it.
	ID string
	// To is the number in E.164 form, such as +12025550123.
	To string
	// Body is the whole text, ready to send, or to be read aloud where Channel is Voice: see Utterances.
	Body string
	// Code is the passcode alone, for channels whose wording is the provider's.
	Code string
	// Locale is the language of Body, one of package locale's tags, such as pt-br.
	Locale string
	// ValidFor is how long the text is of use, from now. Under a second the text is not sent at all.
	ValidFor time.Duration
	// CallbackURL is where the provider reports what became of the text. "" asks for no reports.
	CallbackURL string
}

// Result is what the provider said when it took a message.
type Result struct {
	// ProviderID is the provider's id of the message.
	ProviderID string
	// Segments is the number of billed parts, or 0 when the provider does not know yet.
	Segments int
	// Price is what the message costs, where the provider says so at once.
	Price Price
}

// Price is an amount of money. The zero value says that none was reported.
type Price struct {
	// Micros are millionths of the currency's unit, never negative.
	Micros int64
	// Currency is an ISO 4217 code in upper case, such as USD.
	Currency string
}

// Channel is a way to a number.
type Channel string

// The channels.
const (
	SMS      Channel = "sms"
	WhatsApp Channel = "whatsapp"
	Voice    Channel = "voice"
)

// Sender is one channel of one provider with one account. It is safe for concurrent use.
type Sender interface {
	// Name is the provider's name in lower case, with the channel behind it where that is not SMS, such as
	// twilio_voice: for settings, logs, metrics and callback paths.
	Name() string
	// Channel is the way by which its messages reach people.
	Channel() Channel
	// Send hands a message over. Every error is an *Error.
	Send(ctx context.Context, m Message) (Result, error)
	// Receipt reads a provider's report. fullURL is the public address the provider was given, query included; body is
	// the request's whole body. The errors are ErrBadSignature and ErrBadReceipt.
	Receipt(r *http.Request, fullURL string, body []byte) (Receipt, error)
	// Check tells what is wrong with the settings, all of it at once, without sending anything.
	Check() error
}

// Status is what is known of a message that was handed over. A greater status is the later one; Delivered and Failed
// end it.
type Status int

// The statuses. Pending says nothing new: the provider still works on it.
const (
	Pending Status = iota
	Sent
	Delivered
	Failed
)

// String names the status in lower case.
func (s Status) String() string {
	switch s {
	case Sent:
		return "sent"
	case Delivered:
		return "delivered"
	case Failed:
		return "failed"
	}
	return "pending"
}

// Receipt is a provider's report on one message.
type Receipt struct {
	// ProviderID is the provider's id of the message, as in Result.
	ProviderID string
	// Status is what became of it.
	Status Status
	// Error tells why, when Status is Failed; else it is nil.
	Error *Error
	// Price is what the message cost, where the report says so.
	Price Price
}

// Reporter is a Sender whose provider reports on all messages at one address, which is not the message's own.
type Reporter interface {
	// Report reads a request as Receipt does. It may hold reports on several messages.
	Report(r *http.Request, body []byte) ([]Reported, error)
}

// Reported is a report on one message.
type Reported struct {
	// ID is our id of it: "" for a report on none of ours, such as the confirmation that reports will come.
	ID      string
	Receipt Receipt
	// Heard is a text that came in, instead of a report, where the provider has one address for both.
	Heard Heard
}

// Quiet is a Sender whose provider may never report that a text arrived. That none came means nothing then.
type Quiet interface {
	// Quiet reports whether that is so with the settings given.
	Quiet() bool
}

// Learner is a Sender whose provider wants to be told which messages did their work.
type Learner interface {
	// Redeemed tells the provider that the code of a message that it delivered was used. Every error is an *Error.
	Redeemed(ctx context.Context, providerID string) error
}
