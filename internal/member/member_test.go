package member

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

const (
	number      = "+12025550162"
	otherNumber = "+12025550163"
)

var backend = rbac.Caller{RequestID: "request-id-test-1"}

// world is a project with two organizations.
type world struct {
	*Service
	p            *store.Project
	acme, beta   *store.Organization
	acmeRef      ids.OrgRef
	organization *org.Service
}

func eachEngine(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		w := &world{Service: &Service{DB: db}, p: storetest.Project(t, db, ids.Test), organization: &org.Service{DB: db}}
		w.acme = w.newOrg(t, org.Changes{Name: "Acme", Slug: "acme", ExternalID: optional.Set("acme-1")})
		w.beta = w.newOrg(t, org.Changes{Name: "Beta", Slug: "beta"})
		w.acmeRef = ids.OrgRef(w.acme.ID)
		test(t, w)
	})
}

func (w *world) newOrg(t *testing.T, c org.Changes) *store.Organization {
	t.Helper()
	o, err := w.organization.Create(t.Context(), w.p, backend, c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (w *world) create(t *testing.T, n New) *store.Member {
	t.Helper()
	f, err := w.Create(t.Context(), w.p, backend, w.acmeRef, n)
	if err != nil {
		t.Fatalf("create %+v: %v", n, err)
	}
	return f.Member
}

func (w *world) update(t *testing.T, m *store.Member, c Changes) (*store.Member, error) {
	t.Helper()
	f, err := w.Update(t.Context(), w.p, backend, ids.OrgRef(m.OrganizationID), ids.MemberRef(m.ID), c)
	if err != nil {
		return nil, err
	}
	return f.Member, nil
}

func (w *world) mustUpdate(t *testing.T, m *store.Member, c Changes) *store.Member {
	t.Helper()
	got, err := w.update(t, m, c)
	if err != nil {
		t.Fatalf("update %+v: %v", c, err)
	}
	return got
}

// stored gives the row, deleted or not.
func (w *world) stored(t *testing.T, m *store.Member) *store.Member {
	t.Helper()
	var got *store.Member
	w.read(t, func(tx *store.Tx) (err error) {
		_, got, err = tx.MemberWithOrganization(t.Context(), w.p.ID, m.OrganizationID, m.ID)
		return err
	})
	return got
}

func (w *world) read(t *testing.T, f func(*store.Tx) error) {
	t.Helper()
	if err := w.DB.Read(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func (w *world) write(t *testing.T, f func(*store.Tx) error) {
	t.Helper()
	if err := w.DB.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// verify makes address and number proven, as logins do.
func (w *world) verify(t *testing.T, m *store.Member) *store.Member {
	t.Helper()
	w.write(t, func(tx *store.Tx) error {
		locked, err := tx.LockMember(t.Context(), w.p.ID, m.OrganizationID, m.ID)
		if err != nil {
			return err
		}
		locked.EmailVerified, locked.PhoneVerified = true, locked.Phone != ""
		tx.UpdateMember(locked)
		return nil
	})
	return w.stored(t, m)
}

func (w *world) actions(t *testing.T) []string {
	t.Helper()
	var actions []string
	w.read(t, func(tx *store.Tx) error {
		events, err := tx.AuditEvents(t.Context(), "", 1000)
		for _, e := range events {
			actions = append(actions, e.Action+" "+e.MemberID+" "+e.RequestID+" "+e.Details)
		}
		return err
	})
	return actions
}

func TestCreate(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "Ann@Acme.COM"})
		want := &store.Member{
			ID: m.ID, EmailID: m.EmailID, ProjectID: w.p.ID, OrganizationID: w.acme.ID, Status: "active",
			Email: "ann@acme.com", TrustedMetadata: json.RawMessage("{}"), UntrustedMetadata: json.RawMessage("{}"),
			CreatedAt: m.CreatedAt, UpdatedAt: m.CreatedAt,
		}
		if diff := cmp.Diff(want, w.stored(t, m), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("bare member (-want +got):\n%s", diff)
		}

		full := w.create(t, New{
			Email: "bob@acme.com", Name: "Bob", ExternalID: "b|1", Phone: "+1 (202) 555-0162", Pending: true,
			Roles: []string{rbac.AdminRole, rbac.AdminRole}, IsBreakglass: true, MFAEnrolled: true,
			TrustedMetadata: json.RawMessage(`{"a":1}`), UntrustedMetadata: json.RawMessage(`{"b":"<2>"}`),
		})
		want = &store.Member{
			ID: full.ID, EmailID: full.EmailID, ProjectID: w.p.ID, OrganizationID: w.acme.ID, Status: "pending",
			Email: "bob@acme.com", Name: "Bob", ExternalID: "b|1", Phone: number, PhoneID: full.PhoneID,
			Roles: []string{rbac.AdminRole}, IsBreakglass: true, MFAEnrolled: true,
			TrustedMetadata: json.RawMessage(`{"a":1}`), UntrustedMetadata: json.RawMessage(`{"b":"<2>"}`),
			CreatedAt: full.CreatedAt, UpdatedAt: full.CreatedAt,
		}
		if diff := cmp.Diff(want, w.stored(t, full), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("full member (-want +got):\n%s", diff)
		}
		wantActions := []string{
			"organization.create  request-id-test-1 ", "organization.create  request-id-test-1 ",
			"member.create " + m.ID + " request-id-test-1 ", "member.create " + full.ID + " request-id-test-1 ",
		}
		if diff := cmp.Diff(wantActions, w.actions(t), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("audit (-want +got):\n%s", diff)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.verify(t, w.create(t, New{Email: "ann@acme.com", ExternalID: "e-1", Phone: number}))
		w.newOrg(t, org.Changes{Name: "Claimer", ClaimedEmailDomains: []string{"claimed.com"}})
		keys := make([]string, 21)
		for i := range keys {
			keys[i] = fmt.Sprintf(`"k%d":1`, i)
		}
		tooMany := json.RawMessage("{" + strings.Join(keys, ",") + "}")
		tooLarge := json.RawMessage(`{"a":"` + strings.Repeat("a", 4096) + `"}`)

		for name, c := range map[string]struct {
			n    New
			want *errs.Error
		}{
			"no address":           {New{Email: ""}, errs.InvalidEmail},
			"bad address":          {New{Email: "ann"}, errs.InvalidEmail},
			"taken address":        {New{Email: "ANN@acme.com"}, errs.DuplicateMemberEmail},
			"claimed domain":       {New{Email: "a@claimed.com"}, errs.ActionNotAllowedEmailDomainIsClaimed},
			"name, control":        {New{Name: "a\x00b"}, errs.InvalidArgument},
			"name of 257":          {New{Name: strings.Repeat("é", 257)}, errs.InvalidArgument},
			"bad number":           {New{Phone: "2025550162"}, errs.InvalidPhoneNumber},
			"taken number":         {New{Phone: number}, errs.DuplicateMemberPhoneNumber},
			"role of everybody":    {New{Roles: []string{rbac.MemberRole}}, errs.CannotAssignDefaultRBACRoleID},
			"unknown role":         {New{Roles: []string{"king"}}, errs.InvalidRBACRoleID},
			"101 roles":            {New{Roles: make([]string, 101)}, errs.TooManyRoles},
			"taken external id":    {New{ExternalID: "e-1"}, errs.DuplicateMemberExternalID},
			"bad external id":      {New{ExternalID: "e 1"}, errs.InvalidArgument},
			"external id like one": {New{ExternalID: "member-test-1"}, errs.InvalidArgument},
			"trusted, keys":        {New{TrustedMetadata: tooMany}, errs.MetadataTooManyKeys},
			"trusted, size":        {New{TrustedMetadata: tooLarge}, errs.MetadataTooLarge},
			"trusted, form":        {New{TrustedMetadata: json.RawMessage(`"a"`)}, errs.MetadataInvalidFormat},
			"untrusted, keys":      {New{UntrustedMetadata: tooMany}, errs.MetadataTooManyKeys},
		} {
			if c.n.Email == "" && name != "no address" {
				c.n.Email = "new@acme.com"
			}
			if _, err := w.Create(t.Context(), w.p, backend, w.acmeRef, c.n); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		}

		// Nothing of a refused member stays, and everything is free in another organization.
		w.create(t, New{Email: "new@acme.com"})
		n := New{Email: "ann@acme.com", ExternalID: "e-1", Phone: number}
		if _, err := w.Create(t.Context(), w.p, backend, "beta", n); err != nil {
			t.Errorf("the same person in another organization: %v", err)
		}
		_, err := w.Create(t.Context(), w.p, backend, "nowhere", n)
		if !errors.Is(err, errs.OrganizationNotFound) {
			t.Errorf("nowhere: %v", err)
		}
	})
}

func TestGet(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "ann@acme.com", ExternalID: "e-1"})
		gone := w.create(t, New{Email: "gone@acme.com", ExternalID: "e-2"})
		if _, err := w.Delete(t.Context(), w.p, backend, w.acmeRef, "e-2"); err != nil {
			t.Fatal(err)
		}
		live := strings.Replace(m.ID, "-test-", "-live-", 1)

		for _, c := range []struct {
			org     string
			ref     string
			address string
			want    *errs.Error
		}{
			{w.acme.ID, m.ID, "", nil},
			{"acme", m.ID, "", nil},
			{"acme-1", "e-1", "", nil},
			{w.acme.ID, "e-1", "", nil},
			{w.acme.ID, "", "ANN@acme.com", nil},
			{"acme", m.ID, "ann@acme.com", nil},
			{"acme", "", "", errs.InvalidMemberGetFields},
			{"acme", "", "nobody@acme.com", errs.MemberNotFound},
			{"acme", m.ID, "nobody@acme.com", errs.MemberNotFound},
			{"acme", "", "nobody", errs.InvalidEmail},
			{"acme", "e-9", "", errs.MemberNotFound},
			{"acme", "a\x00", "", errs.MemberNotFound},
			{"acme", "member-test-x", "", errs.MemberNotFound},
			{"acme", live, "", errs.LiveIDUsedInTestEnvironment},
			{"acme", gone.ID, "", errs.MemberNotFound},
			{"acme", "e-2", "", errs.MemberNotFound},
			{"acme", "", "gone@acme.com", errs.MemberNotFound},
			{"beta", m.ID, "", errs.MemberNotFound},
			{w.beta.ID, m.ID, "", errs.MemberNotFound},
			{w.beta.ID, "e-1", "", errs.MemberNotFound},
			{"beta", "", "ann@acme.com", errs.MemberNotFound},
			{"nowhere", m.ID, "", errs.OrganizationNotFound},
			{strings.Replace(w.acme.ID, "-test-", "-live-", 1), m.ID, "", errs.LiveIDUsedInTestEnvironment},
			{ids.New(ids.Organization, ids.Test, m.CreatedAt), m.ID, "", errs.OrganizationNotFound},
			{ids.New(ids.Organization, ids.Test, m.CreatedAt), "e-1", "", errs.OrganizationNotFound},
		} {
			f, err := w.Get(t.Context(), w.p, ids.OrgRef(c.org), ids.MemberRef(c.ref), c.address)
			if c.want != nil {
				if !errors.Is(err, c.want) {
					t.Errorf("%q %q %q: got %v, want %v", c.org, c.ref, c.address, err, c.want)
				}
				continue
			}
			if err != nil || f.Member.ID != m.ID || f.Organization.ID != w.acme.ID {
				t.Errorf("%q %q %q: got %+v, %v, want %s", c.org, c.ref, c.address, f, err, m.ID)
			}
		}
	})
}

