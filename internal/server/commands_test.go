package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// on runs the test with an empty database of each engine.
func on(t *testing.T, test func(t *testing.T, environ []string, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		environ, url := data(t)
		test(t, environ, url)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		environ, _ := data(t)
		url := pgtest.URL(t)
		test(t, append(environ, "THIMBLE_DATABASE_URL="+url), url)
	})
}

func create(t *testing.T, environ []string, args ...string) created {
	t.Helper()
	var made created
	text := must(t, environ, append([]string{"project", "create", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(text), &made); err != nil {
		t.Fatal(err)
	}
	return made
}

func list(t *testing.T, environ []string) []projectView {
	t.Helper()
	var answer struct {
		Projects []projectView `json:"projects"`
	}
	if err := json.Unmarshal([]byte(must(t, environ, "project", "list", "--json")), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Projects
}

func TestProjectCommands(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, _ string) {
		made := create(t, environ, "Shop", "--env", "live")
		if !strings.HasPrefix(made.ProjectID, "project-live-") || !strings.HasPrefix(made.Secret, "secret-live-") ||
			!strings.HasPrefix(made.PublicToken, "public-token-live-") {
			t.Errorf("made %+v", made)
		}
		want := projectView{
			ProjectID: made.ProjectID, Env: "live", Name: "Shop", PublicToken: made.PublicToken, Countries: []string{"US", "CA"},
			Budgets: map[string]int64{"project/unverified": 50_000_000}, TextSegments: 1,
			Limits: limit.Defaults(), EnforceLimits: true, LockAfter: 10, LockMinutes: 60, SessionMaxMinutes: 527040,
			RedirectURLs: []store.RedirectURL{}, Channels: []store.ChannelWait{{Channel: "sms", Seconds: 30}},
			CountryPolicy: map[string]string{}, UnsupportedCountries: []string{"default"}, NumberTypes: map[string]string{
				"mobile": "allow", "unknown": "allow", "landline": "monitor", "voip": "monitor", "personal": "monitor",
				"toll_free": "block", "shared_cost": "block", "premium": "block", "pager": "block", "uan": "block",
				"voicemail": "block",
			},
			Passwords: passwordView{
				Policy: "zxcvbn", MinLength: 8, MinComplexity: 3, BreachOnCreation: true, BreachOnAuth: true,
			},
		}
		check := func() {
			t.Helper()
			all := list(t, environ)
			if len(all) != 1 {
				t.Fatalf("%d projects", len(all))
			}
			all[0].CreatedAt = ""
			if diff := cmp.Diff(want, all[0]); diff != "" {
				t.Errorf("project (-want +got):\n%s", diff)
			}
		}
		check()

		must(t, environ, "project", "set", made.ProjectID, "--name", "Store", "--countries", "jm,us,US",
			"--limit", "number_day=7", "--limit", "prefix_hour=none", "--lock-after", "3", "--lock-minutes", "5",
			"--session-max-minutes", "600", "--webotp-domain", "shop.example.com", "--send-without-token",
			"--text-segments", "2", "--channels", "whatsapp:20,sms,voice",
			"--replace-unverified-phone")
		want.Name, want.Countries, want.LockAfter, want.LockMinutes = "Store", []string{"JM", "US"}, 3, 5
		want.Limits[limit.NumberPerDay], want.Limits[limit.PrefixPerHour] = 7, -1
		want.SessionMaxMinutes, want.WebOTPDomain, want.TextSegments = 600, "shop.example.com", 2
		want.SendWithoutToken, want.ReplaceUnverifiedPhone = true, true
		want.Channels = []store.ChannelWait{
			{Channel: "whatsapp", Seconds: 20}, {Channel: "sms", Seconds: 30}, {Channel: "voice", Seconds: 30},
		}
		check()

		must(t, environ, "project", "set", made.ProjectID, "--countries", "default", "--limit", "number_day=default",
			"--no-send-without-token", "--lock-after", "0", "--webotp-domain", "", "--channels", "default",
			"--text-segments", "0")
		want.TextSegments = 1
		want.Channels = []store.ChannelWait{{Channel: "sms", Seconds: 30}}
		want.Countries, want.LockAfter, want.SendWithoutToken, want.WebOTPDomain = []string{"US", "CA"}, 10, false, ""
		want.Limits[limit.NumberPerDay] = limit.Defaults()[limit.NumberPerDay]
		check()

		must(t, environ, "project", "set", made.ProjectID, "--country-policy", "gb=monitor,CA=block", "--number-type", "voip=block",
			"--unsupported-countries", "de,af", "--limit", "cold_prefix=8")
		want.CountryPolicy = map[string]string{"GB": "monitor", "CA": "block"}
		want.NumberTypes["voip"], want.UnsupportedCountries = "block", []string{"AF", "DE"}
		want.Limits[limit.ColdPrefix] = 8
		check()
		if out := fails(t, environ, "project", "set", made.ProjectID, "--country-policy", "DE=monitor"); !strings.Contains(out, "to DE") {
			t.Errorf("a risky country: %s", out)
		}
		must(t, environ, "project", "set", made.ProjectID, "--country-policy", "gb=default,CA=default", "--number-type",
			"voip=default", "--unsupported-countries", "default", "--limit", "cold_prefix=default")
		want.CountryPolicy, want.UnsupportedCountries = map[string]string{}, []string{"default"}
		want.NumberTypes["voip"], want.Limits[limit.ColdPrefix] = "monitor", 4
		check()

		must(t, environ, "project", "set", made.ProjectID, "--password-policy", "luds", "--password-min-length", "12",
			"--password-min-complexity", "4", "--no-check-breach-on-creation", "--no-check-breach-on-authentication",
			"--validate-on-authentication", "--cross-org-passwords")
		before := want.Passwords
		want.Passwords = passwordView{
			Policy: "luds", MinLength: 12, MinComplexity: 4, ValidateOnAuth: true, CrossOrg: true,
		}
		check()
		must(t, environ, "project", "set", made.ProjectID, "--password-policy", "zxcvbn", "--password-min-length", "0",
			"--password-min-complexity", "0", "--check-breach-on-creation", "--check-breach-on-authentication",
			"--no-validate-on-authentication", "--no-cross-org-passwords")
		want.Passwords = before
		check()

		must(t, environ, "project", "set", made.ProjectID, "--budget-day", "100", "--budget-country", "us=20.5",
			"--budget-country", "CA=none", "--budget-organization", "*=5")
		want.Budgets = map[string]int64{
			"project": 100_000_000, "country/US": 20_500_000, "country/CA": -1, "organization/*": 5_000_000,
		}
		check()
		must(t, environ, "project", "set", made.ProjectID, "--budget-day", "none", "--budget-country", "US=default,CA=default",
			"--budget-organization", "*=default")
		want.Budgets = map[string]int64{"project": -1}
		check()
		for _, args := range [][]string{
			{"--budget-day", "-5"},
			{"--budget-day", "NaN"},
			{"--budget-day", "1e12"},
			{"--budget-country", "XQ=5"},
			{"--budget-country", "US"},
			{"--budget-organization", "acme=5"},
		} {
			if out, _, status := thimble(t, environ, append([]string{"project", "set", made.ProjectID}, args...)...); status == 0 {
				t.Errorf("taken: %v\n%s", args, out)
			}
		}
		must(t, environ, "project", "set", made.ProjectID, "--budget-day", "default")
		want.Budgets = map[string]int64{"project/unverified": 50_000_000}
		check()

		must(t, environ, "project", "redirect", "add", made.ProjectID, "https://shop.example.com/in", "--default")
		must(t, environ, "project", "redirect", "add", made.ProjectID, "https://shop.example.com/new",
			"--purposes", "signup,invite")
		want.RedirectURLs = []store.RedirectURL{
			{URL: "https://shop.example.com/in", Purposes: project.Purposes, Defaults: project.Purposes},
			{URL: "https://shop.example.com/new", Purposes: []string{"signup", "invite"}},
		}
		check()
		must(t, environ, "project", "redirect", "remove", made.ProjectID, "https://shop.example.com/in")
		want.RedirectURLs = want.RedirectURLs[1:]
		check()
		if text := must(t, environ, "project", "redirect", "list", made.ProjectID); !strings.Contains(text, "signup,invite") {
			t.Errorf("redirects:\n%s", text)
		}
		if text := must(t, environ, "project", "list"); !strings.Contains(text, made.ProjectID+"  Store") {
			t.Errorf("list:\n%s", text)
		}
	})
}

func TestGuardCommands(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, _ string) {
		made := create(t, environ, "Shop", "--env", "live")
		must(t, environ, "guard", "safe", "add", made.ProjectID, "+1202555", "--reason", "a conference", "--days", "2")
		if text := must(t, environ, "guard", "safe", "list", made.ProjectID); !strings.Contains(text, "a conference") {
			t.Errorf("safe list:\n%s", text)
		}
		must(t, environ, "guard", "safe", "remove", made.ProjectID, "+1202555")
		if text := must(t, environ, "guard", "status", made.ProjectID); !strings.Contains(text, "0 sent, 0 used") {
			t.Errorf("status:\n%s", text)
		}
		for _, c := range []struct{ args, want string }{
			{"safe remove PROJECT +1202555", "no such entry"},
			{"safe add PROJECT +120 --reason x", "4 to 15 digits"},
			{"safe add PROJECT +1202555 --reason x --days 400", "1 to 366 days"},
			{"clear PROJECT +1202555", "nothing is remembered"},
			{"clear PROJECT +120", "at least five digits"},
			{"clear PROJECT", "or --all"},
			{"countries PROJECT nowhere US=allow", "does not exist"},
			{"countries PROJECT nowhere US=maybe", "allow, monitor or block"},
		} {
			args := append([]string{"guard"}, strings.Fields(strings.ReplaceAll(c.args, "PROJECT", made.ProjectID))...)
			if out := fails(t, environ, args...); !strings.Contains(out, c.want) {
				t.Errorf("%s: %s, want %q", c.args, out, c.want)
			}
		}
	})
}

