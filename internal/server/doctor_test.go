package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// town is every provider at once, on real sockets, and the settings of a server that uses them all.
type town struct {
	twilio  *vendors.Twilio
	vonage  *vendors.Vonage
	telnyx  *vendors.Telnyx
	plivo   *vendors.Plivo
	infobip *vendors.Infobip
	sinch   *vendors.Sinch
	bird    *vendors.Bird
	aws     *vendors.AWS
	program *vendors.Webhook
	smtp    *vendors.SMTP
	environ []string
	url     string // of the database
}

func newTown(t *testing.T) *town {
	t.Helper()
	s := &town{
		twilio: vendors.NewTwilio(), vonage: vendors.NewVonage(), telnyx: vendors.NewTelnyx(), plivo: vendors.NewPlivo(), infobip: vendors.NewInfobip(), sinch: vendors.NewSinch(), bird: vendors.NewBird(), aws: vendors.NewAWS(),
		program: vendors.NewWebhook(), smtp: vendors.NewSMTP(),
	}
	at := func(serve func(net.Listener) func()) string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(serve(ln))
		return ln.Addr().String()
	}
	s.smtp.User, s.smtp.Password, s.smtp.AuthInClear = "thimble", "correct horse battery", true
	_, port, _ := strings.Cut(at(s.smtp.Serve), ":")
	s.environ, s.url = production(t)
	s.environ = append(s.environ,
		"THIMBLE_PUBLIC_URL=https://1.1.1.1", // an address, so that no name server is needed
		"THIMBLE_TWILIO_ACCOUNT_SID="+vendors.TwilioAccount, "THIMBLE_TWILIO_AUTH_TOKEN="+vendors.TwilioToken,
		"THIMBLE_TWILIO_FROM="+vendors.TwilioFrom, "THIMBLE_TWILIO_BASE_URL=http://"+at(s.twilio.Serve),
		"THIMBLE_VONAGE_APPLICATION_ID="+vendors.VonageApplication, "THIMBLE_VONAGE_PRIVATE_KEY="+s.vonage.PrivateKey(),
		"THIMBLE_VONAGE_API_KEY="+vendors.VonageAPIKey, "THIMBLE_VONAGE_API_SECRET="+vendors.VonageAPISecret,
		"THIMBLE_VONAGE_SIGNATURE_SECRET="+vendors.VonageSignature, "THIMBLE_VONAGE_FROM="+vendors.VonageFrom,
		"THIMBLE_VONAGE_BASE_URL=http://"+at(s.vonage.Serve),
		"THIMBLE_TWILIO_WHATSAPP_FROM="+vendors.TwilioWhatsApp, "THIMBLE_TWILIO_WHATSAPP_CONTENT_SID="+vendors.TwilioContent,
		"THIMBLE_TWILIO_VOICE_FROM="+vendors.TwilioVoice, "THIMBLE_VONAGE_VOICE_FROM="+vendors.VonageVoice,
		"THIMBLE_VONAGE_WHATSAPP_FROM="+vendors.VonageWhatsApp, "THIMBLE_VONAGE_WHATSAPP_TEMPLATE="+vendors.VonageTemplate,
		"THIMBLE_TELNYX_API_KEY="+vendors.TelnyxKey, "THIMBLE_TELNYX_PUBLIC_KEY="+s.telnyx.PublicKey(),
		"THIMBLE_TELNYX_FROM="+vendors.TelnyxFrom, "THIMBLE_TELNYX_BASE_URL=http://"+at(s.telnyx.Serve),
		"THIMBLE_PLIVO_AUTH_ID="+vendors.PlivoID, "THIMBLE_PLIVO_AUTH_TOKEN="+vendors.PlivoToken,
		"THIMBLE_PLIVO_FROM="+vendors.PlivoFrom, "THIMBLE_PLIVO_BASE_URL=http://"+at(s.plivo.Serve),
		"THIMBLE_INFOBIP_BASE_URL=http://"+at(s.infobip.Serve), "THIMBLE_INFOBIP_API_KEY="+vendors.InfobipKey,
		"THIMBLE_INFOBIP_FROM="+vendors.InfobipFrom, "THIMBLE_INFOBIP_WEBHOOK_USER="+vendors.InfobipUser,
		"THIMBLE_INFOBIP_WEBHOOK_PASSWORD="+vendors.InfobipPassword,
		"THIMBLE_SINCH_SERVICE_PLAN_ID="+vendors.SinchPlan, "THIMBLE_SINCH_API_TOKEN="+vendors.SinchToken,
		"THIMBLE_SINCH_FROM="+vendors.SinchFrom, "THIMBLE_SINCH_WEBHOOK_USER="+vendors.SinchUser,
		"THIMBLE_SINCH_WEBHOOK_PASSWORD="+vendors.SinchPassword, "THIMBLE_SINCH_BASE_URL=http://"+at(s.sinch.Serve),
		"THIMBLE_BIRD_API_KEY="+vendors.BirdKey, "THIMBLE_BIRD_FROM="+vendors.BirdFrom,
		"THIMBLE_BIRD_WEBHOOK_SECRET="+vendors.BirdSecret, "THIMBLE_BIRD_BASE_URL=http://"+at(s.bird.Serve),
		"THIMBLE_AWS_REGION="+vendors.AWSRegion, "THIMBLE_AWS_ACCESS_KEY_ID="+vendors.AWSKey,
		"THIMBLE_AWS_SECRET_ACCESS_KEY="+vendors.AWSSecret, "THIMBLE_AWS_FROM="+vendors.AWSFrom,
		"THIMBLE_AWS_CONFIGURATION_SET="+vendors.AWSSet, "THIMBLE_AWS_TOPIC_ARN="+vendors.AWSTopic,
		"THIMBLE_AWS_BASE_URL=http://"+at(s.aws.Serve),
		"THIMBLE_SMS_WEBHOOK_URL=http://"+at(s.program.Serve)+"/send", "THIMBLE_SMS_WEBHOOK_SECRET="+vendors.WebhookSecret,
		"THIMBLE_SMS_WEBHOOK_ALLOW_PRIVATE=true", "THIMBLE_SMS_FILE="+filepath.Join(t.TempDir(), "texts"),
		"THIMBLE_SMTP_HOST=127.0.0.1", "THIMBLE_SMTP_PORT="+port, "THIMBLE_SMTP_SECURITY=plain",
		"THIMBLE_SMTP_USERNAME=thimble", "THIMBLE_SMTP_PASSWORD=correct horse battery",
		"THIMBLE_SMTP_FROM=login@example.com",
	)
	return s
}

