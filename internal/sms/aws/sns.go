package aws

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // Version 1 of the signatures of SNS; the attacker would need a second preimage.
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// The types of messages that SNS sends to an address
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html, read 2026-11-23).
const (
	notification = "Notification"
	subscription = "SubscriptionConfirmation"
	farewell     = "UnsubscribeConfirmation"
)

// errNone means that SNS answered and has no such thing.
var errNone = errors.New("SNS has none")

// envelope is what SNS wraps around a message.
type envelope struct {
	Type             string
	MessageID        string `json:"MessageId"`
	TopicARN         string `json:"TopicArn"`
	Subject          *string
	Message          string
	Timestamp        string
	Token            string
	SubscribeURL     string
	SignatureVersion string
	Signature        string
	SigningCertURL   string
}

// open reads an envelope and proves that SNS made it for our topic. The errors are sms.ErrBadSignature, and others when
// the proof could not be made now.
func (s *Sender) open(ctx context.Context, body []byte) (envelope, error) {
	var e envelope
	// The topic first: nobody makes us fetch anything without naming it.
	if json.Unmarshal(body, &e) != nil || s.topic.arn == "" || e.TopicARN != s.topic.arn {
		return e, sms.ErrBadSignature
	}
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	if err != nil || len(signature) == 0 || !s.isCertificate(e.SigningCertURL) {
		return e, sms.ErrBadSignature
	}
	text, ok := e.signed()
	if !ok {
		return e, sms.ErrBadSignature
	}
	certificate, err := s.keys.get(ctx, e.SigningCertURL, s.fetch)
	if errors.Is(err, errNone) {
		return e, sms.ErrBadSignature
	}
	if err != nil {
		return e, fmt.Errorf("the certificate of SNS: %w", err)
	}
	if !verify(certificate, e, text, signature) {
		return e, sms.ErrBadSignature
	}
	return e, nil
}

// signed is the text that the signature is over: some of the fields, in the order of their names, each name and each
// value on a line (https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html, read 2026-11-23).
func (e *envelope) signed() (string, bool) {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	line("Message", e.Message)
	line("MessageId", e.MessageID)
	switch e.Type {
	case notification:
		if e.Subject != nil {
			line("Subject", *e.Subject)
		}
		line("Timestamp", e.Timestamp)
	case subscription, farewell:
		line("SubscribeURL", e.SubscribeURL)
		line("Timestamp", e.Timestamp)
		line("Token", e.Token)
	default:
		return "", false
	}
	line("TopicArn", e.TopicARN)
	line("Type", e.Type)
	return b.String(), true
}

// verify checks the signature, and that the signed time lies within the certificate's life.
func verify(certificate *x509.Certificate, e envelope, text string, signature []byte) bool {
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	if err != nil || at.Before(certificate.NotBefore) || at.After(certificate.NotAfter) {
		return false
	}
	key, ok := certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return false
	}
	switch e.SignatureVersion {
	case "1":
		sum := sha1.Sum([]byte(text)) //nolint:gosec // See the import.
		return rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature) == nil
	case "2":
		sum := sha256.Sum256([]byte(text))
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

// isCertificate reports whether an address is that of a certificate of SNS in the topic's region. It is compared as
// text, never parsed: what looks the same to us and different to a client cannot pass.
func (s *Sender) isCertificate(address string) bool {
	file, ok := strings.CutPrefix(address, "https://"+s.topic.host+"/")
	if !ok {
		return false
	}
	name, ok := strings.CutSuffix(file, ".pem")
	return ok && isText(name, letters+digits+"-_", 1, 128)
}

// fetch gets a certificate. That it comes from the topic's host, over TLS that the client checks, is what makes it one
// of SNS. Its own chain is not looked at: the answer need not hold it.
func (s *Sender) fetch(ctx context.Context, address string) (*x509.Certificate, error) {
	body, err := s.get(ctx, address)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(body)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errNone
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errNone
	}
	return certificate, nil
}

// confirm answers SNS that the subscription is wanted. Only the token is taken from the message; the address is ours.
func (s *Sender) confirm(ctx context.Context, e envelope) error {
	given, err := url.Parse(e.SubscribeURL)
	if err != nil || given.Scheme != "https" || given.Host != s.topic.host || given.User != nil {
		return sms.ErrBadReceipt
	}
	q := given.Query()
	if q.Get("Action") != "ConfirmSubscription" || q.Get("TopicArn") != s.topic.arn || q.Get("Token") != e.Token {
		return sms.ErrBadReceipt
	}
	ours := url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {s.topic.arn}, "Token": {e.Token}}
	_, err = s.get(ctx, "https://"+s.topic.host+"/?"+ours.Encode())
	if errors.Is(err, errNone) {
		return sms.ErrBadReceipt
	}
	if err != nil {
		return fmt.Errorf("confirm the subscription: %w", err)
	}
	return nil
}

func (s *Sender) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the address is not valid")
	}
	res, err := s.config.SNS.Do(req)
	if err != nil {
		return nil, errors.New(httpx.Reason(err))
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusForbidden:
		return nil, errNone
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return nil, errors.New(httpx.Reason(err))
	}
	return body, nil
}

// maxKeys bounds the certificates that are kept. SNS changes its own once in months.
const maxKeys = 8

// keys keeps certificates by their address.
type keys struct {
	// turn holds one token: whoever has it may look and fetch. So a burst of reports fetches once, and a flood of
	// made-up addresses is one call at a time.
	turn chan struct{}
	kept map[string]*x509.Certificate
}

func newKeys() keys {
	return keys{turn: make(chan struct{}, 1), kept: map[string]*x509.Certificate{}}
}

// get gives the certificate at an address, from memory or by fetch.
func (k *keys) get(
	ctx context.Context, address string, fetch func(context.Context, string) (*x509.Certificate, error),
) (*x509.Certificate, error) {
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, errors.New(httpx.Reason(ctx.Err()))
	}
	defer func() { <-k.turn }()
	if c := k.kept[address]; c != nil {
		return c, nil
	}
	c, err := fetch(ctx, address)
	if err != nil {
		return nil, err
	}
	if len(k.kept) >= maxKeys {
		clear(k.kept)
	}
	k.kept[address] = c
	return c, nil
}
