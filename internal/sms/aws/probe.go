package aws

import (
	"context"
	"errors"
	"slices"
	"strings"

	api "github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

var _ sms.Prober = (*Sender)(nil)

// Probe describes the account, and the configuration set and the number if they are set
// (https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_DescribeAccountAttributes.html,
// …/API_DescribeConfigurationSets.html and …/API_DescribePhoneNumbers.html, read 2026-11-23). Each of these calls needs
// a permission of its own, without which texts are sent all the same. Of sender ids and pools nothing is asked.
func (s *Sender) Probe(ctx context.Context) error {
	if s.problems != nil {
		return s.problems
	}
	err := s.probeAccount(ctx)
	for _, f := range sms.Findings(err) {
		if !f.Doubt { // wrong credentials are found once
			return err
		}
	}
	return errors.Join(err, s.probeSet(ctx), s.probeNumber(ctx))
}

func (s *Sender) probeAccount(ctx context.Context) error {
	answer, err := s.client.DescribeAccountAttributes(ctx, &api.DescribeAccountAttributesInput{})
	if err != nil {
		return finding(err, "aws-access-key-id", "sms-voice:DescribeAccountAttributes")
	}
	for _, a := range answer.AccountAttributes {
		if a.Name == types.AccountAttributeNameAccountTier && a.Value != nil && *a.Value == "SANDBOX" {
			return sms.Doubtful("aws-access-key-id", "the account is in the sandbox, which texts verified numbers alone: "+
				"ask AWS for production access")
		}
	}
	return nil
}

func (s *Sender) probeSet(ctx context.Context) error {
	name := s.config.ConfigurationSet
	if name == "" {
		return nil
	}
	answer, err := s.client.DescribeConfigurationSets(ctx, &api.DescribeConfigurationSetsInput{
		ConfigurationSetNames: []string{name},
	})
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing) || err == nil && len(answer.ConfigurationSets) != 1:
		return sms.Wrong("aws-configuration-set", "the account has no such configuration set in aws-region")
	case err != nil:
		return finding(err, "aws-configuration-set", "sms-voice:DescribeConfigurationSets")
	case s.topic.arn == "" || slices.ContainsFunc(answer.ConfigurationSets[0].EventDestinations, s.publishes):
		return nil
	}
	return sms.Wrong("aws-topic-arn", "no enabled event destination of aws-configuration-set publishes to this topic")
}

// publishes reports whether an event destination is that of the topic.
func (s *Sender) publishes(d types.EventDestination) bool {
	return d.Enabled != nil && *d.Enabled && d.SnsDestination != nil && d.SnsDestination.TopicArn != nil &&
		*d.SnsDestination.TopicArn == s.topic.arn
}

func (s *Sender) probeNumber(ctx context.Context) error {
	from := s.config.From
	if !strings.HasPrefix(from, "+") {
		return nil
	}
	pages := api.NewDescribePhoneNumbersPaginator(s.client, &api.DescribePhoneNumbersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return finding(err, "aws-from", "sms-voice:DescribePhoneNumbers")
		}
		for _, n := range page.PhoneNumbers {
			if n.PhoneNumber != nil && *n.PhoneNumber == from {
				return usable(n)
			}
		}
	}
	return sms.Wrong("aws-from", "the account has no such number in aws-region")
}

func usable(n types.PhoneNumberInformation) error {
	switch {
	case !slices.Contains(n.NumberCapabilities, types.NumberCapabilitySms):
		return sms.Wrong("aws-from", "this number cannot send texts")
	case n.Status != types.NumberStatusActive:
		return sms.Wrong("aws-from", "the number is not active yet, or not any more: see the console")
	}
	return nil
}

// blame is the setting that a refusal of any call is about.
var blame = map[string]string{
	"ExpiredTokenException": "aws-session-token",

	"InvalidClientTokenId": "aws-access-key-id", "UnrecognizedClientException": "aws-access-key-id",
	"OptInRequired": "aws-access-key-id",

	"IncompleteSignature": "aws-secret-access-key", "IncompleteSignatureException": "aws-secret-access-key",
	"InvalidSignatureException": "aws-secret-access-key", "RequestExpired": "aws-secret-access-key",

	"InvalidAction": "aws-region", "UnknownOperationException": "aws-region",
}

// finding says what a failed question about a setting tells.
func finding(err error, setting, permission string) error {
	var refused smithy.APIError
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil || answer.Response.Response == nil ||
		answer.HTTPStatusCode() == 0 {
		return sms.Unreached("aws-region", httpx.Reason(err))
	}
	if !errors.As(err, &refused) {
		return sms.Unexpected(setting, answer.HTTPStatusCode())
	}
	code := refused.ErrorCode()
	if wrong := blame[code]; wrong != "" {
		return sms.Wrong(wrong, "%s", exceptions[code].reason)
	}
	if code == "AccessDeniedException" || code == "NotAuthorized" {
		return sms.Doubtful(setting, "it could not be looked at: allow the user %s", permission)
	}
	return sms.Unexpected(setting, answer.HTTPStatusCode())
}
