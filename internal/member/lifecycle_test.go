package member

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestEmailChange(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.verify(t, w.create(t, New{Email: "one@acme.com"}))
		first := store.RetiredEmail{EmailID: m.EmailID, Email: "one@acme.com"}

		if got := w.mustUpdate(t, m, Changes{Email: "ONE@acme.com", UnlinkEmail: true}); !got.EmailVerified {
			t.Error("the same address lost its proof")
		}

		m = w.mustUpdate(t, m, Changes{Email: "two@acme.com"})
		if m.Email != "two@acme.com" || m.EmailVerified || m.EmailID == first.EmailID {
			t.Errorf("after the change: %+v", m)
		}
		if diff := cmp.Diff([]store.RetiredEmail{first}, m.RetiredEmails, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("retired (-want +got):\n%s", diff)
		}
		for _, taken := range []string{"one@acme.com", "two@acme.com"} {
			_, err := w.Create(t.Context(), w.p, backend, w.acmeRef, New{Email: taken})
			if !errors.Is(err, errs.DuplicateMemberEmail) {
				t.Errorf("%s by another member: got %v", taken, err)
			}
		}
		if _, err := w.Get(t.Context(), w.p, "acme", "", "one@acme.com"); !errors.Is(err, errs.MemberNotFound) {
			t.Errorf("get by the retired address: %v", err)
		}

		// Going back to an own retired address, which keeps its id; the other one is set free this time.
		m = w.mustUpdate(t, m, Changes{Email: "one@acme.com", UnlinkEmail: true})
		if m.EmailID != first.EmailID || len(m.RetiredEmails) != 0 || m.EmailVerified {
			t.Errorf("back at the first address: %+v", m)
		}
		if diff := cmp.Diff(m, w.stored(t, m), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("stored (-answered +stored):\n%s", diff)
		}
		w.create(t, New{Email: "two@acme.com"})
	})
}

func TestDelete(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "one@acme.com", ExternalID: "e-1", Phone: number, Roles: []string{rbac.AdminRole}})
		w.mustUpdate(t, m, Changes{Email: "two@acme.com"})
		m = w.verify(t, m)
		session := w.session(t, m)
		code := w.code(t, m)

		id, err := w.Delete(t.Context(), w.p, backend, "acme", "e-1")
		if err != nil || id != m.ID {
			t.Fatalf("delete = %q, %v", id, err)
		}
		got := w.stored(t, m)
		want := *m
		want.Status, want.DeletedAt, want.UpdatedAt = "deleted", got.UpdatedAt, got.UpdatedAt
		want.ExternalID, want.Roles, want.RetiredEmails = "", nil, nil
		want.Phone, want.PhoneID, want.PhoneVerified = "", "", false
		if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("deleted row (-want +got):\n%s", diff)
		}
		if w.lives(t, session) {
			t.Error("a session outlived its member")
		}
		if state := w.codeState(t, code); state != store.CodeKilled {
			t.Errorf("code is %s", state)
		}

		if _, err := w.Delete(t.Context(), w.p, backend, "acme", ids.MemberRef(m.ID)); !errors.Is(err, errs.MemberNotFound) {
			t.Errorf("delete again: %v", err)
		}
		if _, err := w.update(t, m, Changes{MFAEnrolled: new(bool)}); !errors.Is(err, errs.MemberNotFound) {
			t.Errorf("update a deleted member: %v", err)
		}
		w.create(t, New{Email: "one@acme.com", ExternalID: "e-1"})
		w.create(t, New{Email: "two@acme.com", Phone: number})
	})
}

func TestDeletedOrganization(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "one@acme.com"})
		if _, err := w.organization.Delete(t.Context(), w.p, backend, w.acmeRef); err != nil {
			t.Fatal(err)
		}
		_, err := w.Get(t.Context(), w.p, w.acmeRef, ids.MemberRef(m.ID), "")
		if !errors.Is(err, errs.OrganizationNotFound) {
			t.Errorf("a member of a deleted organization: %v", err)
		}
	})
}

