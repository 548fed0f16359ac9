package vendors

import (
	"net/http"
	"slices"
	"strings"
)

// question answers what is asked about the account, and reports whether it was such a question: the account
// (https://www.twilio.com/docs/iam/api/account), one of its messaging services, which are at another host
// (https://www.twilio.com/docs/messaging/api/service-resource), or its numbers like one
// (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource, all read 2026-11-23).
func (t *Twilio) question(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	account := "/2010-04-01/Accounts/" + t.Account
	atMessaging := !strings.HasPrefix(r.URL.Host, "api.")
	service, isService := strings.CutPrefix(r.URL.Path, "/v1/Services/")
	switch {
	case r.URL.Path == account+".json" && r.URL.RawQuery == "":
		t.Desk.answer(w, r, "twilio account", func(a map[string]any) { a["sid"] = t.Account })
	case isService && atMessaging && slices.Contains(t.Services, service) && r.URL.RawQuery == "":
		t.Desk.answer(w, r, "twilio service", func(a map[string]any) { a["sid"], a["account_sid"] = service, t.Account })
	case r.URL.Path == account+"/IncomingPhoneNumbers.json" && len(r.URL.Query()) == 1 && r.URL.Query().Has("PhoneNumber"):
		t.Desk.answer(w, r, "twilio numbers", func(a map[string]any) { t.numbers(a, r.URL.Query().Get("PhoneNumber")) })
	default:
		return false
	}
	return true
}

// numbers lists the account's numbers that hold a part of one.
func (t *Twilio) numbers(list map[string]any, part string) {
	found := []any{}
	for _, from := range slices.Concat(t.Froms, t.Voices) {
		if strings.Contains(from, part) {
			number := within(example("twilio numbers"), "incoming_phone_numbers", "0")
			number["phone_number"], number["account_sid"] = from, t.Account
			within(number, "capabilities")["sms"] = slices.Contains(t.Froms, from)
			found = append(found, number)
		}
	}
	list["incoming_phone_numbers"] = found
}