// Every call that takes a member refuses the members of other organizations and projects, and changes nothing there.
func TestTenancy(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "ann@acme.com", ExternalID: "e-1", Phone: number})
		before := w.stored(t, m)
		stranger := *w.p
		stranger.ID = ids.New(ids.Project, ids.Test, m.CreatedAt)
		name := "Stolen"

		for _, c := range []struct {
			p    *store.Project
			org  ids.OrgRef
			want *errs.Error
		}{
			{w.p, "beta", errs.MemberNotFound},
			{w.p, ids.OrgRef(w.beta.ID), errs.MemberNotFound},
			{&stranger, "acme", errs.OrganizationNotFound},
			{&stranger, w.acmeRef, errs.OrganizationNotFound},
		} {
			for _, ref := range []ids.MemberRef{ids.MemberRef(m.ID), "e-1"} {
				_, get := w.Get(t.Context(), c.p, c.org, ref, "")
				_, update := w.Update(t.Context(), c.p, backend, c.org, ref, Changes{Name: &name})
				_, del := w.Delete(t.Context(), c.p, backend, c.org, ref)
				_, phone := w.DeletePhone(t.Context(), c.p, backend, c.org, ref)
				_, external := w.DeleteExternalID(t.Context(), c.p, backend, c.org, ref)
				for i, err := range []error{get, update, del, phone, external} {
					if !errors.Is(err, c.want) {
						t.Errorf("%s %s, call %d: got %v, want %v", c.org, ref, i, err, c.want)
					}
				}
			}
		}
		if diff := cmp.Diff(before, w.stored(t, m), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("a stranger changed (-before +after):\n%s", diff)
		}
	})
}

