package aws

import (
	"errors"
	"fmt"
	"strings"

	"github.com/thimble-auth/thimble/internal/httpx"
)

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	letters = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// check reports all that is wrong with the settings at once, by the names of the settings. The patterns are those of
// the service's model (see minLife).
func check(c Config) error {
	var problems []error
	wrong := func(bad bool, text string) {
		if bad {
			problems = append(problems, errors.New(text))
		}
	}
	wrong(!isRegion(c.Region), "aws-region must be a region, such as eu-west-1")
	wrong(!isText(c.AccessKeyID, letters+digits, 16, 128), "aws-access-key-id must be 16 to 128 letters and digits")
	wrong(c.SecretAccessKey == "", "aws-secret-access-key is missing")
	wrong(strings.HasPrefix(c.AccessKeyID, "ASIA") && c.SessionToken == "",
		"aws-session-token is missing: aws-access-key-id is that of temporary credentials")
	wrong(c.From != "" && !isText(c.From, letters+digits+"_:/+-", 1, 256),
		"aws-from must be a number with +, a sender id or a pool, by id or ARN")
	wrong(c.ConfigurationSet != "" && !isText(c.ConfigurationSet, letters+digits+"_:/-", 1, 256),
		"aws-configuration-set must be a name or an ARN")
	if c.TopicARN != "" {
		_, ok := parseTopic(c.TopicARN)
		wrong(!ok, "aws-topic-arn must be arn:aws:sns:REGION:ACCOUNT:NAME")
		wrong(c.ConfigurationSet == "", "aws-configuration-set is missing: without it nothing comes to aws-topic-arn")
	}
	if c.BaseURL != "" {
		if _, err := httpx.Base(c.BaseURL); err != nil {
			problems = append(problems, fmt.Errorf("aws-base-url is wrong: %w", err))
		}
	}
	wrong(c.HTTP == nil, "aws: no HTTP client")
	return errors.Join(problems...)
}

// isRegion reports whether a text has the form of a region: two letters, words and one digit, joined by hyphens. It
// becomes a part of host names.
func isRegion(text string) bool {
	parts := strings.Split(text, "-")
	last := len(parts) - 1
	if last < 2 || last > 4 || len(parts[0]) != 2 || !isText(parts[last], digits, 1, 1) {
		return false
	}
	for _, part := range parts[:last] {
		if !isText(part, lower, 1, 12) {
			return false
		}
	}
	return true
}

// topic is an SNS topic, taken apart.
type topic struct {
	arn string
	// host is where the topic's certificates and confirmations are.
	host string
}

// parseTopic reads arn:PARTITION:sns:REGION:ACCOUNT:NAME.
func parseTopic(arn string) (topic, bool) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" || !isRegion(parts[3]) ||
		!isText(parts[4], digits, 12, 12) || !isText(parts[5], letters+digits+"_-.", 1, 256) {
		return topic{}, false
	}
	host := "sns." + parts[3] + ".amazonaws.com"
	switch parts[1] {
	case "aws", "aws-us-gov":
	case "aws-cn":
		host += ".cn"
	default:
		return topic{}, false
	}
	return topic{arn: arn, host: host}, true
}

// isText reports whether a text has from low to high characters, all of them among the given ones.
func isText(text, characters string, low, high int) bool {
	return len(text) >= low && len(text) <= high && strings.Trim(text, characters) == ""
}
