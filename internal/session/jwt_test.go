package session

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/store"
)

// The claims are written by hand, and are JSON whatever the names and texts in them.
func TestClaimsAreJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 12, 0, 0, 5000, time.UTC)
	factor := store.Factor{
		Type: store.FactorMagicLink, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		LastAuthenticatedAt: store.At(at), CreatedAt: store.At(at), UpdatedAt: store.At(at),
		Email: &store.EmailFactor{EmailID: "email-test-1", Email: `"a<b>&\\ü"@example.com`},
	}
	live := &Live{
		Session: &store.Session{
			ID: "session-test-1", MemberID: "member-test-1", StartedAt: at, LastAccessedAt: at,
			ExpiresAt: at.Add(time.Minute), Factors: []store.Factor{factor}, CustomClaims: json.RawMessage(`{"plan":{"seats":7}}`),
		},
		Organization: &store.Organization{ID: "organization-test-1", Slug: `ä"</script>`},
		Roles:        []string{"stytch_member", `of "ours"`},
	}
	second := "2026-11-22T12:00:00Z"
	want := map[string]any{
		"iss": "stytch.com/p", "aud": []any{"p"}, "sub": "member-test-1", "iat": 1795348800.0, "nbf": 1795348800.0,
		"exp": 1795348860.0, "plan": map[string]any{"seats": 7.0},
		"https://stytch.com/session": map[string]any{
			"id": "session-test-1", "started_at": second, "last_accessed_at": second, "expires_at": "2026-11-22T12:01:00Z",
			"attributes": map[string]any{"ip_address": "", "user_agent": ""}, "roles": []any{"stytch_member", `of "ours"`},
			"authentication_factors": []any{map[string]any{
				"type": "magic_link", "delivery_method": "email", "sequence_order": "PRIMARY", "last_authenticated_at": second,
				"created_at": second, "updated_at": second,
				"email_factor": map[string]any{"email_id": "email-test-1", "email_address": `"a<b>&\\ü"@example.com`},
			}},
		},
		"https://stytch.com/organization": map[string]any{"organization_id": "organization-test-1", "slug": `ä"</script>`},
	}

	var got map[string]any
	written := (&Service{}).claims(&store.Project{ID: "p"}, live, at)
	if err := json.Unmarshal(written, &got); err != nil {
		t.Fatalf("%v: %s", err, written)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
