package aws_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/internal/sms/smstest"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestProbeContract(t *testing.T) {
	t.Parallel()
	fake := vendors.NewAWS()
	smstest.RunProbe(t, smstest.Probing{
		New: func(client *httpx.Client) sms.Prober {
			c := config(nil)
			c.HTTP = client
			return aws.New(c)
		},
		Broken:    func(client *httpx.Client) sms.Prober { return aws.New(aws.Config{HTTP: client}) },
		Provider:  fake.RoundTripper(),
		Unreached: "aws-region",
		Secrets:   []string{vendors.AWSSecret},
		Harmless: func(r *http.Request) bool {
			return strings.HasPrefix(r.Header.Get("X-Amz-Target"), "PinpointSMSVoiceV2.Describe")
		},
	})
}

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config func(c *aws.Config)
		change func(what string, answer map[string]any)
		denied string
		status int
		asked  int
		want   []string
	}{
		"all":              {asked: 3},
		"nothing but keys": {config: func(c *aws.Config) { c.From, c.ConfigurationSet, c.TopicARN = "", "", "" }, asked: 1},
		"a pool":           {config: func(c *aws.Config) { c.From = "pool-1" }, asked: 2},
		"wrong secret": {
			config: func(c *aws.Config) { c.SecretAccessKey = "nope" },
			want:   []string{"aws-secret-access-key"},
		},
		"wrong key": {
			config: func(c *aws.Config) { c.AccessKeyID = "AKIAIOSFODNN7EXAMPLF" },
			want:   []string{"aws-access-key-id"},
		},
		"sandbox": {
			change: first("aws account", "AccountAttributes", "Value", "SANDBOX"),
			asked:  3, want: []string{"aws-access-key-id?"},
		},
		"may not describe the account": {
			denied: "DescribeAccountAttributes", asked: 2, want: []string{"aws-access-key-id?"},
		},
		"may not describe sets":    {denied: "DescribeConfigurationSets", asked: 2, want: []string{"aws-configuration-set?"}},
		"may not describe numbers": {denied: "DescribePhoneNumbers", asked: 2, want: []string{"aws-from?"}},
		"strange set": {
			config: func(c *aws.Config) { c.ConfigurationSet = "other" },
			asked:  2, want: []string{"aws-configuration-set"},
		},
		"strange number": {
			config: func(c *aws.Config) { c.From = "+15005550001" },
			asked:  3, want: []string{"aws-from"},
		},
		"number without texts": {
			change: first("aws numbers", "PhoneNumbers", "NumberCapabilities", []any{"VOICE"}),
			asked:  3, want: []string{"aws-from"},
		},
		"number not active": {
			change: first("aws numbers", "PhoneNumbers", "Status", "PENDING"),
			asked:  3, want: []string{"aws-from"},
		},
		"events go nowhere": {
			change: first("aws sets", "ConfigurationSets", "EventDestinations", []any{}),
			asked:  3, want: []string{"aws-topic-arn"},
		},
		"another topic": {
			config: func(c *aws.Config) { c.TopicARN += "-2" },
			asked:  3, want: []string{"aws-topic-arn"},
		},
		"events switched off": {
			change: func(what string, answer map[string]any) {
				if what == "aws sets" {
					set := answer["ConfigurationSets"].([]any)[0].(map[string]any)
					set["EventDestinations"].([]any)[0].(map[string]any)["Enabled"] = false
				}
			},
			asked: 3, want: []string{"aws-topic-arn"},
		},
		"busy": {status: 503, asked: 3, want: []string{"aws-access-key-id?", "aws-configuration-set?", "aws-from?"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := vendors.NewAWS()
			fake.Desk.Change, fake.Denied, fake.Desk.Do.Status = tt.change, tt.denied, tt.status
			c := config(fake.RoundTripper())
			if tt.config != nil {
				tt.config(&c)
			}
			smstest.WantFindings(t, aws.New(c).Probe(t.Context()), tt.want...)
			if fake.Desk.Asked() != tt.asked || len(fake.Texts()) != 0 || len(fake.Redeemed()) != 0 {
				t.Errorf("%d good questions and %d texts, want %d and none", fake.Desk.Asked(), len(fake.Texts()), tt.asked)
			}
		})
	}
}

// first changes the first entry of an answer's list.
func first(question, list, name string, value any) func(what string, answer map[string]any) {
	return func(what string, answer map[string]any) {
		if what == question {
			answer[list].([]any)[0].(map[string]any)[name] = value
		}
	}
}
