// Package aws sends texts through AWS End User Messaging SMS
// (https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html) and reads the events
// that it publishes to an SNS topic.
package aws

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
)

// Name is the provider's name in settings, logs and callback paths.
const Name = "aws"

// The bounds of TimeToLive in seconds (the type TimeToLive of the service's model,
// https://github.com/boto/botocore/blob/cd9207757d/botocore/data/pinpoint-sms-voice-v2/2022-03-31/service-2.json,
// read 2026-11-23).
const (
	minLife = 5
	maxLife = 259200
)

// contextKey is where a message carries our own id of it. The service repeats the context in every event, which is how
// a report that comes to the address of all messages finds its message.
const contextKey = "thimble_message"

// Config is one account in one region, with its sender.
type Config struct {
	// Region is where the sender is registered, such as eu-west-1.
	Region string
	// AccessKeyID and SecretAccessKey are the credentials of an IAM user that may call sms-voice:SendTextMessage and
	// sms-voice:PutMessageFeedback. Nothing else is looked at: no AWS_ variable, no profile, no metadata service.
	AccessKeyID     string
	SecretAccessKey secret.String
	// SessionToken is the third part of temporary credentials, whose key id begins with ASIA.
	SessionToken secret.String
	// From is the sender: a number, a sender id or a pool, by id or ARN. "" lets the service choose one.
	From string
	// ConfigurationSet says where events of our messages go. "" asks for none.
	ConfigurationSet string
	// TopicARN is the SNS topic that the configuration set publishes to. Without it no report is believed.
	TopicARN string
	// BaseURL replaces the region's own address. Plain http is accepted for loopback hosts only.
	BaseURL string
	// HTTP carries the calls.
	HTTP *httpx.Client
	// SNS fetches certificates and confirms subscriptions. What it is asked for comes from reports, so it must not reach
	// private addresses, whatever HTTP may. nil is HTTP.
	SNS *httpx.Client
}

// Sender sends texts from one account. It implements sms.Sender and sms.Learner.
type Sender struct {
	config   Config
	problems error
	client   *api.Client
	topic    topic
	keys     keys
}

var (
	_ sms.Sender  = (*Sender)(nil)
	_ sms.Learner = (*Sender)(nil)
)

// New makes a sender. Wrong settings are reported by Check and by every Send.
func New(c Config) *Sender {
	if c.SNS == nil {
		c.SNS = c.HTTP
	}
	s := &Sender{config: c, problems: check(c), keys: newKeys()}
	s.topic, _ = parseTopic(c.TopicARN)
	if s.problems == nil {
		s.client = client(c)
	}
	return s
}

// client makes the library's client. Everything it could take from its surroundings is given here or switched off.
func client(c Config) *api.Client {
	credentials := sdk.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
	}
	o := api.Options{
		Region: c.Region, HTTPClient: transport{c.HTTP},
		Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) { return credentials, nil }),
		// Tries are counted and spaced by whoever calls Send, within the life of the code.
		Retryer: sdk.NopRetryer{},
		// In a Lambda this step would put an environment variable into a header.
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			_, err := stack.Build.Remove("RecursionDetection")
			return err
		}},
	}
	if c.BaseURL != "" {
		o.BaseEndpoint = &c.BaseURL
	}
	return api.New(o)
}

// transport is the library's way out. The library takes a request's body back as soon as the answer begins; where that
// came before all was sent, the connection would break and the answer be lost. So the body is the transport's own, and
// can be sent again when a kept connection turns out to be closed.
type transport struct{ client *httpx.Client }

// Do sends a request.
func (t transport) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
	return t.client.Do(r)
}

// Format prints the name only: fmt looks into a struct past the guards of its secrets.
func (s *Sender) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Name) }

// Name is "aws".
func (s *Sender) Name() string { return Name }

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Quiet reports whether no topic is set, so that no report is believed.
func (s *Sender) Quiet() bool { return s.topic.arn == "" }

// Check tells what is wrong with the settings.
func (s *Sender) Check() error { return s.problems }

// Send hands a text over. TimeToLive is the rest of the text's life in whole seconds, so that the service drops what it
// could only deliver late. The callback address is not used: events go where the configuration set says. Every error is
// an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if s.problems != nil {
		return sms.Result{}, wrongSettings()
	}
	// Rounded down: rather not sent than sent after the deadline.
	seconds := int32(min(m.ValidFor/time.Second, maxLife))
	switch {
	case seconds < 1:
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	case seconds < minLife:
		return sms.Result{}, &sms.Error{Class: sms.OtherRoute, Reason: "the text's life is too short for the provider"}
	}

	feedback := true
	in := &api.SendTextMessageInput{
		DestinationPhoneNumber: &m.To, MessageBody: &m.Body, MessageType: types.MessageTypeTransactional,
		TimeToLive: &seconds, MessageFeedbackEnabled: &feedback,
	}
	if s.config.From != "" {
		in.OriginationIdentity = &s.config.From
	}
	if s.config.ConfigurationSet != "" {
		in.ConfigurationSetName = &s.config.ConfigurationSet
	}
	if m.ID != "" {
		in.Context = map[string]string{contextKey: m.ID}
	}
	answer, err := s.client.SendTextMessage(ctx, in)
	if err != nil {
		return sms.Result{}, asError(err)
	}
	if answer.MessageId == nil || *answer.MessageId == "" {
		return sms.Result{}, sms.NotUnderstood()
	}
	// The number of parts and the price come with the events.
	return sms.Result{ProviderID: *answer.MessageId}, nil
}

// Redeemed tells the service that the message arrived. What is not told within an hour counts as failed there
// (https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_PutMessageFeedback.html, read 2026-11-23).
func (s *Sender) Redeemed(ctx context.Context, providerID string) error {
	if s.problems != nil {
		return wrongSettings()
	}
	_, err := s.client.PutMessageFeedback(ctx, &api.PutMessageFeedbackInput{
		MessageId: &providerID, MessageFeedbackStatus: types.MessageFeedbackStatusReceived,
	})
	if err != nil {
		return asError(err)
	}
	return nil
}

func wrongSettings() *sms.Error {
	return &sms.Error{Class: sms.OtherRoute, Reason: "the aws settings are wrong"}
}