// sent counts everything that a doctor must not send.
func (s *town) sent() int {
	return len(s.twilio.Texts()) + len(s.vonage.Texts()) + len(s.telnyx.Texts()) + len(s.plivo.Texts()) + len(s.infobip.Texts()) + len(s.sinch.Texts()) + len(s.bird.Texts()) + len(s.aws.Texts()) +
		len(s.program.Texts()) + len(s.smtp.Mails())
}

func (s *town) asked() int {
	return s.twilio.Desk.Asked() + s.vonage.Desk.Asked() + s.telnyx.Desk.Asked() + s.plivo.Desk.Asked() + s.infobip.Desk.Asked() + s.sinch.Desk.Asked() + s.bird.Desk.Asked() + s.aws.Desk.Asked()
}

// secrets are what no line may show.
var secrets = []string{
	vendors.TwilioToken, vendors.VonageAPISecret, vendors.VonageSignature, vendors.TelnyxKey, vendors.AWSSecret, vendors.PlivoToken, vendors.InfobipKey, vendors.InfobipPassword,
	vendors.SinchToken, vendors.SinchPassword, vendors.BirdKey, vendors.BirdSecret,
	vendors.WebhookSecret, "correct horse battery", "BEGIN PRIVATE", "open sesame",
}

// doctorSays runs the doctor with settings instead of the good ones and gives what it says but for what is ok.
func (s *town) doctorSays(t *testing.T, settings []string, args ...string) (lines []string, status int) {
	t.Helper()
	stdout, stderr, status := thimble(t, append(s.environ, settings...), append([]string{"doctor"}, args...)...)
	for _, hidden := range append(secrets, masterIn(s.environ)) {
		if strings.Contains(stdout+stderr, hidden) {
			t.Errorf("%q shows in:\n%s%s", hidden, stdout, stderr)
		}
	}
	for one := range strings.Lines(stdout) {
		if fields := strings.Fields(one); fields[0] != "ok" {
			lines = append(lines, fields[0]+" "+fields[1])
		}
	}
	if s.sent() != 0 {
		t.Errorf("%d messages were sent", s.sent())
	}
	return lines, status
}