func TestUpdateIsPartial(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.verify(t, w.create(t, New{
			Email: "ann@acme.com", Name: "Ann", ExternalID: "e-1", Phone: number, Roles: []string{rbac.AdminRole},
			IsBreakglass: true, MFAEnrolled: true,
			TrustedMetadata: json.RawMessage(`{"a":1,"b":2}`), UntrustedMetadata: json.RawMessage(`{"c":{"x":1}}`),
		}))
		same := w.mustUpdate(t, m, Changes{})
		same.UpdatedAt = m.UpdatedAt
		if diff := cmp.Diff(m, same, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("an empty update changed (-before +after):\n%s", diff)
		}

		none, no := "", false
		w.mustUpdate(t, m, Changes{
			Name: &none, ExternalID: optional.Set(""), IsBreakglass: &no, MFAEnrolled: &no, Roles: []string{},
			DefaultMFAMethod: "sms_otp", TrustedMetadata: json.RawMessage(`{"a":null}`),
			UntrustedMetadata: json.RawMessage(`{"c":{"y":2}}`),
		})
		got := w.stored(t, m)
		want := *m
		want.Name, want.ExternalID, want.IsBreakglass, want.MFAEnrolled, want.Roles = "", "", false, false, nil
		want.DefaultMFAMethod, want.UpdatedAt = "sms_otp", got.UpdatedAt
		want.TrustedMetadata, want.UntrustedMetadata = json.RawMessage(`{"b":2}`), json.RawMessage(`{"c":{"y":2}}`)
		if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after the update (-want +got):\n%s", diff)
		}
	})
}

