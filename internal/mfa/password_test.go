package mfa

import (
	"testing"

	"github.com/thimble-auth/thimble/internal/store"
)

// A password fits the member it was verified for, and not the same person elsewhere; one of an address in all
// organizations fits those who have that very password.
func TestPasswordsDoNotMove(t *testing.T) {
	t.Parallel()
	const uuid = "-test-0192f0c1-7c1e-7a4b-9a53-3a1f6d1f2b10"
	knows := func(emailID, email string) store.Factor {
		return store.Factor{
			Type: store.FactorPassword, DeliveryMethod: store.DeliverKnowledge, SequenceOrder: store.Primary,
			Email: &store.EmailFactor{EmailID: emailID, Email: email},
		}
	}
	has := func(id string) func(*store.Member) {
		return func(m *store.Member) { m.PasswordID = id }
	}
	for _, c := range []struct {
		name   string
		m      *store.Member
		factor store.Factor
		want   bool
	}{
		{"own", member(), knows("email-test-1", "ada@example.com"), true},
		{"same address elsewhere", member(), knows("email-test-9", "ada@example.com"), false},
		{"same address elsewhere, with a password", member(has("member-password" + uuid)), knows("email-test-9", "ada@example.com"), false},
		{"common", member(has("member-password" + uuid)), knows("email"+uuid, "ada@example.com"), true},
		{"common, without the password", member(), knows("email"+uuid, "ada@example.com"), false},
		{"common, of somebody else", member(has("member-password" + uuid)), knows("email"+uuid, "bob@example.com"), false},
	} {
		if got := FitsMember(list(c.factor), c.m); got != c.want {
			t.Errorf("%s: fits %t, want %t", c.name, got, c.want)
		}
		if got := PrimaryMet(list(c.factor), open, c.m); got != c.want {
			t.Errorf("%s: primary met %t, want %t", c.name, got, c.want)
		}
	}
}
