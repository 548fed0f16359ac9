package aws_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestContract(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	const session = "IQoJb3JpZ2luX2VjEXAMPLE"
	smstest.Run(t, smstest.Setup{
		New: func(client *httpx.Client, base string) sms.Sender {
			c := config(nil)
			c.SessionToken, c.HTTP, c.BaseURL = session, client, base
			c.SNS = httpx.New(httpx.Options{Transport: fake.RoundTripper()})
			return aws.New(c)
		},
		Secrets:     []string{vendors.AWSSecret, vendors.AWSKey, session},
		Read:        read,
		MinValidity: 5 * time.Second,
		NoCallback:  true,
		Taken:       smstest.Answer{Body: `{"MessageId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"}`},
		Result:      sms.Result{ProviderID: "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"},
		Refusals: map[string]smstest.Refusal{
			"opted out":  refused(400, "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", sms.OptedOut),
			"no sender":  refused(400, "ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", sms.OtherRoute),
			"bad number": refused(400, "ValidationException", "INVALID_PARAMETER", sms.Permanent),
			"no country": refused(400, "ValidationException", "DESTINATION_COUNTRY_BLOCKED", sms.OtherRoute),
			"spent":      refused(400, "ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", sms.OtherRoute),
			"denied":     refused(400, "AccessDeniedException", "", sms.OtherRoute),
			"disabled":   refused(400, "AccessDeniedException", "ACCOUNT_DISABLED", sms.OtherRoute),
			"not found":  refused(400, "ResourceNotFoundException", "", sms.OtherRoute),
			"too many":   refused(400, "ThrottlingException", "", sms.Later),
			"broken":     refused(500, "InternalServerException", "", sms.Later),
			"unheard of": refused(400, "ConflictException", "SOMETHING_NEW", sms.OtherRoute),
		},
		Broken: func(client *httpx.Client) sms.Sender {
			return aws.New(aws.Config{
				Region: "Europe", AccessKeyID: "ASIA", From: "Acme & Sons", ConfigurationSet: "a b", TopicARN: "arn",
				BaseURL: "http://sms.example.com", HTTP: client,
			})
		},
		Settings: []string{
			"aws-region", "aws-access-key-id", "aws-secret-access-key", "aws-session-token", "aws-from",
			"aws-configuration-set", "aws-topic-arn", "aws-base-url",
		},
		Receipts: receipts(fake),
		Learned:  &smstest.Answer{Body: `{"MessageId":"1","MessageFeedbackStatus":"RECEIVED"}`},
	})
}

// read takes a call for a text apart.
func read(t *testing.T, r *http.Request, body []byte) smstest.Sent {
	t.Helper()
	var in struct {
		DestinationPhoneNumber, MessageBody string
		TimeToLive                          int
	}
	if err := json.Unmarshal(body, &in); err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" {
		t.Error("another call")
	}
	return smstest.Sent{
		To: in.DestinationPhoneNumber, Body: in.MessageBody, ValidFor: time.Duration(in.TimeToLive) * time.Second,
	}
}

// refused is an error of the service. Its message repeats the number, as the service's do.
func refused(status int, name, reason string, class sms.Class) smstest.Refusal {
	answer := map[string]any{
		"__type": "com.amazonaws.pinpointsmsvoicev2#" + name, "Message": smstest.To + " is not good for " + smstest.Text,
	}
	code := name
	if reason != "" {
		answer["Reason"] = reason
		code = reason
	}
	if reason == "INVALID_PARAMETER" {
		answer["Fields"] = []map[string]string{{"Name": "DestinationPhoneNumber", "Message": smstest.To}}
	}
	body, _ := json.Marshal(answer)
	return smstest.Refusal{
		Answer: smstest.Answer{Status: status, Body: string(body)}, Want: sms.Error{Class: class, Code: code},
	}
}

func receipts(fake *vendors.AWS) *smstest.Receipts {
	report := func(kind string, final bool, want sms.Receipt) smstest.Report {
		sent := vendors.AWSText{ID: "id-1", To: smstest.To, From: vendors.AWSFrom, Body: smstest.Text}
		body, _ := json.Marshal(fake.Event(sent, kind, final))
		want.ProviderID, want.Price = "id-1", sms.Price{Micros: 95820, Currency: "USD"}
		return smstest.Report{Body: string(body), Want: want}
	}
	failed := func(class sms.Class, code string) sms.Receipt {
		return sms.Receipt{Status: sms.Failed, Error: &sms.Error{Class: class, Code: code}}
	}
	// Each body is signed once: the suite asks for some thousands of requests.
	var signed sync.Map
	sign := func(address string, body []byte) *http.Request {
		e, there := signed.Load(string(body))
		if !there {
			e, _ = signed.LoadOrStore(string(body), fake.Sign(fake.Envelope("Notification", string(body)), "2"))
		}
		return fake.Post(address, e.(map[string]string))
	}
	return &smstest.Receipts{
		Sign: sign,
		Forge: func(address string, body []byte) *http.Request {
			e := fake.Envelope("Notification", string(body))
			forged := fake.Sign(fake.Envelope("Notification", "another"), "2")
			e["SignatureVersion"], e["Signature"] = "2", forged["Signature"]
			return fake.Post(address, e)
		},
		SignatureInBody:  true,
		AddressNotSigned: true,
		Reports: map[string]smstest.Report{
			"queued":          report("TEXT_QUEUED", false, sms.Receipt{Status: sms.Pending}),
			"with carrier":    report("TEXT_SUCCESSFUL", false, sms.Receipt{Status: sms.Sent}),
			"delivered":       report("TEXT_DELIVERED", true, sms.Receipt{Status: sms.Delivered}),
			"bad number":      report("TEXT_INVALID", true, failed(sms.Permanent, "TEXT_INVALID")),
			"carrier blocked": report("TEXT_CARRIER_BLOCKED", true, failed(sms.OtherRoute, "TEXT_CARRIER_BLOCKED")),
			"unreachable":     report("TEXT_UNREACHABLE", true, failed(sms.Later, "TEXT_UNREACHABLE")),
		},
		Unreadable: map[string]string{
			"no message":   `{"eventType":"TEXT_DELIVERED"}`,
			"no type":      `{"messageId":"id-1"}`,
			"strange type": `{"eventType":"TEXT_LOST","messageId":"id-1"}`,
			"not JSON":     `eventType=TEXT_DELIVERED`,
		},
	}
}