func TestSecretCommands(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	made := create(t, environ, "Shop")
	added := must(t, environ, "project", "secret", "add", made.ProjectID)
	if text := lineAfter(t, added, "secret     "); !strings.HasPrefix(text, "secret-test-") || text == made.Secret {
		t.Errorf("added %q", text)
	}
	listed := must(t, environ, "project", "secret", "list", made.ProjectID)
	if strings.Contains(listed, "secret-test-") || strings.Count(listed, "\n") != 3 {
		t.Errorf("list:\n%s", listed)
	}

	id := lineAfter(t, added, "secret id  ")
	must(t, environ, "project", "secret", "revoke", made.ProjectID, id)
	_, stderr, status := thimble(t, environ, "project", "secret", "revoke", made.ProjectID, id)
	if status != 1 || !strings.Contains(stderr, "project secret list") {
		t.Errorf("again: status %d, %s", status, stderr)
	}
}

// TestCommandsRefuse: what cannot be is said clearly, and changes nothing.
func TestCommandsRefuse(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	made := create(t, environ, "Shop")
	before := must(t, environ, "project", "list", "--json")
	const nobody = "project-test-00000000-0000-4000-8000-000000000000"
	set := func(args ...string) []string { return append([]string{"project", "set", made.ProjectID}, args...) }
	redirect := func(args ...string) []string { return append([]string{"project", "redirect"}, args...) }

	tests := map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no such command":    {[]string{"srve"}, 2, "srve"},
		"no such flag":       {[]string{"serve", "--lisen", "x"}, 2, "--listen"},
		"no such project":    {[]string{"project", "set", nobody, "--name", "x"}, 1, "thimble project list"},
		"no name":            {[]string{"project", "create", " "}, 1, "needs a name"},
		"no such env":        {[]string{"project", "create", "x", "--env", "staging"}, 2, "test"},
		"country":            {set("--countries", "US,XX"), 1, `"XX" is no country`},
		"risky country":      {set("--countries", "US,AF"), 1, "--risky-countries"},
		"limit":              {set("--limit", "per_day=1"), 1, "the limits are"},
		"limit, no number":   {set("--limit", "number_day=many"), 1, "none, or default"},
		"limit, negative":    {set("--limit", "number_day=-1"), 1, "none, or default"},
		"channel":            {set("--channels", "sms:30,fax"), 1, `"fax" is no channel`},
		"channel, no number": {set("--channels", "sms:soon"), 1, "such as sms:30"},
		"lock":               {set("--lock-after", "101"), 1, "from 1 to 100"},
		"all at once":        {set("--lock-after", "101", "--webotp-domain", "a b"), 1, "WebOTP domain must"},
		"redirect":           {redirect("add", made.ProjectID, "http://example.com/"), 1, "must use https"},
		"no such redirect":   {redirect("remove", made.ProjectID, "https://x.example.com/"), 1, "redirect list"},
		"no such member":     {[]string{"member", "unlock", made.ProjectID, "member-test-0"}, 1, "no member with that id"},
		"inbox without key":  {[]string{"inbox"}, 1, "THIMBLE_MASTER_KEY"},
		"providers of none":  {[]string{"providers", "--hours", "0"}, 1, "from 1 to 2160"},
		"inbox of nothing":   {[]string{"inbox", "--limit", "0"}, 1, "from 1 to 1000"},
		"tail of too many":   {[]string{"inbox", "tail", "--last", "1001"}, 1, "from 0 to 1000"},
		"rotate without key": {[]string{"keys", "rotate"}, 1, "THIMBLE_MASTER_KEY"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, stderr, status := thimble(t, environ, test.args...)
			if status != test.status || !strings.Contains(stderr, test.want) {
				t.Errorf("status %d, want %d and %q in:\n%s", status, test.status, test.want, stderr)
			}
		})
	}
	if diff := cmp.Diff(before, must(t, environ, "project", "list", "--json")); diff != "" {
		t.Errorf("refusals changed something (-before +after):\n%s", diff)
	}
	must(t, environ, set("--countries", "US,AF", "--risky-countries")...)
}

