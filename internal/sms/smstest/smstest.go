// Package smstest holds every adapter of a provider to the contract of package sms: what is sent, what each answer and
// each silence becomes, whose reports are believed, and that nothing of a message or a credential shows in errors.
//
// An adapter's test calls Run with a Setup. What a provider alone has, such as the table of its codes or the
// examples of its documentation, stays in that test.
package smstest

import (
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// What the suite sends. Answers of a Setup should repeat number and text where the real provider's do: an error that
// lets them through is then found.
const (
	// To is the number.
	To = "+12025550123"
	// Code is the secret part of the text.
	Code = "493817"
	// Text is the whole text. What needs escaping in forms, JSON and XML is in it.
	Text = "Åcme & Co <b>: your \"code\" is " + Code + " 100% +=;\\\n@auth.example.com #" + Code
	// Callback is the address for reports.
	Callback = "https://auth.example.com/callbacks/sms/provider/message-live-1/" + callbackMAC
	// ID is our id of the message.
	ID = "message-live-1"

	callbackMAC = "bWFjLW9mLXRoZS1jYWxsYmFjaw"
)

// BaseURL is the address that New is given: plain HTTP on this machine, so that no TLS is between the suite and the
// adapter. There is no server; the client given along answers.
const BaseURL = "http://127.0.0.1:80"

// Answer is what a provider says to a call.
type Answer struct {
	// Status is the HTTP status. 0 is 200.
	Status int
	// Header holds what is besides the body, if anything.
	Header map[string]string
	// Body is the whole body.
	Body string
}

// Refusal is an answer and the error that it must become.
type Refusal struct {
	// Answer is the provider's.
	Answer Answer
	// Want is the error. Its Reason is not compared, and must not be empty.
	Want sms.Error
}

// Sent is what a call told the provider, in our terms.
type Sent struct {
	// To is the number with its plus, whether the provider wants the plus or not.
	To string
	// Body is the text, or what the provider is told of it: see Setup.Words.
	Body string
	// ValidFor is the validity, or 0 when the call names none.
	ValidFor time.Duration
	// CallbackURL is where reports shall go, or "".
	CallbackURL string
}

// Setup describes one adapter.
type Setup struct {
	// New makes a sender with good settings, which calls base through client.
	New func(client *httpx.Client, base string) sms.Sender
	// Secrets are the credentials in every form in which they travel, such as the value of the Authorization header.
	Secrets []string

	// Read takes a call apart as the provider would.
	Read func(t *testing.T, r *http.Request, body []byte) Sent
	// Words are what a call says of a message, as Sent.Body has it. nil: its Body.
	Words func(m sms.Message) string
	// NoValidity says that the provider knows no validity period.
	NoValidity bool
	// MinValidity is the shortest validity that the provider takes; what has less left is refused unsent. 0 is a
	// second.
	MinValidity time.Duration
	// NoCallback says that the provider takes no address for reports with a message.
	NoCallback bool

	// Taken is the answer to a message that was taken, and Result what it says.
	Taken  Answer
	Result sms.Result
	// Refusals are answers by name, with at least one for each class.
	Refusals map[string]Refusal
	// Lacks names the classes that the provider's answers never are.
	Lacks []sms.Class

	// Broken makes a sender whose every setting is wrong, secrets empty. Settings are the names of all of them, as in
	// "twilio-auth-token", each of which Check names.
	Broken   func(client *httpx.Client) sms.Sender
	Settings []string

	// Receipts are the provider's reports; nil when it sends none.
	Receipts *Receipts
	// Learned is the answer to a redemption that was taken note of; nil when the provider takes none.
	Learned *Answer
}

// Receipts describes a provider's reports.
type Receipts struct {
	// Sign makes the request that carries a report to an address, signed by the provider, now.
	Sign func(address string, body []byte) *http.Request
	// Forge is the same by somebody with another key.
	Forge func(address string, body []byte) *http.Request
	// Stale is the same as Sign, but made too long ago. nil when signatures hold no time.
	Stale func(address string, body []byte) *http.Request
	// SignatureInBody says that the signature is in the body, so that headers change nothing.
	SignatureInBody bool
	// AddressNotSigned says that the signature holds for whatever address, which is then all that the provider offers.
	AddressNotSigned bool
	// BodyNotSigned says that what authenticates a report holds for whatever body, which is then all that the provider
	// offers.
	BodyNotSigned bool

	// Reports are bodies by name and what they say. There are two at least.
	Reports map[string]Report
	// Unreadable are bodies that are no report, by name; they come rightly signed.
	Unreadable map[string]string
}

// Report is the body of a report and what it says. The Reason of Want.Error is not compared, and must not be empty.
type Report struct {
	Body string
	Want sms.Receipt
}

// Run holds an adapter to the contract.
func Run(t *testing.T, s Setup) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Setup){
		"taken":        testTaken,
		"validity":     testValidity,
		"callback":     testCallback,
		"refusals":     testRefusals,
		"statuses":     testStatuses,
		"retry after":  testRetryAfter,
		"redirects":    testRedirects,
		"garbage":      testGarbage,
		"cut answers":  testCut,
		"bent answers": testBent,
		"long answers": testLong,
		"silence":      testSilence,
		"no network":   testNoNetwork,
		"concurrency":  testConcurrency,
		"printing":     testPrinting,
		"settings":     testSettings,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
	if s.Receipts != nil {
		t.Run("receipts", func(t *testing.T) {
			t.Parallel()
			testReceipts(t, s)
		})
	}
	if s.Learned != nil {
		t.Run("redeemed", func(t *testing.T) {
			t.Parallel()
			testRedeemed(t, s)
		})
	}
}

// Message is the text that the suite sends.
func Message() sms.Message {
	return sms.Message{
		ID: ID, To: To, Body: Text, Code: Code, Locale: "en", ValidFor: 2 * time.Minute, CallbackURL: Callback,
	}
}