func TestReactivate(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		verified := w.verify(t, w.create(t, New{Email: "ann@acme.com", ExternalID: "e-1", Roles: []string{rbac.AdminRole}}))
		unproven := w.create(t, New{Email: "bob@acme.com"})
		replaced := w.verify(t, w.create(t, New{Email: "cat@acme.com"}))
		claimed := w.verify(t, w.create(t, New{Email: "dog@claimed.com"}))
		there := w.create(t, New{Email: "eve@acme.com", ExternalID: "e-5"})
		for _, m := range []*store.Member{verified, unproven, replaced, claimed} {
			if _, err := w.Delete(t.Context(), w.p, backend, "acme", ids.MemberRef(m.ID)); err != nil {
				t.Fatal(err)
			}
		}
		w.create(t, New{Email: "cat@acme.com"})
		w.newOrg(t, org.Changes{Name: "Claimer", ClaimedEmailDomains: []string{"claimed.com"}})

		for _, c := range []struct {
			org, ref string
			want     *errs.Error
		}{
			{"acme", unproven.ID, errs.EmailUnverifiedForReactivation},
			{"acme", replaced.ID, errs.ReactivationEmailBelongsToAnotherMember},
			{"acme", claimed.ID, errs.ActionNotAllowedEmailDomainIsClaimed},
			{"acme", there.ID, errs.NoDeletedMemberFoundForReactivation},
			{"acme", "e-5", errs.NoDeletedMemberFoundForReactivation},
			{"acme", ids.New(ids.Member, ids.Test, there.CreatedAt), errs.NoDeletedMemberFoundForReactivation},
			{"acme", ids.New(ids.Member, ids.Live, there.CreatedAt), errs.LiveIDUsedInTestEnvironment},
			{"beta", verified.ID, errs.NoDeletedMemberFoundForReactivation},
			{"nowhere", verified.ID, errs.OrganizationNotFound},
		} {
			_, err := w.Reactivate(t.Context(), w.p, backend, ids.OrgRef(c.org), ids.MemberRef(c.ref))
			if !errors.Is(err, c.want) {
				t.Errorf("reactivate %s in %s: got %v, want %v", c.ref, c.org, err, c.want)
			}
		}

		f, err := w.Reactivate(t.Context(), w.p, backend, "acme", ids.MemberRef(verified.ID))
		if err != nil {
			t.Fatal(err)
		}
		want := *verified
		want.ExternalID, want.Roles, want.UpdatedAt = "", nil, f.Member.UpdatedAt
		if diff := cmp.Diff(&want, f.Member, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("reactivated (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(f.Member, w.stored(t, verified), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("stored (-answered +stored):\n%s", diff)
		}
		_, err = w.Create(t.Context(), w.p, backend, w.acmeRef, New{Email: "ann@acme.com"})
		if !errors.Is(err, errs.DuplicateMemberEmail) {
			t.Errorf("the address of the reactivated member: %v", err)
		}
	})
}

func TestDeletePhone(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.verify(t, w.create(t, New{Email: "ann@acme.com", Phone: number, MFAEnrolled: true}))
		w.mustUpdate(t, m, Changes{DefaultMFAMethod: "sms_otp"})
		w.write(t, func(tx *store.Tx) error {
			_, err := tx.ReserveGuess(t.Context(), m.ID, store.GuessBudget{InARow: 1, Lock: time.Hour, InTotal: 100})
			return err
		})
		m = w.stored(t, m)
		session := w.session(t, m)
		code := w.code(t, m)

		f, err := w.DeletePhone(t.Context(), w.p, backend, "acme", ids.MemberRef(m.ID))
		if err != nil {
			t.Fatal(err)
		}
		want := *m
		want.Phone, want.PhoneID, want.PhoneVerified, want.DefaultMFAMethod = "", "", false, ""
		want.MFAFailuresTotal, want.UpdatedAt = 0, f.Member.UpdatedAt
		if want.MFAFailures != 1 || want.MFALockedAt.IsZero() {
			t.Fatalf("the member was not locked: %+v", m)
		}
		if diff := cmp.Diff(&want, w.stored(t, m), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after the deletion (-want +got):\n%s", diff)
		}
		if !w.lives(t, session) {
			t.Error("the session ended")
		}
		if state := w.codeState(t, code); state != store.CodeKilled {
			t.Errorf("code is %s", state)
		}

		_, err = w.DeletePhone(t.Context(), w.p, backend, "acme", ids.MemberRef(m.ID))
		if !errors.Is(err, errs.MemberPhoneNumberNotFound) {
			t.Errorf("delete again: %v", err)
		}
		w.mustUpdate(t, m, Changes{Phone: otherNumber})
	})
}