// TestNoDatabase: a command in the wrong folder says so, and does not leave an empty database there.
func TestNoDatabase(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	_, stderr, status := thimble(t, []string{"THIMBLE_DATA=" + folder}, "project", "list")
	if status != 1 || !strings.Contains(stderr, "there is no database") || !strings.Contains(stderr, "--data") {
		t.Errorf("status %d:\n%s", status, stderr)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder: %v, want that there is none", err)
	}
}

func TestKeysCommands(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, _ string) {
		folder := t.TempDir()
		file := func(name string) string {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte(must(t, nil, "keys", "master")), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		before, after := file("before"), file("after")
		create(t, environ, "Shop")
		old := append(environ, "THIMBLE_MASTER_KEY_FILE="+before)

		must(t, old, "keys", "rotate") // makes the first ring, and publishes the next keys
		text := must(t, environ, "keys", "list")
		if strings.Count(text, "current") != 6 || strings.Count(text, "next") != 6 {
			t.Errorf("keys:\n%s", text)
		}
		if _, stderr, status := thimble(t, old, "keys", "rotate"); status != 1 || !strings.Contains(stderr, "ten minutes") {
			t.Errorf("rotating again: status %d, %s", status, stderr)
		}

		must(t, old, "keys", "rewrap", after)
		if _, stderr, status := thimble(t, old, "inbox"); status != 1 || !strings.Contains(stderr, "another master key") {
			t.Errorf("with the old master key: status %d, %s", status, stderr)
		}
		text = must(t, append(environ, "THIMBLE_MASTER_KEY_FILE="+after), "inbox")
		if !strings.Contains(text, "no messages") {
			t.Errorf("with the new master key:\n%s", text)
		}
	})
}

