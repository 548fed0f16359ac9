// Package events makes every kind of event happen, and holds what is told against the documentation.
package events

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

var update = flag.Bool("update", false, "write the section of docs/webhooks.md instead of comparing with it")

const page = "../../docs/webhooks.md"

// Every kind of event can happen, holds the data that the documentation names and no other, and is shown there by an
// example that really happened. The section of the page is made from both.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := begin(t, url)
		s.members()
		s.factors()
		s.texts()
		s.webhooks()
		told := s.told()
		for _, k := range event.Kinds() {
			s.check(k, told[k.Name])
		}
		if t.Failed() {
			return
		}
		section := section(told)
		if *update {
			if strings.HasPrefix(url, "sqlite:") {
				write(t, section)
			}
			return
		}
		if diff := cmp.Diff(written(t), section); diff != "" {
			t.Errorf("%s says something else than what happens; go test ./test/events -update writes it (-page +happened):\n%s",
				page, diff)
		}
	})
}

// story is a live project in which everything happens.
type story struct {
	t            *testing.T
	w            *world.World
	c            *world.Client
	hook         string
	organization string
}

func begin(t *testing.T, url string) *story {
	t.Helper()
	w := world.Open(t, url, sqldb.Options{})
	s := &story{t: t, w: w, c: w.NewProject(t, ids.Live)}
	hook := s.must("POST", "/v1/thimble/webhooks", world.J{"url": "https://app.example.com/", "events": []string{"*"}})
	s.hook = hook.At("webhook.webhook_id")
	w.Program.Share(hook.At("secret"))
	s.organization = s.c.NewOrganization(t, "Acme")
	return s
}

func (s *story) must(method, path string, body any) *world.Answer {
	s.t.Helper()
	return s.c.Must(s.t, method, path, body)
}

// configure changes the project, and has the server know it at once.
func (s *story) configure(change func(p *project.Project)) {
	s.t.Helper()
	s.w.Configure(s.t, s.c.ID, change)
	s.w.App.Projects.Forget(s.c.ID)
}

func (s *story) path(member string) string {
	return world.Organizations + "/" + s.organization + "/members/" + member
}

// members come, change, go and come back, and so does an organization.
func (s *story) members() {
	s.t.Helper()
	ada := s.c.NewMember(s.t, s.organization, "ada@example.com")
	s.must("PUT", s.path(ada), world.J{"name": "Ada"})
	s.w.Login(s.t, s.c, s.organization, "ada@example.com") // her address is proven
	s.must("DELETE", s.path(ada), nil)
	s.must("PUT", s.path(ada)+"/reactivate", nil)
	other := s.c.NewOrganization(s.t, "Globex")
	s.must("PUT", world.Organizations+"/"+other, world.J{"organization_name": "Globex Ltd"})
	s.must("DELETE", world.Organizations+"/"+other, nil)

	moved := s.must("POST", "/v1/b2b/passwords/migrate", world.J{
		"organization_id": s.organization, "email_address": "dan@example.com", "hash_type": "md_5",
		"hash": "88e4ddd2402d92d50e1879d6ecd9ffd4",
	})
	s.must("DELETE", s.path("passwords/"+moved.At("member.member_password_id")), nil)
}

