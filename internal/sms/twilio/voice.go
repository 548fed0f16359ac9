package twilio

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/thimble-auth/thimble/internal/sms"
)

// Voice calls a number and reads the code aloud. It implements sms.Sender.
type Voice struct{ account }

var _ sms.Sender = (*Voice)(nil)

// NewVoice makes a sender. Wrong settings are reported by Check and by every Send.
func NewVoice(c Config) *Voice {
	var own []error
	if !sms.IsNumber(c.From) {
		own = append(own, errors.New("twilio-voice-from must be a number with +"))
	}
	return &Voice{newAccount(NameVoice, c, "Calls.json", own...)}
}

// Channel is sms.Voice.
func (v *Voice) Channel() sms.Channel { return sms.Voice }

// callEvents are those that Twilio reports on. The last one comes for every call, answered or not.
var callEvents = []string{"answered", "completed"}

// Send starts a call. It rings only as long as what is said can still be of use; with too little time left, and for a
// language that Twilio has no voice for, there is no call. No machine detection is asked for: it costs, its answer
// comes apart from the call's end, and TwiML that travels with the call cannot hang up because of it. A short ringing
// keeps most calls from mailboxes, which is Twilio's own advice. Every error is an *sms.Error.
func (v *Voice) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := v.ready(&m); err != nil {
		return sms.Result{}, err
	}
	ringing := sms.Ringing(m.ValidFor)
	if ringing == 0 {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the text's life is too short for a call"}
	}
	script, err := twiml(m)
	if err != nil {
		return sms.Result{}, err
	}
	seconds := int((ringing - ringingSlack) / time.Second)
	params := &api.CreateCallParams{To: &m.To, From: &v.config.From, Twiml: &script, Timeout: &seconds}
	if m.CallbackURL != "" {
		params.StatusCallback, params.StatusCallbackEvent = &m.CallbackURL, &callEvents
	}
	answer, err := v.service(ctx).CreateCall(params)
	if err != nil {
		return sms.Result{}, asError(err)
	}
	return called(answer, m.ValidFor-ringing-sms.SpeakingTime)
}

// ringingSlack is what Twilio adds to the time for some calls (the description of Timeout in its API definition, read
// 2026-11-23).
const ringingSlack = 5 * time.Second

// called reads the call that Twilio made of a text. slack is how long it may wait in Twilio's queue, which moves by one
// call a second: beyond it another route does better, and the code that is then said twice is the same one.
func called(answer *api.ApiV2010Call, slack time.Duration) (sms.Result, error) {
	if answer.Sid == nil || *answer.Sid == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	if answer.QueueTime != nil {
		wait, err := strconv.ParseInt(*answer.QueueTime, 10, 64)
		if err == nil && wait > slack.Milliseconds() {
			return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the call would wait longer than the text's life"}
		}
	}
	return sms.Result{ProviderID: *answer.Sid}, nil
}

// Receipt reads a status callback of a call.
func (v *Voice) Receipt(r *http.Request, fullURL string, body []byte) (sms.Receipt, error) {
	params, err := v.verified(r, fullURL, body)
	if err != nil {
		return sms.Receipt{}, err
	}
	return v.readCall(params)
}