func TestDeleteTOTPMovesDefault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before   string
		verified bool
		want     string
	}{
		{"totp", false, ""}, {"totp", true, "sms_otp"}, {"sms_otp", true, "sms_otp"}, {"", true, ""},
	} {
		got := defaultWithoutTOTP(&store.Member{DefaultMFAMethod: c.before, PhoneVerified: c.verified, TOTPID: "member-totp-1"})
		if got != c.want {
			t.Errorf("default %q becomes %q, want %q (number verified: %t)", c.before, got, c.want, c.verified)
		}
	}
}

func TestDeleteTOTP(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "ann@acme.com", MFAEnrolled: true})
		give := func() {
			w.write(t, func(tx *store.Tx) error {
				tx.ReplaceTOTP(
					&store.TOTP{ID: "member-totp-1", MemberID: m.ID, State: store.TOTPActive, CreatedAt: tx.Now()},
					[]*store.RecoveryCode{{ID: "code-1", MemberID: m.ID, RegistrationID: "member-totp-1"}})
				_, err := tx.GiveTOTP(t.Context(), m, "member-totp-1")
				return err
			})
		}
		gone := func() {
			t.Helper()
			if got := w.stored(t, m); got.TOTPID != "" || got.DefaultMFAMethod != "" {
				t.Errorf("the member has registration %q and default %q", got.TOTPID, got.DefaultMFAMethod)
			}
			w.write(t, func(tx *store.Tx) error {
				if _, err := tx.TOTP(t.Context(), m.ID); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("the registration is left: %v", err)
				}
				codes, err := tx.RecoveryCodes(t.Context(), m.ID, "member-totp-1")
				if len(codes) > 0 {
					t.Error("recovery codes are left")
				}
				return err
			})
		}
		give()
		w.write(t, func(tx *store.Tx) error {
			_, err := tx.ReserveGuess(t.Context(), m.ID, store.GuessBudget{InARow: 1, Lock: time.Hour, InTotal: 100})
			return err
		})
		m = w.stored(t, m)
		session := w.session(t, m)

		f, err := w.DeleteTOTP(t.Context(), w.p, backend, "acme", ids.MemberRef(m.ID))
		if err != nil {
			t.Fatal(err)
		}
		want := *m
		want.TOTPID, want.DefaultMFAMethod, want.MFAFailuresTotal, want.UpdatedAt = "", "", 0, f.Member.UpdatedAt
		if want.MFAFailures != 1 {
			t.Fatalf("the member was not locked: %+v", m)
		}
		if diff := cmp.Diff(&want, w.stored(t, m), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after the deletion (-want +got):\n%s", diff)
		}
		gone()
		if !w.lives(t, session) {
			t.Error("the session ended")
		}
		if _, err := w.DeleteTOTP(t.Context(), w.p, backend, "acme", ids.MemberRef(m.ID)); !errors.Is(err, errs.TOTPNotFound) {
			t.Errorf("delete again: %v", err)
		}

		// Whoever is deleted comes back without it.
		give()
		if _, err := w.Delete(t.Context(), w.p, backend, "acme", ids.MemberRef(m.ID)); err != nil {
			t.Fatal(err)
		}
		gone()
	})
}