func masterIn(environ []string) (master string) {
	for _, one := range environ {
		if value, ok := strings.CutPrefix(one, "THIMBLE_MASTER_KEY="); ok && value != "" {
			master = value
		}
	}
	return master
}

func TestDoctorOfTheHealthy(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, s *town){
		"nothing there yet": func(*testing.T, *town) {},
		"SQLite": func(t *testing.T, s *town) {
			prepared(t, s.url, func(db *store.DB) { sealRing(t, db, masterIn(s.environ)) })
		},
		"PostgreSQL": func(t *testing.T, s *town) {
			url := pgtest.URL(t)
			s.environ = append(s.environ, "THIMBLE_DATABASE_URL="+url)
			prepared(t, url, func(db *store.DB) { sealRing(t, db, masterIn(s.environ)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTown(t)
			prepare(t, s)
			if lines, status := s.doctorSays(t, nil); status != 0 || len(lines) != 0 {
				t.Errorf("status %d, want 0 and nothing but ok: %q", status, lines)
			}
			if s.asked() != 17 {
				t.Errorf("%d questions, want 17", s.asked())
			}
		})
	}
}

func sealRing(t *testing.T, db *store.DB, text string) {
	t.Helper()
	master, err := keys.ParseMaster(text)
	if err == nil {
		_, err = keys.Open(t.Context(), db, master)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestDoctorFindsWrongSettings(t *testing.T) {
	t.Parallel()
	_, strange := keys.NewMaster()
	gone := "127.0.0.1:1" // nobody listens there
	for name, test := range map[string]struct {
		settings []string
		want     []string
	}{
		"no such setting":    {[]string{"THIMBLE_LISTN=x"}, []string{"wrong config"}},
		"no public URL":      {[]string{"THIMBLE_PUBLIC_URL="}, []string{"wrong public-url"}},
		"http":               {[]string{"THIMBLE_PUBLIC_URL=http://1.1.1.1"}, []string{"warning public-url"}},
		"a private address":  {[]string{"THIMBLE_PUBLIC_URL=https://10.1.2.3"}, []string{"warning public-url"}},
		"no master key":      {[]string{"THIMBLE_MASTER_KEY="}, []string{"wrong master-key"}},
		"bad master key":     {[]string{"THIMBLE_MASTER_KEY=x"}, []string{"wrong master-key"}},
		"another master key": {[]string{"THIMBLE_MASTER_KEY=" + strange}, []string{"wrong master-key"}},
		"bad numbers": {
			[]string{"THIMBLE_KEEP_CODES_DAYS=x", "THIMBLE_SHUTDOWN_SECONDS=0"},
			[]string{"wrong shutdown-seconds", "wrong keep-codes-days"},
		},
		"no address of ours": {[]string{"THIMBLE_LISTEN=192.0.2.1:80"}, []string{"wrong listen"}},
		"no folder":          {[]string{"THIMBLE_DATABASE_URL=", "THIMBLE_DATA=/dev/null/x"}, []string{"wrong data"}},
		"no database there": {
			[]string{"THIMBLE_DATABASE_URL=postgres://u:open sesame@" + gone + "/x"},
			[]string{"wrong database"},
		},
		"no breaches":         {[]string{"THIMBLE_PASSWORD_BREACH_FILE=/nowhere"}, []string{"wrong password-breach-file"}},
		"half a Twilio":       {[]string{"THIMBLE_TWILIO_AUTH_TOKEN="}, []string{"wrong twilio-auth-token"}},
		"a Twilio nowhere":    {[]string{"THIMBLE_TWILIO_COUNTRIES=XX"}, []string{"wrong twilio-countries"}},
		"wrong Twilio":        {[]string{"THIMBLE_TWILIO_AUTH_TOKEN=x"}, []string{"wrong twilio-auth-token"}},
		"Twilio's number":     {[]string{"THIMBLE_TWILIO_FROM=+12025550100"}, []string{"wrong twilio-from"}},
		"Twilio's calls":      {[]string{"THIMBLE_TWILIO_VOICE_FROM=x"}, []string{"wrong twilio-voice-from"}},
		"Twilio's caller id":  {[]string{"THIMBLE_TWILIO_VOICE_FROM=+12025550100"}, []string{"warning twilio-voice-from"}},
		"routes to nobody":    {[]string{"THIMBLE_SMS_ROUTES=US=nobody"}, []string{"wrong sms-routes"}},
		"Twilio down":         {[]string{"THIMBLE_TWILIO_BASE_URL=http://" + gone}, []string{"wrong twilio-base-url"}},
		"wrong Vonage":        {[]string{"THIMBLE_VONAGE_API_SECRET=x"}, []string{"wrong vonage-api-secret"}},
		"Vonage down":         {[]string{"THIMBLE_VONAGE_BASE_URL=http://" + gone}, []string{"wrong vonage-base-url"}},
		"wrong Telnyx":        {[]string{"THIMBLE_TELNYX_API_KEY=x"}, []string{"wrong telnyx-api-key"}},
		"Telnyx down":         {[]string{"THIMBLE_TELNYX_BASE_URL=http://" + gone}, []string{"wrong telnyx-base-url"}},
		"wrong Plivo":         {[]string{"THIMBLE_PLIVO_AUTH_TOKEN=x"}, []string{"wrong plivo-auth-token"}},
		"Plivo down":          {[]string{"THIMBLE_PLIVO_BASE_URL=http://" + gone}, []string{"wrong plivo-base-url"}},
		"wrong Infobip":       {[]string{"THIMBLE_INFOBIP_API_KEY=x"}, []string{"wrong infobip-api-key"}},
		"Infobip down":        {[]string{"THIMBLE_INFOBIP_BASE_URL=http://" + gone}, []string{"wrong infobip-base-url"}},
		"wrong Sinch":         {[]string{"THIMBLE_SINCH_API_TOKEN=x"}, []string{"wrong sinch-api-token"}},
		"Sinch down":          {[]string{"THIMBLE_SINCH_BASE_URL=http://" + gone}, []string{"wrong sinch-base-url"}},
		"wrong Bird":          {[]string{"THIMBLE_BIRD_API_KEY=x"}, []string{"wrong bird-api-key"}},
		"Bird down":           {[]string{"THIMBLE_BIRD_BASE_URL=http://" + gone}, []string{"wrong bird-base-url"}},
		"wrong AWS":           {[]string{"THIMBLE_AWS_SECRET_ACCESS_KEY=x"}, []string{"wrong aws-secret-access-key"}},
		"AWS down":            {[]string{"THIMBLE_AWS_BASE_URL=http://" + gone}, []string{"wrong aws-region"}},
		"program down":        {[]string{"THIMBLE_SMS_WEBHOOK_URL=http://" + gone}, []string{"wrong sms-webhook-url"}},
		"no file":             {[]string{"THIMBLE_SMS_FILE=/nowhere/texts"}, []string{"wrong sms-file"}},
		"wrong mail password": {[]string{"THIMBLE_SMTP_PASSWORD=x"}, []string{"wrong smtp-password"}},
		"mail down":           {[]string{"THIMBLE_SMTP_PORT=1"}, []string{"wrong smtp-host"}},
		"bad mail":            {[]string{"THIMBLE_SMTP_SECURITY=some"}, []string{"wrong smtp-security"}},
		"no mail":             {[]string{"THIMBLE_SMTP_HOST="}, []string{"wrong smtp"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTown(t)
			prepared(t, s.url, func(db *store.DB) { sealRing(t, db, masterIn(s.environ)) })
			lines, status := s.doctorSays(t, test.settings)
			if diff := cmp.Diff(test.want, lines); diff != "" {
				t.Error(diff)
			}
			wrong := strings.HasPrefix(test.want[0], "wrong")
			if (status == 1) != wrong {
				t.Errorf("status %d", status)
			}
		})
	}
}

// TestDoctorOfTheUnset: without providers there is something to warn of.
func TestDoctorOfTheUnset(t *testing.T) {
	t.Parallel()
	environ, _ := production(t)
	folder := filepath.Join(t.TempDir(), "data")
	environ = append(environ, "THIMBLE_PUBLIC_URL=https://1.1.1.1", "THIMBLE_DATA="+folder)
	stdout, _, status := thimble(t, environ, "doctor")
	if status != 0 || strings.Count(stdout, "warning") != 2 || !strings.Contains(stdout, "no provider of texts") {
		t.Errorf("status %d:\n%s", status, stdout)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestDoctorOfDatabases(t *testing.T) {
	t.Parallel()
	old := fstest.MapFS{}
	all, err := fs.Glob(store.Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all[:len(all)-2] {
		text, err := fs.ReadFile(store.Migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: text}
	}
	for name, test := range map[string]struct {
		database func(t *testing.T, url string)
		want     string
	}{
		"newer": {func(t *testing.T, url string) {
			prepared(t, url, func(db *store.DB) { fromTheFuture(t, db) })
		}, "wrong    database"},
		"of dev": {func(t *testing.T, url string) {
			prepared(t, url, func(db *store.DB) {
				write(t, db, func(tx *store.Tx) error { return tx.MarkDevelopment(t.Context()) })
			})
		}, "wrong    database"},
		"old": {func(t *testing.T, url string) {
			db, err := sqldb.Open(t.Context(), url, sqldb.Options{})
			if err == nil {
				err = errors.Join(sqldb.Migrate(t.Context(), db, old), db.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}, "2 migrations are pending"},
		"garbage": {func(t *testing.T, url string) {
			text := []byte(strings.Repeat("no database", 1000))
			if err := os.WriteFile(strings.TrimPrefix(url, "sqlite:"), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "wrong    database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ, url := production(t)
			test.database(t, url)
			stdout, _, status := thimble(t, environ, "doctor", "--offline")
			if !strings.Contains(stdout, test.want) || (status == 1) != strings.HasPrefix(test.want, "wrong") {
				t.Errorf("status %d, want %q in:\n%s", status, test.want, stdout)
			}
		})
	}
}

func TestDoctorOffline(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.environ = append(s.environ, "THIMBLE_DATABASE_URL=postgres://127.0.0.1:1/x", "THIMBLE_PUBLIC_URL=https://no.invalid")
	wrong := []string{"THIMBLE_TWILIO_AUTH_TOKEN=x"} // as only Twilio could tell
	if lines, status := s.doctorSays(t, wrong, "--offline"); status != 0 || len(lines) != 0 {
		t.Errorf("status %d, %q", status, lines)
	}
	if lines, _ := s.doctorSays(t, []string{"THIMBLE_TWILIO_FROM=x y z"}, "--offline"); len(lines) != 0 {
		t.Errorf("a good name is %q", lines)
	}
	if lines, status := s.doctorSays(t, []string{"THIMBLE_TWILIO_FROM=x!"}, "--offline"); status != 1 || len(lines) != 1 {
		t.Errorf("status %d, %q; want the setting that is wrong", status, lines)
	}
	if s.asked() != 0 || s.twilio.Refused() != 0 {
		t.Errorf("%d questions", s.asked()+s.twilio.Refused())
	}
}

func TestDoctorInJSON(t *testing.T) {
	t.Parallel()
	environ, _ := production(t)
	environ = append(environ, "THIMBLE_LISTEN=x", "THIMBLE_PUBLIC_URL=http://1.1.1.1")
	stdout, _, status := thimble(t, environ, "doctor", "--json")
	var report struct {
		Checks          []line
		Wrong, Warnings int
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v in:\n%s", err, stdout)
	}
	count := map[state]int{}
	for _, l := range report.Checks {
		count[l.State]++
	}
	if status != 1 || report.Wrong != 1 || report.Warnings != 3 || count[stateWrong] != 1 || count[stateWarning] != 3 {
		t.Errorf("status %d:\n%s", status, stdout)
	}
}

func TestDoctorLooksAtModes(t *testing.T) {
	t.Parallel()
	environ, _ := production(t)
	master := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(master, []byte(masterIn(environ)), 0o600); err != nil {
		t.Fatal(err)
	}
	environ = append(environ, "THIMBLE_MASTER_KEY=", "THIMBLE_MASTER_KEY_FILE="+master)
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o640: true, 0o604: true} {
		if err := os.Chmod(master, mode); err != nil {
			t.Fatal(err)
		}
		stdout, _, _ := thimble(t, environ, "doctor", "--offline")
		if got := strings.Contains(stdout, "warning  master-key-file"); got != want {
			t.Errorf("%s: warned: %t, want %t in:\n%s", mode, got, want, stdout)
		}
	}
}

// TestDoctorBesideAServer: the address is in use then, and the public URL answers.
func TestDoctorBesideAServer(t *testing.T) {
	t.Parallel()
	health := `{"status":"alive"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			_, _ = io.WriteString(w, health)
		}
	}))
	t.Cleanup(server.Close)
	environ, _ := production(t)
	environ = append(environ, "THIMBLE_LISTEN="+server.Listener.Addr().String(), "THIMBLE_PUBLIC_URL="+server.URL)
	stdout, _, status := thimble(t, environ, "doctor", "--fetch")
	if status != 0 || !strings.Contains(stdout, "warning  listen") {
		t.Errorf("status %d:\n%s", status, stdout)
	}
	for name, url := range map[string]string{"another server": server.URL + "x", "nobody": "http://127.0.0.1:1"} {
		if name == "another server" {
			url, health = server.URL, `{}`
		}
		stdout, _, status := thimble(t, append(environ, "THIMBLE_PUBLIC_URL="+url), "doctor", "--fetch")
		if status != 1 || !strings.Contains(stdout, "wrong    public-url") {
			t.Errorf("%s: status %d:\n%s", name, status, stdout)
		}
	}
}

func TestDoctorLooksNamesUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		addresses []netip.Addr
		err       error
		want      []state
	}{
		"public":      {addresses: []netip.Addr{netip.MustParseAddr("1.1.1.1")}},
		"both":        {addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2606:4700::1111")}},
		"private":     {addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, want: []state{stateWarning}},
		"unknown":     {err: &net.DNSError{IsNotFound: true}, want: []state{stateWrong}},
		"no answer":   {err: &net.DNSError{IsTimeout: true}, want: []state{stateWarning}},
		"interrupted": {err: context.DeadlineExceeded, want: []state{stateWarning}},
	} {
		d := newDoctor(&config.Serve{PublicURL: "https://auth.example.com"})
		d.lookup = func(context.Context, string, string) ([]netip.Addr, error) { return test.addresses, test.err }
		var got []state
		for _, l := range d.resolve(t.Context(), "auth.example.com") {
			got = append(got, l.State)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestDoctorIsNotHeldUp: whoever hangs is given up, and all are asked at once.
func TestDoctorIsNotHeldUp(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.twilio.Desk.Do, s.vonage.Desk.Do, s.telnyx.Desk.Do, s.aws.Desk.Do = vendors.Hang(), vendors.Hang(), vendors.Hang(),
		vendors.Hang()
	s.plivo.Desk.Do, s.infobip.Desk.Do, s.sinch.Desk.Do = vendors.Hang(), vendors.Hang(), vendors.Hang()
	s.bird.Desk.Do = vendors.Hang()
	s.smtp.Answer[""] = "hang"
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	s.environ = append(s.environ, "THIMBLE_DATABASE_URL=postgres://"+silent.Addr().String()+"/x?sslmode=disable")

	const timeout = time.Second
	r := &runner{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard, source: config.NewSource(s.environ)}
	var all commands
	parser, err := kong.New(&all, kong.Resolvers(r.source))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"doctor"}); err != nil {
		t.Fatal(err)
	}
	d := newDoctor(&all.Doctor.Serve)
	d.timeout = timeout
	began := time.Now()
	var got []string
	for _, l := range d.examine(r) {
		if l.State == stateWrong {
			got = append(got, l.Setting)
		}
	}
	if took := time.Since(began); took > 4*timeout {
		t.Errorf("it took %v", took)
	}
	want := []string{"database", "twilio-base-url", "vonage-base-url", "telnyx-base-url", "aws-region", "plivo-base-url", "infobip-base-url", "sinch-base-url", "bird-base-url", "smtp-host"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
