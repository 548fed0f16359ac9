package vendors

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds and patterns of the service's model
// (https://github.com/boto/botocore/blob/cd9207757d/botocore/data/pinpoint-sms-voice-v2/2022-03-31/service-2.json, read
// 2026-11-23).
var (
	awsNumber  = regexp.MustCompile(`^\+?[1-9][0-9]{1,18}$`)
	awsFrom    = regexp.MustCompile(`^[A-Za-z0-9_:/+-]{1,256}$`)
	awsName    = regexp.MustCompile(`^[A-Za-z0-9_:/-]{1,256}$`)
	awsID      = regexp.MustCompile(`^[A-Za-z0-9_:/-]{1,64}$`)
	awsKey     = regexp.MustCompile(`^\S{1,100}$`)
	awsTypes   = []string{"", "TRANSACTIONAL", "PROMOTIONAL"}
	awsResults = []string{"RECEIVED", "FAILED"}
)

// textRequest holds what the fake looks at of a request for a text; textMembers is all that such a request may have.
type textRequest struct {
	ConfigurationSetName   *string
	Context                map[string]string
	DestinationPhoneNumber *string
	DryRun                 bool
	MessageBody            *string
	MessageFeedbackEnabled bool
	MessageType            string
	OriginationIdentity    *string
	TimeToLive             *int
}

var textMembers = []string{
	"ConfigurationSetName", "Context", "DestinationCountryParameters", "DestinationPhoneNumber", "DryRun", "Keyword",
	"MaxPrice", "MessageBody", "MessageFeedbackEnabled", "MessageType", "OriginationIdentity", "ProtectConfigurationId",
	"TimeToLive",
}

type feedbackRequest struct {
	MessageID string `json:"MessageId"`
	Status    string `json:"MessageFeedbackStatus"`
}

// readText takes a request apart and gives what it is refused with.
func (a *AWS) readText(body []byte) (text AWSText, dry bool, refusal AWSBehaviour) {
	var in textRequest
	if !strictly(body, &in, textMembers) {
		return AWSText{}, false, AWSBehaviour{Exception: "SerializationException"}
	}
	text = AWSText{
		To: value(in.DestinationPhoneNumber), From: value(in.OriginationIdentity), Body: value(in.MessageBody),
		Type: in.MessageType, Set: value(in.ConfigurationSetName), Context: in.Context, Feedback: in.MessageFeedbackEnabled,
	}
	if in.TimeToLive != nil {
		text.Validity = *in.TimeToLive
	}
	return text, in.DryRun, a.judgeText(&in, &text)
}

func (a *AWS) judgeText(in *textRequest, text *AWSText) AWSBehaviour {
	invalid := func(field string) AWSBehaviour {
		return AWSBehaviour{Exception: "ValidationException", Reason: "INVALID_PARAMETER", Field: field}
	}
	missing := AWSBehaviour{Exception: "ResourceNotFoundException"}
	switch {
	case in.DestinationPhoneNumber == nil:
		return AWSBehaviour{
			Exception: "ValidationException", Reason: "MISSING_PARAMETER", Field: "DestinationPhoneNumber",
		}
	case !awsNumber.MatchString(text.To):
		return invalid("DestinationPhoneNumber")
	case in.OriginationIdentity != nil && !awsFrom.MatchString(text.From):
		return invalid("OriginationIdentity")
	case in.ConfigurationSetName != nil && !awsName.MatchString(text.Set):
		return invalid("ConfigurationSetName")
	case in.MessageBody != nil && !isBody(text.Body):
		return invalid("MessageBody")
	case !slices.Contains(awsTypes, text.Type):
		return invalid("MessageType")
	case in.TimeToLive != nil && (text.Validity < 5 || text.Validity > 259200):
		return invalid("TimeToLive")
	case !isContext(text.Context):
		return invalid("Context")
	case text.From != "" && !slices.Contains(a.Froms, text.From):
		return missing
	case text.Set != "" && !slices.Contains(a.Sets, text.Set):
		return missing
	}
	return AWSBehaviour{}
}

func (a *AWS) readFeedback(body []byte) (feedbackRequest, AWSBehaviour) {
	var in feedbackRequest
	if !strictly(body, &in, []string{"MessageId", "MessageFeedbackStatus"}) {
		return in, AWSBehaviour{Exception: "SerializationException"}
	}
	if !awsID.MatchString(in.MessageID) || !slices.Contains(awsResults, in.Status) {
		return in, AWSBehaviour{Exception: "ValidationException", Reason: "INVALID_PARAMETER", Field: "MessageId"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, text := range a.texts {
		if text.ID == in.MessageID && text.Feedback {
			return in, AWSBehaviour{}
		}
	}
	return in, AWSBehaviour{Exception: "ResourceNotFoundException"}
}

// strictly reads one JSON object with members of the given names alone. Package json would take them in any case.
func strictly(body []byte, in any, names []string) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return false
	}
	for name := range members {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return json.Unmarshal(body, in) == nil
}

// isBody is (?!\s*$)[\s\S]+ of 1 to 1600 characters.
func isBody(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= 1600 && strings.TrimSpace(text) != ""
}

// isContext is up to five keys without spaces, with values of 1 to 800 characters that neither begin nor end with one.
func isContext(context map[string]string) bool {
	for key, value := range context {
		if !awsKey.MatchString(key) || value == "" || len(value) > 800 || strings.TrimSpace(value) != value {
			return false
		}
	}
	return len(context) <= 5
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
