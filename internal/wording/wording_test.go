package wording_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/locale"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/internal/wording"
)

// What goes before what, language by language, for the words and for the name.
func TestOf(t *testing.T) {
	t.Parallel()
	texts := func(name string, templates ...string) store.TextSettings {
		s := store.TextSettings{DisplayName: name, Templates: map[string]string{}}
		for i := 0; i < len(templates); i += 2 {
			s.Templates[templates[i]] = templates[i+1]
		}
		return s
	}
	for name, tt := range map[string]struct {
		project, organization store.TextSettings
		noOrganization        bool
		want                  wording.Wording
	}{
		"nothing":                      {want: wording.Wording{Name: "Acme", From: "shipped"}},
		"nothing, and no organization": {noOrganization: true, want: wording.Wording{Name: "Acme", From: "shipped"}},
		"the project's": {
			project: texts("P", "de-DE", "p"), want: wording.Wording{Name: "P", Template: "p", From: "project"},
		},
		"the organization's": {
			project: texts("P", "de-DE", "p"), organization: texts("O", "de-DE", "o"),
			want: wording.Wording{Name: "O", Template: "o", From: "organization"},
		},
		"of another language": {
			project: texts("P", "de-DE", "p"), organization: texts("", "en", "o"),
			want: wording.Wording{Name: "P", Template: "p", From: "project"},
		},
		"of another language everywhere": {
			project: texts("", "en", "p"), organization: texts("O", "fr", "o"),
			want: wording.Wording{Name: "O", From: "shipped"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &store.Project{Name: "Acme", Settings: store.ProjectSettings{Texts: tt.project}}
			o := &store.Organization{Name: "Globex", Settings: store.OrgSettings{Texts: tt.organization}}
			if tt.noOrganization {
				o = nil
			}
			if diff := cmp.Diff(tt.want, wording.Of(p, o, locale.German)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

type world struct {
	*wording.Service
	project *store.Project
	acme    *store.Organization
}

func eachEngine(t *testing.T, test func(t *testing.T, w world)) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		p := storetest.Project(t, db, ids.Live)
		o, err := (&org.Service{DB: db}).Create(t.Context(), p, rbac.Caller{}, org.Changes{Name: "Acme", Slug: "acme"})
		if err != nil {
			t.Fatal(err)
		}
		test(t, world{&wording.Service{DB: db, Projects: &project.Service{DB: db}}, p, o})
	})
}

func (w world) at(ref string) wording.Place {
	return wording.Place{Project: w.project, Organization: ids.OrgRef(ref), RequestID: "request-id-live-1"}
}

func (w world) list(t *testing.T, ref string) *wording.Listing {
	t.Helper()
	l, err := w.List(t.Context(), w.at(ref))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A refused template or name leaves neither a change nor a record.
func TestRefusalsChangeNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		ctx := t.Context()
		for _, ref := range []string{"", "acme"} {
			if _, err := w.Set(ctx, w.at(ref), "en", "{code} of "+strings.Repeat("a", 120)+" for {project}"); err != nil {
				t.Fatal(err)
			}
		}
		project, acme, events := w.list(t, ""), w.list(t, "acme"), len(storetest.Read(t, w.DB).Events)

		for _, ref := range []string{"", "acme"} {
			_, bad := w.Set(ctx, w.at(ref), "de-DE", "kein Code")
			_, language := w.Set(ctx, w.at(ref), "tlh", "{code}")
			_, none := w.Remove(ctx, w.at(ref), "fr")
			_, name := w.SetDisplayName(ctx, w.at(ref), "two\nlines")
			_, long := w.SetDisplayName(ctx, w.at(ref), "A name that leaves no room for it")
			_, noName := w.RemoveDisplayName(ctx, w.at(ref))
			got := []error{bad, language, none, name, long, noName}
			want := []*errs.Error{
				errs.TemplateCodeNotOnce, errs.InvalidLocale, errs.TemplateNotFound, errs.InvalidDisplayName,
				errs.TemplateTooLong, errs.DisplayNameNotFound,
			}
			for i := range want {
				if !errors.Is(got[i], want[i]) {
					t.Errorf("in %q: %v, want %v", ref, got[i], want[i])
				}
			}
			refusal, ok := errors.AsType[*errs.Error](long)
			if !ok || !strings.HasPrefix(refusal.Message, "With this name the template for en does not fit. The text is ") {
				t.Errorf("a long name: %v", long)
			}
		}
		if diff := cmp.Diff([]*wording.Listing{project, acme}, []*wording.Listing{w.list(t, ""), w.list(t, "acme")},
			cmp.Comparer(func(a, b *errs.Error) bool { return a.Message == b.Message })); diff != "" {
			t.Errorf("refusals changed something (-before +after):\n%s", diff)
		}
		if n := len(storetest.Read(t, w.DB).Events); n != events {
			t.Errorf("refusals left %d events", n-events)
		}
	})
}

