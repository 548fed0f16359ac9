package sms

import (
	"errors"
	"time"
)

// Class says what to do about a message that was not taken or not delivered.
type Class int

// The classes. Permanent: this message will never arrive, by whatever route. OtherRoute: this account or route cannot
// carry it, another may. Later: the same call may succeed after a pause. OptedOut: the number's owner asked for no more
// messages; nothing may be sent until that is taken back.
const (
	Permanent Class = iota + 1
	OtherRoute
	Later
	OptedOut
)

// String names the class in lower case with underscores, for logs and metrics.
func (c Class) String() string {
	switch c {
	case Permanent:
		return "permanent"
	case OtherRoute:
		return "other_route"
	case Later:
		return "later"
	case OptedOut:
		return "opted_out"
	}
	return "unknown"
}

// Error is why a message was not taken or not delivered. It holds no number, no text and no secret.
type Error struct {
	// Class says what to do.
	Class Class
	// Code is the provider's own code, or "" when the provider gave none.
	Code string
	// Reason is what the code means, in our words.
	Reason string
	// RetryAfter is the pause the provider asked for, or 0.
	RetryAfter time.Duration
	// Unanswered says that the provider may have taken the message, and will report on it if it did. Class is Later.
	Unanswered bool
}

// Error writes class, code and reason.
func (e *Error) Error() string {
	if e.Code == "" {
		return "sms: " + e.Class.String() + ": " + e.Reason
	}
	return "sms: " + e.Class.String() + " " + e.Code + ": " + e.Reason
}

// AsError gives the *Error in an error of Send; an error that holds none is one that may pass later.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Class: Later, Reason: "the message could not be handed over"}
}