// factors are added, used, guessed at and removed.
func (s *story) factors() {
	s.t.Helper()
	bob := s.c.NewMember(s.t, s.organization, "bob@example.com")
	live := s.w.Story(s.t, s.c, s.organization, bob, "bob@example.com", "+12025550162")
	s.report("+12025550162", "delivered", 0)
	s.must("POST", world.RevokeSession, world.J{"member_session_id": live.At("member_session.member_session_id")})
	s.must("DELETE", world.Organizations+"/"+s.organization+"/members/mfa_phone_numbers/"+bob, nil)

	eve := s.c.NewMember(s.t, s.organization, "eve@example.com")
	s.must("POST", "/v1/b2b/totp/migrate", world.J{
		"organization_id": s.organization, "member_id": eve, "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		"recovery_codes": []string{"last-last-last"},
	})
	token := s.w.Login(s.t, s.c, s.organization, "eve@example.com")
	s.must("POST", "/v1/b2b/recovery_codes/recover", world.J{
		"organization_id": s.organization, "member_id": eve, "recovery_code": "last-last-last",
		"intermediate_session_token": token,
	})
	s.must("POST", "/v1/b2b/recovery_codes/rotate", world.J{"organization_id": s.organization, "member_id": eve})
	s.guess(eve, 3)
	if _, err := (&member.Service{DB: s.w.App.DB}).Unlock(s.t.Context(), s.project(), eve); err != nil {
		s.t.Fatal(err)
	}
	s.guess(eve, 100)
}

// guess makes wrong guesses until the last one that is left.
func (s *story) guess(member string, most int) {
	s.t.Helper()
	s.configure(func(p *project.Project) { p.Settings.LockAfter = int64(most) })
	token := s.w.Login(s.t, s.c, s.organization, "eve@example.com")
	for range most {
		s.c.Want(s.t, "unable_to_authenticate_totp", "POST", "/v1/b2b/totp/authenticate", world.J{
			"organization_id": s.organization, "member_id": member, "code": "000000", "intermediate_session_token": token,
		})
	}
}

