package mfa

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/store"
)

func pending(m *store.Member)   { m.Status = store.StatusPending }
func invited(m *store.Member)   { m.Status = store.StatusInvited }
func confirmed(m *store.Member) { m.EmailVerified = true }

var (
	mailCode = store.Factor{
		Type: store.FactorEmailOTP, DeliveryMethod: store.DeliverEmail, SequenceOrder: store.Primary,
		Email: &store.EmailFactor{EmailID: "email-test-7", Email: "ada@example.com"},
	}
	password = store.Factor{
		Type: store.MethodPassword, DeliveryMethod: "knowledge", SequenceOrder: store.Primary,
		Email: &store.EmailFactor{EmailID: "email-test-1", Email: "ada@example.com"},
	}
	onlyPassword = organization(func(s *store.OrgSettings) {
		s.AuthMethods, s.AllowedAuthMethods = store.Restricted, []string{store.MethodPassword}
	})
)

// Reference 5.5: whoever joins shows that the address is theirs, now.
func TestJoiningNeedsTheMailbox(t *testing.T) {
	t.Parallel()
	prove := Decision{Primary: []string{store.MethodMagic, store.MethodEmailOTP}}
	complete := Decision{PrimaryMet: true}
	tests := []struct {
		name string
		o    *store.Organization
		m    *store.Member
		has  []store.Factor
		want Decision
	}{
		{"pending, by link", open, member(pending), list(link), complete},
		{"pending, by code", open, member(pending), list(mailCode), complete},
		{"pending, by password", open, member(pending), list(password), prove},
		{"invited, by password", open, member(invited), list(password), prove},
		{"pending, by password and code", open, member(pending), list(password, mailCode), complete},
		{"pending but confirmed, by password", open, member(pending, confirmed), list(password), complete},
		{"active and never confirmed, by password", open, member(), list(password), complete},
		{"pending, somebody else's link", open, member(pending), list(strangersLink, password), prove},
		{"pending, password alone allowed", onlyPassword, member(pending), list(password), Decision{Primary: []string{}}},
		{
			"pending, link where passwords alone are allowed", onlyPassword, member(pending), list(link),
			Decision{Primary: []string{store.MethodPassword}},
		},
		{"pending, link and password there", onlyPassword, member(pending), list(link, password), complete},
		{"pending, google and password allowed", noMagic, member(pending), list(password), Decision{
			Primary: []string{"google_oauth"},
		}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Decide(tt.o, tt.m, tt.has)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestIntermediateFits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		i    store.Intermediate
		want bool
	}{
		{"same address", store.Intermediate{Email: "ada@example.com", Factors: list(text)}, true},
		{"own factor", store.Intermediate{Email: "old@example.com", Factors: list(link)}, true},
		{"somebody else's", store.Intermediate{Email: "bob@example.com", Factors: list(strangersLink)}, false},
		{"no address", store.Intermediate{Factors: list(text)}, false},
	}
	for _, tt := range tests {
		if got := IntermediateFits(&tt.i, member()); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