func TestDeletePhoneMovesDefault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, totp, want string }{
		{"sms_otp", "", ""}, {"sms_otp", "member-totp-1", "totp"}, {"totp", "member-totp-1", "totp"}, {"", "", ""},
	} {
		if got := defaultWithoutPhone(&store.Member{DefaultMFAMethod: c.before, TOTPID: c.totp}); got != c.want {
			t.Errorf("default %q with registration %q becomes %q, want %q", c.before, c.totp, got, c.want)
		}
	}
}

func TestDeleteExternalID(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "ann@acme.com", ExternalID: "e-1"})
		if _, err := w.DeleteExternalID(t.Context(), w.p, backend, "acme", "e-1"); err != nil {
			t.Fatal(err)
		}
		if got := w.stored(t, m).ExternalID; got != "" {
			t.Errorf("external id = %q", got)
		}
	})
}

// Acting for a member: each call and each field with its permission, on oneself and on others.
func TestActing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		target := w.verify(t, w.create(t, New{Email: "ann@acme.com", Phone: number}))
		actor := func(orgID, memberID string, roles ...string) rbac.Caller {
			return rbac.Caller{Actor: &rbac.Actor{MemberID: memberID, OrganizationID: orgID, Roles: roles}}
		}
		other := "member-test-other"
		self := actor(w.acme.ID, target.ID, rbac.MemberRole)
		member := actor(w.acme.ID, other, rbac.MemberRole)
		admin := actor(w.acme.ID, other, rbac.MemberRole, rbac.AdminRole)
		adminSelf := actor(w.acme.ID, target.ID, rbac.MemberRole, rbac.AdminRole)
		foreign := actor(w.beta.ID, other, rbac.MemberRole, rbac.AdminRole)

		denied, tenancy := errs.SessionAuthorizationError, errs.SessionAuthorizationTenancyError
		ref := ids.MemberRef(target.ID)
		update := func(c Changes) func(rbac.Caller) error {
			return func(by rbac.Caller) error {
				_, err := w.Update(t.Context(), w.p, by, "acme", ref, c)
				return err
			}
		}
		name, yes := "Ann", true
		empty := json.RawMessage(`{}`)

		type row struct {
			call                           func(rbac.Caller) error
			self, member, admin, adminSelf *errs.Error
		}
		for what, r := range map[string]row{
			"nothing":       {update(Changes{}), nil, denied, nil, nil},
			"name":          {update(Changes{Name: &name}), nil, denied, nil, nil},
			"untrusted":     {update(Changes{UntrustedMetadata: empty}), nil, denied, nil, nil},
			"enrolled":      {update(Changes{MFAEnrolled: &yes}), nil, denied, nil, nil},
			"default":       {update(Changes{DefaultMFAMethod: "sms_otp"}), nil, denied, nil, nil},
			"breakglass":    {update(Changes{IsBreakglass: &yes}), denied, denied, nil, nil},
			"roles":         {update(Changes{Roles: []string{}}), denied, denied, nil, nil},
			"name, roles":   {update(Changes{Name: &name, Roles: []string{}}), denied, denied, nil, nil},
			"external id":   {update(Changes{ExternalID: optional.Set("")}), denied, denied, denied, denied},
			"same address":  {update(Changes{Email: "ann@acme.com"}), errs.MemberCannotUpdateTheirEmailAddress, denied, nil, errs.MemberCannotUpdateTheirEmailAddress},
			"trusted":       {update(Changes{TrustedMetadata: empty}), errs.CannotUpdateTrustedMetadata, errs.CannotUpdateTrustedMetadata, errs.CannotUpdateTrustedMetadata, errs.CannotUpdateTrustedMetadata},
			"trusted, name": {update(Changes{Name: &name, TrustedMetadata: empty}), errs.CannotUpdateTrustedMetadata, denied, errs.CannotUpdateTrustedMetadata, errs.CannotUpdateTrustedMetadata},
			"number": {
				update(Changes{Phone: otherNumber}), errs.DuplicateMemberPhoneNumberForMember, denied,
				errs.DuplicateMemberPhoneNumberForMember, errs.DuplicateMemberPhoneNumberForMember,
			},
			"delete external id": {func(by rbac.Caller) error {
				_, err := w.DeleteExternalID(t.Context(), w.p, by, "acme", ref)
				return err
			}, denied, denied, denied, denied},
			"create": {func(by rbac.Caller) error {
				_, err := w.Create(t.Context(), w.p, by, "acme", New{Email: ids.New("x", ids.Test, w.DB.Now()) + "@acme.com"})
				return err
			}, denied, denied, nil, nil},
			"create trusted": {func(by rbac.Caller) error {
				_, err := w.Create(t.Context(), w.p, by, "acme", New{Email: "x@acme.com", TrustedMetadata: empty})
				return err
			}, denied, denied, errs.CannotUpdateTrustedMetadata, errs.CannotUpdateTrustedMetadata},
			"reactivate": {func(by rbac.Caller) error {
				_, err := w.Reactivate(t.Context(), w.p, by, "acme", ref)
				return err
			}, denied, denied, errs.NoDeletedMemberFoundForReactivation, errs.NoDeletedMemberFoundForReactivation},
		} {
			check := func(who string, by rbac.Caller, want *errs.Error) {
				t.Helper()
				err := r.call(by)
				if want == nil && err != nil || want != nil && !errors.Is(err, want) {
					t.Errorf("%s by %s: got %v, want %v", what, who, err, want)
				}
			}
			check("self", self, r.self)
			check("another member", member, r.member)
			check("an admin", admin, r.admin)
			check("an admin, self", adminSelf, r.adminSelf)
			check("a foreign admin", foreign, tenancy)
		}

		for _, call := range []func(rbac.Caller) error{
			func(by rbac.Caller) error {
				_, err := w.DeletePhone(t.Context(), w.p, by, "acme", ref)
				return err
			},
			func(by rbac.Caller) error {
				w.write(t, func(tx *store.Tx) error {
					_, err := tx.GiveTOTP(t.Context(), &store.Member{ID: target.ID}, "member-totp-1")
					return err
				})
				_, err := w.DeleteTOTP(t.Context(), w.p, by, "acme", ref)
				return err
			},
			func(by rbac.Caller) error {
				_, err := w.Delete(t.Context(), w.p, by, "acme", ref)
				return err
			},
		} {
			if err := call(member); !errors.Is(err, denied) {
				t.Errorf("by another member: %v", err)
			}
			if err := call(foreign); !errors.Is(err, tenancy) {
				t.Errorf("by a foreign admin: %v", err)
			}
			if err := call(self); err != nil {
				t.Errorf("by the member: %v", err)
			}
		}
	})
}