// Nothing is found in the organizations of others, and nothing there is changed.
func TestOtherProjects(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		ctx := t.Context()
		if _, err := w.Set(ctx, w.at("acme"), "en", "{code}!"); err != nil {
			t.Fatal(err)
		}
		before := w.list(t, "acme")
		stranger := storetest.Project(t, w.DB, ids.Live)
		for _, ref := range []string{w.acme.ID, "acme", ids.New(ids.Organization, ids.Live, w.DB.Now())} {
			at := wording.Place{Project: stranger, Organization: ids.OrgRef(ref)}
			_, list := w.List(ctx, at)
			_, set := w.Set(ctx, at, "en", "{code}?")
			_, remove := w.Remove(ctx, at, "en")
			_, name := w.SetDisplayName(ctx, at, "Stolen")
			_, noName := w.RemoveDisplayName(ctx, at)
			_, _, preview := w.Preview(ctx, at, wording.Draft{Template: "{code} {project}"})
			for i, err := range []error{list, set, remove, name, noName, preview} {
				if !errors.Is(err, errs.OrganizationNotFound) {
					t.Errorf("%s, call %d: %v, want %v", ref, i, err, errs.OrganizationNotFound)
				}
			}
		}
		if diff := cmp.Diff(before, w.list(t, "acme")); diff != "" {
			t.Errorf("a stranger changed something (-before +after):\n%s", diff)
		}
	})
}

// What is recorded says who, where and which language, and no words.
func TestRecords(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		ctx := t.Context()
		before := len(storetest.Read(t, w.DB).Events)
		_, set := w.Set(ctx, w.at("acme"), "PT-BR", "{code}!")
		_, remove := w.Remove(ctx, w.at(w.acme.ID), "pt-br")
		_, name := w.SetDisplayName(ctx, w.at(""), "Acme")
		_, noName := w.RemoveDisplayName(ctx, w.at(""))
		if err := errors.Join(set, remove, name, noName); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range storetest.Read(t, w.DB).Events[before:] {
			got = append(got, strings.Join([]string{
				e.Action, e.Outcome, e.ProjectID, e.OrganizationID, e.RequestID, e.Details,
			}, " "))
		}
		of, by := " done "+w.project.ID+" ", " request-id-live-1 "
		want := []string{
			"template.set" + of + w.acme.ID + by + `{"locale":"pt-br"}`,
			"template.remove" + of + w.acme.ID + by + `{"locale":"pt-br"}`,
			"display_name.set" + of + by,
			"display_name.remove" + of + by,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// Whoever edits at the same time edits different languages: all of it lasts, and so does what others change meanwhile.
func TestRace(t *testing.T) {
	eachEngine(t, func(t *testing.T, w world) {
		tags := locale.SMS()[:4] // each is beaten at most three times, and Write runs five times
		organizations := &org.Service{DB: w.DB}
		var wg sync.WaitGroup
		for _, tag := range tags {
			for _, ref := range []string{"", "acme"} {
				wg.Go(func() {
					if _, err := w.Set(context.Background(), w.at(ref), locale.Input(tag), "{code} "+ref); err != nil {
						t.Errorf("%s of %q: %v", tag, ref, err)
					}
				})
			}
		}
		wg.Go(func() {
			changes := org.Changes{MFAPolicy: store.MFARequired}
			if _, err := organizations.Update(context.Background(), w.project, rbac.Caller{}, "acme", changes); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		for ref, from := range map[string]string{"": wording.FromProject, "acme": wording.FromOrganization} {
			for _, e := range w.list(t, ref).Entries[:len(tags)] {
				if e.From != from {
					t.Errorf("%s of %q is %s", e.Locale, ref, e.From)
				}
			}
		}
		if o, err := organizations.Get(t.Context(), w.project, "acme"); err != nil || o.Settings.MFAPolicy != store.MFARequired {
			t.Errorf("the other change: %+v, %v", o, err)
		}
	})
}