func (s *story) project() *store.Project {
	s.t.Helper()
	p, err := s.w.App.Projects.Get(s.t.Context(), s.c.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// texts are refused, lost and paid for.
func (s *story) texts() {
	s.t.Helper()
	fay := s.c.NewMember(s.t, s.organization, "fay@example.com")
	send := func(number string) *world.Answer {
		return s.c.Call(s.t, "POST", world.SendSMS, world.J{
			"organization_id": s.organization, "member_id": fay, "mfa_phone_number": number,
		})
	}
	if a := send("+442079460018"); a.Status == 200 {
		s.t.Fatal("a text to a country that is not allowed was not refused")
	}
	s.configure(func(p *project.Project) { p.Settings.Budgets = store.BudgetSettings{store.ScopeProject: 30_000} })
	texts := len(s.w.Twilio.Texts())
	if a := send("+12025550163"); a.Status != 200 {
		s.t.Fatalf("%d %s", a.Status, a.Raw)
	}
	s.w.TextAfter(s.t, texts)
	s.w.Settle(s.t)
	s.report("+12025550163", "undelivered", 30005)
}

// report has the provider report on the newest text to a number.
func (s *story) report(number, status string, code int) {
	s.t.Helper()
	s.w.Settle(s.t)
	texts := s.w.Twilio.Texts()
	for _, text := range slices.Backward(texts) {
		if text.To == number {
			w := httptest.NewRecorder()
			s.w.App.ServeHTTP(w, s.w.Twilio.Callback(text, status, code))
			if w.Code != 200 {
				s.t.Fatalf("a report: %d %s", w.Code, w.Body)
			}
			return
		}
	}
	s.t.Fatalf("no text to %s", number)
}

// webhooks are tried, and are gone.
func (s *story) webhooks() {
	s.t.Helper()
	s.w.Program.BehaveTo("gone.example.com", vendors.Behaviour{Status: 410})
	gone := s.must("POST", "/v1/thimble/webhooks", world.J{"url": "https://gone.example.com/", "events": []string{"mfa.*"}})
	s.w.Program.Share(append(s.w.Program.Secrets(), gone.At("secret"))...)
	path := "/v1/thimble/webhooks/" + gone.At("webhook.webhook_id")
	s.must("POST", path+"/test", nil)
	timeout := time.After(time.Minute)
	for s.must("GET", path, nil).At("webhook.status") != "disabled" {
		select {
		case <-timeout:
			s.t.Fatal("a webhook that is gone was not disabled in time")
		case <-time.After(20 * time.Millisecond):
		}
	}
	s.must("POST", "/v1/thimble/webhooks/"+s.hook+"/test", nil)
}

// told gives all payloads by kind, oldest first.
func (s *story) told() map[string][]string {
	s.t.Helper()
	a := s.must("GET", "/v1/thimble/webhooks/"+s.hook+"/deliveries?limit=1000", nil)
	var list struct {
		Deliveries []struct{ Type, Payload string }
	}
	if err := json.Unmarshal([]byte(a.Raw), &list); err != nil {
		s.t.Fatal(err)
	}
	told := map[string][]string{}
	for _, d := range slices.Backward(list.Deliveries) {
		told[d.Type] = append(told[d.Type], d.Payload)
	}
	return told
}

// everywhere are the fields that are documented for all kinds.
var everywhere = []string{"project_id", "organization_id", "member_id", "request_id"}

// check holds what was told of a kind against its fields.
func (s *story) check(k event.Kind, told []string) {
	s.t.Helper()
	if len(told) == 0 {
		s.t.Errorf("%s never happened", k.Name)
	}
	for _, one := range told {
		var in struct {
			Type string
			Data map[string]string
		}
		if err := json.Unmarshal([]byte(one), &in); err != nil || in.Type != k.Name {
			s.t.Errorf("%s: %s", k.Name, one)
		}
		for name := range in.Data {
			named := slices.ContainsFunc(k.Fields, func(f event.Field) bool { return f.Name == name })
			if !named && !slices.Contains(everywhere, name) {
				s.t.Errorf("%s holds %s, which is not documented", k.Name, name)
			}
		}
		if secret.MatchString(one) {
			s.t.Errorf("%s holds what nobody shall read: %s", k.Name, one)
		}
	}
}

// secret fits addresses, whole numbers and codes.
var secret = regexp.MustCompile(`@|\+\d{7}|"\d{6}"`)

// section is the part of the page that is made here.
func section(told map[string][]string) string {
	var b strings.Builder
	b.WriteString("| Kind | What happened |\n|---|---|\n")
	for _, k := range event.Kinds() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", k.Name, strings.ReplaceAll(k.Name, ".", ""), k.Says)
	}
	for _, k := range event.Kinds() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", k.Name, k.Says)
		if len(k.Fields) > 0 {
			b.WriteString("\n")
		}
		for _, f := range k.Fields {
			fmt.Fprintf(&b, "- `%s`: %s\n", f.Name, f.Means)
		}
		fmt.Fprintf(&b, "\n```json\n%s\n```\n", example(told[k.Name][0]))
	}
	return b.String()
}

var (
	uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	when = regexp.MustCompile(`"timestamp":"[^"]*"`)
	day  = regexp.MustCompile(`"day":"[^"]*"`)
)

// example is a payload with the ids and times of a moment that never was.
func example(payload string) string {
	payload = uuid.ReplaceAllString(payload, "0198a3c1-7d0e-7c3e-8f2b-2f6d9b8f2a11")
	payload = when.ReplaceAllString(payload, `"timestamp":"2026-11-23T08:00:00.123456Z"`)
	payload = day.ReplaceAllString(payload, `"day":"2026-11-23"`)
	var b bytes.Buffer
	_ = json.Indent(&b, []byte(payload), "", "  ")
	return b.String()
}

const (
	first = "<!-- go test ./test/events -update writes from here -->\n"
	last  = "<!-- to here -->\n"
)

func parts(t *testing.T) (before, between, after string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), first)
	between, after, too := strings.Cut(rest, last)
	if !ok || !too {
		t.Fatalf("%s has no marks", page)
	}
	return before, between, after
}

func written(t *testing.T) string {
	t.Helper()
	_, between, _ := parts(t)
	return between
}

func write(t *testing.T, section string) {
	t.Helper()
	before, _, after := parts(t)
	if err := os.WriteFile(page, []byte(before+first+section+last+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
