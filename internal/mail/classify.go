package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"github.com/thimble-auth/thimble/internal/httpx"
)

// classify turns the library's error into ours. Of the server's answer only the codes are kept.
func classify(ctx context.Context, err error) *Error {
	if send, ok := errors.AsType[*gomail.SendError](err); ok && send.ErrorCode() != 0 {
		return answered(send.Reason, send.ErrorCode(), send.EnhancedStatusCode())
	}
	if ctx.Err() != nil {
		return &Error{Class: Later, Reason: httpx.Reason(ctx.Err())}
	}
	// Before the mail itself: greeting, hello, encryption or login.
	if p, ok := errors.AsType[*textproto.Error](err); ok {
		e := &Error{Class: Settings, Code: strconv.Itoa(p.Code), Reason: "the server does not let us in"}
		if p.Code < 500 {
			e.Class, e.Reason = Later, "the server is busy"
		}
		return e
	}
	return unanswered(err)
}

// answered reads the server's refusal of a command that carried the mail (RFC 5321 §4.2.1: 4 may pass, 5 will not).
func answered(at gomail.SendErrReason, code int, enhanced string) *Error {
	e := &Error{Class: Permanent, Code: strconv.Itoa(code)}
	if enhanced != "" {
		e.Code += " " + enhanced
	}
	switch {
	case code < 500:
		e.Class, e.Reason = Later, "the server is busy or the mailbox not ready"
	case code == 530 || code == 534 || code == 535 || code == 538:
		e.Class, e.Reason = Settings, "the server wants a login or another one (RFC 4954)"
	case at == gomail.ErrSMTPMailFrom:
		e.Class, e.Reason = Settings, "the server does not take mail from this sender"
	case at == gomail.ErrSMTPRcptTo:
		e.Reason = "the server does not take mail for this recipient"
	default:
		e.Reason = "the server does not take this content"
	}
	return e
}

// unanswered tells settings that cannot work from connections that may work later.
func unanswered(err error) *Error {
	if isTLS(err) {
		return &Error{Class: Settings, Reason: httpx.Reason(err)}
	}
	if isConnection(err) {
		return &Error{Class: Later, Reason: httpx.Reason(err)}
	}
	// The library itself would not go on: no STARTTLS where it is a must, or no login that both sides know.
	return &Error{Class: Settings, Reason: "the server offers no STARTTLS, or no login that we know"}
}

func isTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert)
}

func isConnection(err error) bool {
	var network net.Error
	var protocol textproto.ProtocolError
	if errors.As(err, &network) || errors.As(err, &protocol) {
		return true
	}
	for _, ended := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed} {
		if errors.Is(err, ended) {
			return true
		}
	}
	return false
}