func TestUpdateRefuses(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.verify(t, w.create(t, New{Email: "bob@acme.com", ExternalID: "e-2", Phone: otherNumber}))
		w.newOrg(t, org.Changes{Name: "Claimer", ClaimedEmailDomains: []string{"claimed.com"}})
		linked := w.create(t, New{Email: "ann@acme.com", Phone: number})
		bare := w.create(t, New{Email: "cat@acme.com"})
		long := strings.Repeat("a", 257)

		for _, c := range []struct {
			m    *store.Member
			c    Changes
			want *errs.Error
		}{
			{bare, Changes{Name: &long}, errs.InvalidArgument},
			{bare, Changes{Email: "x"}, errs.InvalidEmail},
			{bare, Changes{Email: "Bob@acme.com"}, errs.DuplicateMemberEmail},
			{bare, Changes{Email: "x@claimed.com"}, errs.ActionNotAllowedEmailDomainIsClaimed},
			{bare, Changes{ExternalID: optional.Set("e-2")}, errs.DuplicateMemberExternalID},
			{bare, Changes{ExternalID: optional.Set("member-live-2")}, errs.InvalidArgument},
			{bare, Changes{Phone: "0012025550162"}, errs.InvalidPhoneNumber},
			{bare, Changes{Phone: otherNumber}, errs.DuplicateMemberPhoneNumber},
			{linked, Changes{Phone: number}, errs.DuplicateMemberPhoneNumberForMember},
			{linked, Changes{Phone: "+12025550170"}, errs.DuplicateMemberPhoneNumberForMember},
			{bare, Changes{DefaultMFAMethod: "sms"}, errs.InvalidMFADefaultMethod},
			{bare, Changes{DefaultMFAMethod: "sms_otp"}, errs.DefaultMFAMemberMissingFactor},
			{linked, Changes{DefaultMFAMethod: "sms_otp"}, errs.DefaultMFAMemberMissingFactor},
			{linked, Changes{DefaultMFAMethod: "totp"}, errs.DefaultMFAMemberMissingFactor},
			{bare, Changes{Roles: []string{rbac.AdminRole, "king"}}, errs.InvalidRBACRoleID},
			{bare, Changes{Roles: []string{rbac.MemberRole}}, errs.CannotAssignDefaultRBACRoleID},
			{bare, Changes{TrustedMetadata: json.RawMessage(`1`)}, errs.MetadataInvalidFormat},
			// The address is moved before the role is found wrong: nothing of it stays.
			{bare, Changes{Email: "dog@acme.com", Roles: []string{"king"}}, errs.InvalidRBACRoleID},
		} {
			if _, err := w.update(t, c.m, c.c); !errors.Is(err, c.want) {
				t.Errorf("update %+v: got %v, want %v", c.c, err, c.want)
			}
		}
		for _, m := range []*store.Member{linked, bare} {
			if diff := cmp.Diff(m, w.stored(t, m), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("refused updates changed (-before +after):\n%s", diff)
			}
		}
		w.create(t, New{Email: "dog@acme.com"})
	})
}

