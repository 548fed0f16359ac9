// Package mail sends e-mail through any SMTP server.
package mail

import (
	"context"
	"errors"
)

// Message is one mail to one person.
type Message struct {
	// ID is our own id of the message. With the sender's domain it becomes the Message-ID header, so that a mail that
	// is sent twice after a crash is one mail to those who look.
	ID string
	// From is the sender: an address, or a name and an address as in Acme <login@example.com>.
	From string
	// To is the recipient's address, without a name.
	To string
	// Subject is one line.
	Subject string
	// Text is the plain body, HTML the same for those who show it. At least Text is needed.
	Text, HTML string
}

// Sender hands mails over. It is safe for concurrent use.
type Sender interface {
	// Send hands a mail over to the next server. Every error is an *Error.
	Send(ctx context.Context, m Message) error
	// Check tells what is wrong with the settings, all of it at once, without sending anything.
	Check() error
}

// Class says what to do about a mail that was not taken.
type Class int

// The classes. Permanent: this mail will never be taken. Settings: the server refuses us, whatever the mail; somebody
// has to change something. Later: the same call may succeed after a pause.
const (
	Permanent Class = iota + 1
	Settings
	Later
)

// String names the class in lower case, for logs and metrics.
func (c Class) String() string {
	switch c {
	case Permanent:
		return "permanent"
	case Settings:
		return "settings"
	case Later:
		return "later"
	}
	return "unknown"
}

// Error is why a mail was not taken. It holds no address, no text and no secret: servers like to repeat addresses in
// their answers, so none of their words are kept.
type Error struct {
	// Class says what to do.
	Class Class
	// Code is the server's answer: three digits, and the enhanced code if there was one (RFC 3463), such as "550
	// 5.1.1". It is "" when no answer came.
	Code string
	// Reason is what went wrong, in our words.
	Reason string
}

// Error writes class, code and reason.
func (e *Error) Error() string {
	if e.Code == "" {
		return "mail: " + e.Class.String() + ": " + e.Reason
	}
	return "mail: " + e.Class.String() + " " + e.Code + ": " + e.Reason
}

// AsError gives the *Error in an error of Send; an error that holds none is one that may pass later.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Class: Later, Reason: "the mail could not be handed over"}
}