// session gives the member a session and its id.
func (w *world) session(t *testing.T, m *store.Member) string {
	t.Helper()
	id := ids.New(ids.Session, ids.Test, w.DB.Now())
	w.write(t, func(tx *store.Tx) error {
		tx.InsertSession(&store.Session{
			ID: id, ProjectID: w.p.ID, OrganizationID: m.OrganizationID, MemberID: m.ID, Random: []byte{1},
			StartedAt: tx.Now(), LastAccessedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour),
		})
		return nil
	})
	return id
}

func (w *world) lives(t *testing.T, session string) bool {
	t.Helper()
	err := w.DB.Read(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Session(t.Context(), w.p.ID, session)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// code issues a code to the member's number and gives its owner.
func (w *world) code(t *testing.T, m *store.Member) string {
	t.Helper()
	w.write(t, func(tx *store.Tx) error {
		tx.IssueCode(&store.Code{
			Owner: m.ID, Purpose: store.PurposeSMS, ProjectID: w.p.ID, Recipient: m.Phone, Hash: "00",
			IssuedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Minute),
		})
		return nil
	})
	return m.ID
}

func (w *world) codeState(t *testing.T, owner string) string {
	t.Helper()
	var state string
	w.read(t, func(tx *store.Tx) error {
		c, err := tx.Code(t.Context(), owner, store.PurposeSMS)
		state = c.State
		return err
	})
	return state
}
