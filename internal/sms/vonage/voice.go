package vonage

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
)

// Voice calls a number and reads the code aloud. It implements sms.Sender.
type Voice struct{ account }

var _ sms.Sender = (*Voice)(nil)

// NewVoice makes a sender. Wrong settings are reported by Check and by every Send.
func NewVoice(c Config) *Voice {
	var own []error
	if !sms.IsNumber(c.From) {
		own = append(own, errors.New("vonage-voice-from must be a number with +"))
	}
	v := &Voice{}
	v.set(NameVoice, c, own...)
	return v
}

// Channel is sms.Voice.
func (v *Voice) Channel() sms.Channel { return sms.Voice }

// outboundCall is the body of a call (OpenAPI document of the Voice API v1, createCall, read 2026-11-23).
type outboundCall struct {
	To   []phone `json:"to"`
	From phone   `json:"from"`
	NCCO []talk  `json:"ncco"`
	// MachineDetection ends the call when a mailbox takes it: codes in mailboxes are heard by whoever guesses a PIN.
	MachineDetection string `json:"machine_detection"`
	// RingingTimer and LengthTimer are in seconds: before the call is answered and after it.
	RingingTimer int      `json:"ringing_timer"`
	LengthTimer  int      `json:"length_timer"`
	EventURL     []string `json:"event_url,omitempty"`
	EventMethod  string   `json:"event_method,omitempty"`
}

type phone struct {
	Type   string `json:"type"`
	Number string `json:"number"`
}

// maxCall ends a call that is not over when all should have been said.
const maxCall = 2 * sms.SpeakingTime

// Send starts a call. It rings only as long as what is said can still be of use; with too little time left, and for a
// language that Vonage has no voice for, there is no call. Every error is an *sms.Error.
func (v *Voice) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if err := v.ready(&m); err != nil {
		return sms.Result{}, err
	}
	ringing := sms.Ringing(m.ValidFor)
	if ringing == 0 {
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the text's life is too short for a call"}
	}
	script, err := ncco(m)
	if err != nil {
		return sms.Result{}, err
	}
	ask := outboundCall{
		To: []phone{{"phone", plain(m.To)}}, From: phone{"phone", plain(v.config.From)}, NCCO: script,
		MachineDetection: "hangup", RingingTimer: int(ringing / time.Second), LengthTimer: int(maxCall / time.Second),
	}
	if m.CallbackURL != "" {
		ask.EventURL, ask.EventMethod = []string{m.CallbackURL}, http.MethodPost
	}
	var answer struct {
		ID string `json:"uuid"`
	}
	if err := v.post(ctx, v.elsewhere("v1", "calls"), ask, &answer); err != nil {
		return sms.Result{}, err
	}
	if answer.ID == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	return sms.Result{ProviderID: answer.ID}, nil
}
