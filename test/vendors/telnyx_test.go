package vendors_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/thimble-auth/thimble/test/vendors"
)

// TestTelnyxDocumented: the fake takes the documentation's own requests, answers with every field of its own answers,
// and refuses what is not in the documentation.
func TestTelnyxDocumented(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"send", "name"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "internal", "sms", "telnyx", "testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var golden struct {
			Request map[string]any
			Answer  struct{ Data map[string]any }
		}
		if err := json.Unmarshal(b, &golden); err != nil {
			t.Fatal(err)
		}
		fake := vendors.NewTelnyx()
		from, _ := golden.Request["from"].(string)
		profile, _ := golden.Request["messaging_profile_id"].(string)
		fake.Froms, fake.Profiles = []string{from}, []string{profile}

		status, answer := postTelnyx(t, fake, golden.Request)
		data, _ := answer["data"].(map[string]any)
		if status != http.StatusOK || data["id"] == "" {
			t.Errorf("%s: status %d, %v", name, status, answer)
		}
		for field := range golden.Answer.Data {
			if _, there := data[field]; !there {
				t.Errorf("%s: the answer has no %s", name, field)
			}
		}
		golden.Request["valid_until"] = "2026-11-23T00:00:00Z"
		if status, _ := postTelnyx(t, fake, golden.Request); status != http.StatusUnprocessableEntity {
			t.Errorf("%s with a parameter of no documentation: status %d", name, status)
		}
	}
}

func postTelnyx(t *testing.T, fake *vendors.Telnyx, request map[string]any) (int, map[string]any) {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	const address = "https://api.telnyx.com/v2/messages"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+vendors.TelnyxKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := fake.RoundTripper().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}