// A number that nobody proved can be had by two; whoever asks for a code blocks the others for ten minutes.
func TestPhoneClaims(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		first := w.create(t, New{Email: "ann@acme.com", Phone: number})
		second := w.create(t, New{Email: "bob@acme.com", Phone: number})
		w.write(t, func(tx *store.Tx) error {
			tx.AskPhone(first.ID, number)
			return nil
		})
		n := New{Email: "cat@acme.com", Phone: number}
		if _, err := w.Create(t.Context(), w.p, backend, w.acmeRef, n); !errors.Is(err, errs.DuplicateMemberPhoneNumber) {
			t.Errorf("just after a send: got %v", err)
		}
		w.DB.AdvanceClock(PhoneClaim)
		third := w.create(t, n)

		w.verify(t, second)
		w.DB.AdvanceClock(PhoneClaim)
		n.Email = "dog@acme.com"
		if _, err := w.Create(t.Context(), w.p, backend, w.acmeRef, n); !errors.Is(err, errs.DuplicateMemberPhoneNumber) {
			t.Errorf("long after somebody proved the number: got %v", err)
		}
		if _, err := w.Delete(t.Context(), w.p, backend, w.acmeRef, ids.MemberRef(second.ID)); err != nil {
			t.Fatal(err)
		}
		w.create(t, n)
		if got := w.stored(t, third).Phone; got != number {
			t.Errorf("number of a bystander = %q", got)
		}
	})
}

// Of 256 callers who want the same address or external id one gets it.
func TestUniqueRace(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		var wg sync.WaitGroup
		failures := make([]error, 256)
		for i := range failures {
			wg.Go(func() {
				n := New{Email: "ann@acme.com"}
				if i%2 == 1 {
					n = New{Email: fmt.Sprintf("m%d@acme.com", i), ExternalID: "e-1"}
				}
				_, failures[i] = w.Create(t.Context(), w.p, backend, w.acmeRef, n)
			})
		}
		wg.Wait()

		var won [2]int
		for i, err := range failures {
			want := []*errs.Error{errs.DuplicateMemberEmail, errs.DuplicateMemberExternalID}[i%2]
			if err == nil {
				won[i%2]++
			} else if !errors.Is(err, want) {
				t.Errorf("caller %d: got %v, want %v", i, err, want)
			}
		}
		if won != [2]int{1, 1} {
			t.Errorf("winners of address and external id = %v, want one each", won)
		}
	})
}

// 256 updates move 16 members to one address and one external id at once: one member ends with each.
func TestUpdateRace(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		var all []*store.Member
		for i := range 16 {
			all = append(all, w.create(t, New{Email: fmt.Sprintf("m%d@acme.com", i)}))
		}
		var wg sync.WaitGroup
		failures := make([]error, 256)
		for i := range failures {
			wg.Go(func() {
				c := Changes{Email: "ann@acme.com"}
				if i%32 >= 16 {
					c = Changes{ExternalID: optional.Set("e-1")}
				}
				_, failures[i] = w.update(t, all[i%16], c)
			})
		}
		wg.Wait()

		for i, err := range failures {
			m := w.stored(t, all[i%16])
			won, want := m.Email == "ann@acme.com", errs.DuplicateMemberEmail
			if i%32 >= 16 {
				won, want = m.ExternalID == "e-1", errs.DuplicateMemberExternalID
			}
			if won && err != nil || !won && !errors.Is(err, want) {
				t.Errorf("caller %d: got %v, won %v", i, err, won)
			}
		}
	})
}

// Partial updates at once all last, and do not undo what logins count meanwhile.
func TestUpdateKeepsWhatOthersWrite(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		m := w.create(t, New{Email: "ann@acme.com"})
		budget := store.GuessBudget{InARow: 100, InTotal: 1000}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				_, err := w.update(t, m, Changes{UntrustedMetadata: json.RawMessage(fmt.Sprintf(`{"k%d":1}`, i))})
				if err != nil {
					t.Errorf("update %d: %v", i, err)
				}
			})
			wg.Go(func() {
				err := w.DB.Write(t.Context(), func(tx *store.Tx) error {
					_, err := tx.ReserveGuess(t.Context(), m.ID, budget)
					return err
				})
				if err != nil {
					t.Errorf("guess %d: %v", i, err)
				}
			})
		}
		wg.Wait()

		got := w.stored(t, m)
		var keys map[string]int
		if err := json.Unmarshal(got.UntrustedMetadata, &keys); err != nil || len(keys) != 20 {
			t.Errorf("metadata = %v, %v, want 20 keys", keys, err)
		}
		if got.MFAFailures != 20 || got.MFAFailuresTotal != 20 {
			t.Errorf("guesses = %d, %d, want 20", got.MFAFailures, got.MFAFailuresTotal)
		}
	})
}
