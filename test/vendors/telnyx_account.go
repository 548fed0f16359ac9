package vendors

import (
	"net/http"
	"slices"
	"strings"
)

// question answers what is asked about the account, and reports whether it was such a question: a messaging profile,
// the list of them, or the list of numbers with some digits
// (https://developers.telnyx.com/api/messaging/retrieve-messaging-profile,
// https://developers.telnyx.com/api/numbers/list-phone-numbers, read 2026-11-23).
func (t *Telnyx) question(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	query := r.URL.Query()
	profile, isProfile := strings.CutPrefix(r.URL.Path, "/v2/messaging_profiles/")
	switch {
	case isProfile && slices.Contains(t.Profiles, profile) && len(query) == 0:
		t.Desk.answer(w, r, "telnyx profile", func(a map[string]any) { within(a, "data")["id"] = profile })
	case r.URL.Path == "/v2/messaging_profiles" && len(query) == 1 && query.Get("page[size]") == "1":
		t.Desk.answer(w, r, "telnyx profile", func(a map[string]any) { a["data"] = []any{a["data"]} })
	case r.URL.Path == "/v2/phone_numbers" && len(query) == 1 && query.Has("filter[phone_number]"):
		t.Desk.answer(w, r, "telnyx numbers", func(a map[string]any) { t.numbers(a, query.Get("filter[phone_number]")) })
	default:
		return false
	}
	return true
}

// numbers lists the account's numbers with these digits in them. Anything but digits finds none.
func (t *Telnyx) numbers(list map[string]any, digits string) {
	found := []any{}
	for _, from := range t.Froms {
		if strings.HasPrefix(from, "+") && strings.Trim(digits, "0123456789") == "" && strings.Contains(from, digits) {
			number := within(example("telnyx numbers"), "data", "0")
			number["phone_number"] = from
			found = append(found, number)
		}
	}
	list["data"] = found
}
