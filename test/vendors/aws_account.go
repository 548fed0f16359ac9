package vendors

import (
	"encoding/json"
	"net/http"
	"slices"
)

// question answers a good call that describes something, and reports whether it was such a call
// (https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_DescribeAccountAttributes.html,
// …/API_DescribeConfigurationSets.html, …/API_DescribePhoneNumbers.html, read 2026-11-23).
func (a *AWS) question(w http.ResponseWriter, r *http.Request, call string, body []byte) bool {
	name := map[string]string{
		"DescribeAccountAttributes": "aws account", "DescribeConfigurationSets": "aws sets",
		"DescribePhoneNumbers": "aws numbers",
	}[call]
	var in struct{ ConfigurationSetNames []string }
	var members map[string]json.RawMessage
	switch {
	case name == "":
		return false
	case a.Denied == call:
		a.refuse(w, AWSBehaviour{Exception: "AccessDeniedException"})
		return true
	case json.Unmarshal(body, &members) != nil || json.Unmarshal(body, &in) != nil ||
		len(members) > 1 || len(members) != len(in.ConfigurationSetNames) || len(members) > 0 && name != "aws sets":
		a.refuse(w, AWSBehaviour{Exception: "ValidationException", Reason: "INVALID_PARAMETER"})
		return true
	}
	for _, set := range in.ConfigurationSetNames {
		if !slices.Contains(a.Sets, set) {
			a.refuse(w, AWSBehaviour{Exception: "ResourceNotFoundException"})
			return true
		}
	}
	a.Desk.answer(w, r, name, nil)
	return true
}
