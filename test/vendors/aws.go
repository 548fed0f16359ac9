package vendors

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The account that a new AWS knows.
const (
	AWSRegion = "eu-west-1"
	AWSKey    = "AKIAIOSFODNN7EXAMPLE"
	AWSSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	AWSFrom   = "+12065550152"
	AWSSet    = "thimble"
	AWSTopic  = "arn:aws:sns:eu-west-1:123456789012:thimble-receipts"
)

// AWSText is one text that a client wanted to have sent, with what the fake answered.
type AWSText struct {
	// ID is the id the fake gave, or "" when it refused.
	ID string
	// The parameters of the request.
	To, From, Body, Type, Set string
	Context                   map[string]string
	Validity                  int
	Feedback                  bool
	// At is when the request was read, by the clock of the bubble if there is one.
	At time.Time
	// Exception and Reason are the refusal's.
	Exception, Reason string
}

// AWSBehaviour is how the fake treats requests that have nothing wrong in themselves. The zero value takes them at
// once.
type AWSBehaviour struct {
	// Behaviour holds what every provider may do; its Code is not used.
	Behaviour
	// Exception refuses with an error of this name, with Reason and Field where they are not empty.
	Exception, Reason, Field string
}

// AWS stands in for the calls SendTextMessage and PutMessageFeedback at https://sms-voice.REGION.amazonaws.com
// (https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html, read 2026-11-23), and
// for https://sns.REGION.amazonaws.com as far as it gives out certificates and confirms subscriptions. It is an
// http.Handler; RoundTripper and Serve connect it without a socket. Signatures are computed again from the published
// algorithm. It is stricter than the real one: members that it does not know are refused.
type AWS struct {
	door
	// Region, Key, Secret and Session are what a client must sign with; Froms and Sets the account's senders and
	// configuration sets.
	Region, Key, Secret, Session string
	Froms, Sets                  []string
	// Topic is the topic that events are published to.
	Topic string
	// Desk answers what is asked about the account, and Denied is the call for it that the user may not make.
	Desk   Desk
	Denied string
	// Forget keeps nothing, for benchmarks with millions of texts.
	Forget bool

	signer *snsSigner

	mu        sync.Mutex
	all       AWSBehaviour
	byTo      map[string]AWSBehaviour
	texts     []AWSText
	redeemed  []string
	fetched   int
	confirmed int
	broken    int
}

// NewAWS makes a fake that knows the account of the constants.
func NewAWS() *AWS {
	a := &AWS{
		Region: AWSRegion, Key: AWSKey, Secret: AWSSecret, Froms: []string{AWSFrom}, Sets: []string{AWSSet},
		Topic: AWSTopic, byTo: map[string]AWSBehaviour{}, signer: newSigner(),
	}
	a.door = door{a}
	return a
}

// Behave sets how the fake treats all numbers that BehaveTo does not name, and feedback.
func (a *AWS) Behave(b AWSBehaviour) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = b
}

// BehaveTo sets how the fake treats one number.
func (a *AWS) BehaveTo(to string, b AWSBehaviour) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.byTo[to] = b
}

// BreakSNS makes SNS answer this status to everything, 0 for none.
func (a *AWS) BreakSNS(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.broken = status
}

// Texts gives all texts that were asked for, taken or refused, oldest first.
func (a *AWS) Texts() []AWSText {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]AWSText(nil), a.texts...)
}

// Redeemed gives the ids of the messages that were reported as received.
func (a *AWS) Redeemed() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.redeemed...)
}

// Fetched and Confirmed count how often a certificate was given out and a subscription confirmed.
func (a *AWS) Fetched() (certificates, confirmed int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fetched, a.confirmed
}