// TestOperatorsBesideDev uses commands on the database of a running thimble dev: the inbox, and a locked member.
func TestOperatorsBesideDev(t *testing.T) {
	t.Parallel()
	environ, url := data(t)
	printed := strings.Join(dev(t, environ), "\n")
	address := lineAfter(t, printed, "Thimble is ready: ")
	post(t, address+"/v1/b2b/magic_links/email/login_or_signup",
		`{"organization_id":"acme","email_address":"`+seedEmail+`"}`)

	var box struct {
		Messages []struct {
			ID   string `json:"message_id"`
			To   string `json:"to"`
			Body string `json:"body"`
		} `json:"messages"`
	}
	if err := json.Unmarshal([]byte(must(t, environ, "inbox", "--json", "--to", seedEmail)), &box); err != nil {
		t.Fatal(err)
	}
	if len(box.Messages) != 1 || box.Messages[0].To != seedEmail || !strings.Contains(box.Messages[0].Body, address) {
		t.Errorf("inbox: %+v", box)
	}
	if text := must(t, environ, "why", box.Messages[0].ID); !strings.Contains(text, "delivered") ||
		strings.Contains(text, seedEmail) {
		t.Errorf("why:\n%s", text)
	}
	if text := must(t, environ, "providers"); !strings.Contains(text, "No text of a live project") {
		t.Errorf("providers:\n%s", text)
	}
	if _, stderr, status := thimble(t, environ, "why", "message-test-0"); status != 1 || !strings.Contains(stderr, "90 days") {
		t.Errorf("why of nothing: %d %s", status, stderr)
	}
	if text := must(t, environ, "inbox"); !strings.Contains(text, "email to "+seedEmail) {
		t.Errorf("inbox:\n%s", text)
	}
	if text := must(t, environ, "inbox", "--to", "bob@example.com"); !strings.Contains(text, "no messages") {
		t.Errorf("inbox of another:\n%s", text)
	}

	prepared(t, url, func(db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			for range 3 {
				if _, err := tx.ReserveGuess(t.Context(), fixed.MemberID, limit.GuessBudget(&store.ProjectSettings{})); err != nil {
					return err
				}
			}
			return nil
		})
	})
	must(t, environ, "member", "unlock", fixed.ProjectID, fixed.MemberID)
	prepared(t, url, func(db *store.DB) {
		if m := readSeeds(t, db, fixed).Member; m.MFAFailures != 0 || m.MFAFailuresTotal != 0 {
			t.Errorf("%d failures, %d in total; want none", m.MFAFailures, m.MFAFailuresTotal)
		}
		events := storetest.Read(t, db).Events
		if last := events[len(events)-1]; last.Action != "member.unlock" || last.MemberID != fixed.MemberID {
			t.Errorf("last event: %+v", last)
		}
		write(t, db, func(tx *store.Tx) error {
			_, err := tx.HearStop(t.Context(), "+12025550162", "twilio", "SM1")
			return err
		})
	})
	must(t, environ, "project", "opt-in", fixed.ProjectID, "+1 202 555 0162")
	if _, stderr, status := thimble(t, environ, "project", "opt-in", fixed.ProjectID, "+12025550162"); status != 1 ||
		!strings.Contains(stderr, "had not stopped") {
		t.Errorf("opt-in once more: %d, %s", status, stderr)
	}
	must(t, environ, "project", "opt-out", fixed.ProjectID, "+1 202 555 0162")
	if _, stderr, status := thimble(t, environ, "project", "opt-out", fixed.ProjectID, "+12025550162"); status != 1 ||
		!strings.Contains(stderr, "already") {
		t.Errorf("opt-out once more: %d, %s", status, stderr)
	}
	must(t, environ, "project", "opt-in", fixed.ProjectID, "+12025550162")
	if _, stderr, status := thimble(t, environ, "project", "opt-out", fixed.ProjectID, "2025550162"); status != 1 ||
		!strings.Contains(stderr, "not a number") {
		t.Errorf("opt-out of no number: %d, %s", status, stderr)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"":                     "Commands:",
		"dev":                  "thimble dev --listen",
		"serve":                "(umask 077; ./thimble keys master > master.key)",
		"project set":          "--risky-countries",
		"project template":     "thimble project template set PROJECT --locale de-DE",
		"project template set": "--organization acme --name",
		"project redirect add": "--purposes",
		"keys rewrap":          "<new>",
		"inbox":                "inbox tail",
		"inbox show":           "--limit",
		"inbox tail":           "Ctrl-C",
		"member unlock":        "Make sure",
	} {
		text := must(t, nil, append(strings.Fields(command), "--help")...)
		if !strings.Contains(text, want) {
			t.Errorf("%s --help has no %q:\n%s", command, want, text)
		}
	}
	if text := must(t, nil); !strings.Contains(text, "serve") {
		t.Errorf("without arguments:\n%s", text)
	}
	if text := must(t, nil, "version"); !strings.HasPrefix(text, "thimble ") {
		t.Errorf("version: %s", text)
	}
}
