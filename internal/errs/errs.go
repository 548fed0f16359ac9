// Package errs is the closed list of what a caller can see when a call fails: status, type, message and what to do.
//
// Every variable of type *Error is one row of one table, spread over the files of this package by subject; a new error
// is one row there, and its page, its place in the OpenAPI document and its link follow. The variable's name is the
// CamelCase of the wire type. Errors that are not in the list reach the caller as internal_server_error.
package errs

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Error is what a caller may see. It is immutable: the methods that change something return a copy, so that the rows of
// the table can be shared by all requests.
type Error struct {
	// Status is the HTTP status and the body's status_code.
	Status int
	// Type is the body's error_type.
	Type string
	// Message is the body's error_message: fit for end users, free of secrets and of the caller's own input.
	Message string
	// Details becomes the body's error_details; mostly nil.
	Details map[string]any
	// RetryAfter above zero becomes the Retry-After header, in seconds, rounded up.
	RetryAfter time.Duration

	cause error // for the log only
}

// Error gives the type and the cause. It is meant for the log; callers get Message.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Type
	}
	return e.Type + ": " + e.cause.Error()
}

// Unwrap gives the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether the target is an Error of the same type, whatever its message, details and cause.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error) // errors.Is hands over each link of the chain itself
	return ok && t.Type == e.Type
}

// Because keeps a cause, for the log only.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Saying gives a more exact message. It must not repeat what the caller sent.
func (e *Error) Saying(message string) *Error {
	c := *e
	c.Message = message
	return &c
}

// After tells the caller how long to wait before the next try.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// WithDetails adds error_details, which only few types document.
func (e *Error) WithDetails(details map[string]any) *Error {
	c := *e
	c.Details = maps.Clone(details)
	return &c
}

// Entry is one row of the table with the texts of its page.
type Entry struct {
	*Error
	// Meaning says when the error is sent.
	Meaning string
	// Fix says what to do about it.
	Fix string
}

var table []Entry

// row adds a row to the table. It runs only while the package's variables are set.
func row(status int, name, message, meaning, fix string) *Error {
	e := &Error{Status: status, Type: name, Message: message}
	table = append(table, Entry{Error: e, Meaning: meaning, Fix: fix})
	return e
}

// All gives the whole list, by status and then by type, for pages and documents.
func All() []Entry {
	all := slices.Clone(table)
	slices.SortFunc(all, func(a, b Entry) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		return strings.Compare(a.Type, b.Type)
	})
	return all
}