// ServeHTTP answers as AWS would.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Host == a.snsHost() {
		a.serveSNS(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		a.refuse(w, AWSBehaviour{Exception: "SerializationException"})
		return
	}
	if exception := a.judgeSignature(r, body); exception != "" {
		a.refuse(w, AWSBehaviour{Exception: exception})
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.URL.RawQuery != "" ||
		r.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
		a.refuse(w, AWSBehaviour{Exception: "UnknownOperationException"})
		return
	}
	call, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "PinpointSMSVoiceV2.")
	switch {
	case call == "SendTextMessage":
		a.send(w, r, body)
	case call == "PutMessageFeedback":
		a.feedback(w, r, body)
	case a.question(w, r, call, body):
	default:
		a.refuse(w, AWSBehaviour{Exception: "UnknownOperationException"})
	}
}

func (a *AWS) send(w http.ResponseWriter, r *http.Request, body []byte) {
	text, dry, refusal := a.readText(body)
	if refusal.Exception != "" {
		a.keep(text, refusal)
		a.refuse(w, refusal)
		return
	}
	a.mu.Lock()
	b, named := a.byTo[text.To]
	if !named {
		b = a.all
	}
	a.mu.Unlock()
	if b.Exception != "" || b.Status != 0 || b.Redirect != "" {
		wait(r, b.Delay)
		a.keep(text, b)
		a.refuse(w, b)
		return
	}
	if !dry {
		text.ID = newMessageID()
		a.keep(text, b)
	}
	a.answer(w, r, b, map[string]string{"MessageId": text.ID})
}

func (a *AWS) feedback(w http.ResponseWriter, r *http.Request, body []byte) {
	in, refusal := a.readFeedback(body)
	a.mu.Lock()
	b := a.all
	a.mu.Unlock()
	if refusal.Exception == "" && (b.Exception != "" || b.Status != 0) {
		refusal = b
	}
	if refusal.Exception != "" || refusal.Status != 0 {
		a.refuse(w, refusal)
		return
	}
	a.mu.Lock()
	a.redeemed = append(a.redeemed, in.MessageID)
	a.mu.Unlock()
	a.answer(w, r, b, map[string]string{"MessageId": in.MessageID, "MessageFeedbackStatus": in.Status})
}

func (a *AWS) keep(text AWSText, b AWSBehaviour) {
	if a.Forget {
		return
	}
	text.At, text.Exception, text.Reason = time.Now(), b.Exception, b.Reason
	a.mu.Lock()
	defer a.mu.Unlock()
	a.texts = append(a.texts, text)
}

// answer gives the result, or what the behaviour makes of it.
func (a *AWS) answer(w http.ResponseWriter, r *http.Request, b AWSBehaviour, result map[string]string) {
	wait(r, b.Delay)
	switch {
	case b.Hang:
		<-r.Context().Done()
	case b.Drop:
		panic(http.ErrAbortHandler)
	case b.Garbage:
		_, _ = io.WriteString(w, "<html>OK</html>")
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
		_ = json.NewEncoder(w).Encode(result)
	}
}

// statuses of the errors that are not 400 (the lists of errors of the calls and of all calls).
var awsStatuses = map[string]int{
	"InternalServerException": 500, "InternalFailure": 500, "ServiceUnavailable": 503, "NotAuthorized": 400,
	"InvalidClientTokenId": 403, "MissingAuthenticationToken": 403, "OptInRequired": 403,
}

// refuse answers with an error of the JSON protocol, or with a page when it has no name.
func (a *AWS) refuse(w http.ResponseWriter, b AWSBehaviour) {
	status := b.Status
	if b.Redirect != "" {
		status = http.StatusTemporaryRedirect
		w.Header().Set("Location", b.Redirect)
	}
	if b.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(b.RetryAfter))
	}
	if b.Exception == "" {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><body>"+http.StatusText(status)+"</body></html>")
		return
	}
	if status == 0 {
		status = awsStatuses[b.Exception]
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	problem := "There is a problem with +12025550123."
	answer := map[string]any{"__type": "com.amazonaws.pinpointsmsvoicev2#" + b.Exception, "Message": problem}
	if b.Reason != "" {
		answer["Reason"] = b.Reason
	}
	if b.Field != "" {
		answer["Fields"] = []map[string]string{{"Name": b.Field, "Message": problem}}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// newMessageID gives an id of the form that the service gives.
func newMessageID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return strings.ToLower(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}
