package scenario

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/test/exposition"
)

// everything is a story in which something of each kind happens.
const everything = `
as live
organization acme
member ada
member bob
login ada
twilio broken
POST /v1/b2b/otps/sms/send {"organization_id":"$acme","member_id":"$ada","session_token":"$ada_session","mfa_phone_number":"+12025550162"}
200
sleep 1s
twilio ok
sleep 20s
POST /v1/b2b/otps/sms/authenticate {"organization_id":"$acme","member_id":"$ada","session_token":"$ada_session","code":"$inbox.code"}
200
POST /v1/b2b/otps/sms/send {"organization_id":"$acme","member_id":"$bob","mfa_phone_number":"+18765550123"}
400 invalid_phone_number_country_code
`

// told is what a server exposes after everything.
func told(t *testing.T) (families map[string]*exposition.Family) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "thimble.db")
	if err := os.WriteFile(path, proto().file, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "sqlite:"+path, serverOptions{})
		defer w.close()
		s := &story{name: "everything", text: map[string]string{sectionSteps: everything}, line: map[string]int{}}
		w.run(parse(t, s, sectionSteps))
		for _, text := range w.twilio.Texts() {
			w.app.ServeHTTP(httptest.NewRecorder(), w.twilio.Callback(text, "delivered", 0))
		}
		w.check(w.sleep("7m"))
		var err error
		families, err = exposition.Parse(exposition.Scrape(t, w.app.Admin()))
		w.check(err)
	})
	// Where requests are traced; a server of its own process shows that it is there.
	families["thimble_trace_spans_total"] = &exposition.Family{
		Name: "thimble_trace_spans_total", Type: "counter", Labels: []string{"state"},
		Series: []exposition.Series{
			{Labels: map[string]string{"state": "ended"}},
			{Labels: map[string]string{"state": "exported"}},
			{Labels: map[string]string{"state": "failed"}},
		},
	}
	return families
}

// The table of docs/operations.md has all metrics of ours and no others.
func TestMetricsAreExplained(t *testing.T) {
	t.Parallel()
	var got []string
	for _, f := range told(t) {
		if f.Ours() {
			got = append(got, f.Name+" "+f.Type+" "+strings.Join(f.Labels, " "))
		}
	}
	slices.Sort(got)

	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(thimble_[a-z_]+)` \\| (counter|gauge|histogram) \\| ([a-z_, ]*?) ?\\| \\S.*\\|$")
	var want []string
	for _, found := range row.FindAllStringSubmatch(string(text), -1) {
		labels := strings.FieldsFunc(found[3], func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(labels)
		want = append(want, found[1]+" "+found[2]+" "+strings.Join(labels, " "))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/operations.md and the server differ (-said +exposed):\n%s", diff)
	}
}

// All that the board and the alerts ask for is there: metrics, labels, and their values.
func TestBoardAndAlerts(t *testing.T) {
	t.Parallel()
	known := exposition.Known{Families: told(t), Values: map[string][]string{
		"decision": guard.Rules(), "outcome": append(slices.Clone(notify.Outcomes), "undelivered"), "state": notify.States,
		"status": {"400", "500", "aborted"}, "provider": {notify.ProviderInbox, notify.ProviderSMTP},
	}}
	exprs := append(boardQueries(t), alertQueries(t)...)
	if len(exprs) < 50 {
		t.Fatalf("only %d expressions", len(exprs))
	}
	for _, expr := range exprs {
		for _, problem := range known.Check(expr) {
			t.Errorf("%s\n%s", expr, problem)
		}
	}
}

func boardQueries(t *testing.T) (exprs []string) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/grafana/thimble.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		if p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	return exprs
}

func alertQueries(t *testing.T) (exprs []string) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/prometheus/thimble.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Annotations["summary"] == "" || r.Labels["severity"] == "" || !strings.Contains(string(docs), "`"+r.Alert+"`") {
				t.Errorf("the alert %q lacks a summary, a severity or its place in docs/operations.md", r.Alert)
			}
			exprs = append(exprs, r.Expr)
		}
	}
	return exprs
}

// Whatever people send, and however many they are, the number of series stays what it is.
func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	all := &databases{t: t}
	all.both(t, func(t *testing.T, url string) {
		w := newWorld(t, url, serverOptions{})
		defer w.close()
		series := func() int {
			families, err := exposition.Parse(exposition.Scrape(t, w.app.Admin()))
			w.check(err)
			n := 0
			for _, f := range families {
				n += len(f.Series)
			}
			return n
		}
		round := func(i int) {
			// A live project, whose limits and countries refuse, an organization and a member of its own.
			name := fmt.Sprintf("odd%d", i)
			w.project(name, "live")
			w.as = w.projects[name]
			organization, err := w.must200("POST", "/v1/b2b/organizations", map[string]any{"organization_name": name})
			w.check(err)
			o, _ := organization["organization"].(map[string]any)
			id := fmt.Sprint(o["organization_id"])
			member, err := w.must200("POST", "/v1/b2b/organizations/"+id+"/members",
				map[string]any{"email_address": name + "@example.com"})
			w.check(err)
			for _, number := range []string{fmt.Sprintf("+1202555%04d", i), "+18765550123", "+999999", "x"} {
				w.call("POST", "/v1/b2b/otps/sms/send", fmt.Sprintf(
					`{"organization_id":%q,"member_id":%q,"mfa_phone_number":%q,"locale":"x%d"}`, id, member["member_id"], number, i))
				w.call("POST", "/v1/b2b/otps/sms/send", fmt.Sprintf(
					`{"organization_id":%q,"member_id":%q,"mfa_phone_number":%q}`, id, member["member_id"], number))
			}
			for _, path := range []string{"/v1/odd/" + name, "/" + name, "/dev/" + name, "/errors/" + fmt.Sprint(i), "/metrics"} {
				for _, method := range []string{"GET", "POST", "ODD" + fmt.Sprint(i)} {
					w.call(method, path, "")
				}
			}
			w.call("GET", "/v1/b2b/organizations/"+name, "")
			w.check(w.sleep("15s"))
		}
		for i := range 3 {
			round(i)
		}
		before := series()
		for i := range 40 {
			round(100 + i)
		}
		time.Sleep(time.Second)
		if after := series(); after > before+2 { // what comes with time, such as a number of garbage collections
			t.Errorf("%d series became %d", before, after)
		}
	})
}
