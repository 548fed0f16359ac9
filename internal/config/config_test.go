package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/secret"
)

// cli has two commands, as the real one: what one of them knows is no mistake in the file of the other.
type cli struct {
	Serve Serve `cmd:""`
	Dev   Dev   `cmd:""`
}

// read runs a command line against an environment and a file, and gives the settings with all problems.
func read(t *testing.T, file string, environ []string, args ...string) (*cli, Problems) {
	t.Helper()
	if file != "" {
		path := filepath.Join(t.TempDir(), "thimble.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		environ = append(environ, "THIMBLE_CONFIG="+path)
	}
	var c cli
	s := NewSource(environ)
	parser, err := kong.New(&c, kong.Resolvers(s), kong.Exit(func(int) { t.Fatal("exit") }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatalf("parse %q: %v", args, err)
	}
	return &c, s.Problems()
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	const file = "listen: 127.0.0.1:1\npublic_url: https://file.example.com\nsmtp:\n  host: file.example.com\n  port: 26\n" +
		"twilio_countries: [US, CA]\nlog_level:\n"
	environ := []string{"THIMBLE_LISTEN=127.0.0.1:2", "THIMBLE_PUBLIC_URL=https://env.example.com", "THIMBLE_SMTP_FROM="}

	c, problems := read(t, file, environ, "serve", "--listen", "127.0.0.1:3")
	got := map[string]any{
		"flag before all":         c.Serve.Listen,
		"environment before file": c.Serve.PublicURL,
		"file, nested":            c.Serve.SMTP.Host,
		"file, number":            c.Serve.SMTP.Port.N,
		"file, list":              c.Serve.Twilio.Countries,
		"default under null":      c.Serve.LogLevel,
		"default":                 c.Serve.Data,
		"empty variable":          c.Serve.SMTP.From,
	}
	want := map[string]any{
		"flag before all":         "127.0.0.1:3",
		"environment before file": "https://env.example.com",
		"file, nested":            "file.example.com",
		"file, number":            26,
		"file, list":              []string{"US", "CA"},
		"default under null":      "info",
		"default":                 "thimble-data",
		"empty variable":          "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
}

func TestFileProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		file string
		want []string // each in a problem of its own, in this order
	}{
		"unknown keys": {
			"lissten: x\nsmtp:\n  hots: x\n  host: y\n",
			[]string{`line 1: there is no setting "lissten"`, `line 3: there is no setting "smtp_hots"`},
		},
		"no mapping":      {"- a\n", []string{"want keys and values"}},
		"not YAML":        {"a: [\n", []string{"yaml"}},
		"too deep a list": {"twilio_countries: [[US]]\n", []string{"line 1: twilio_countries must be a plain value"}},
		"twice":           {"smtp_host: a\nsmtp: {host: b}\n", []string{"line 2: host is set twice"}},
		"names itself":    {"config: other.yaml\n", []string{`there is no setting "config"`}},
		"empty":           {"# nothing\n", nil},
		"of another command": {
			"expose: true\n", []string{`there is no setting "expose"`}, // a file must not open a server to the network
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := read(t, test.file, nil, "serve")
			if len(problems) != len(test.want) {
				t.Fatalf("got %d problems %q, want %d", len(problems), problems, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(problems[i], want) {
					t.Errorf("problem %d is %q, want %q in it", i, problems[i], want)
				}
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	_, problems := read(t, "", nil, "serve", "--config", filepath.Join(t.TempDir(), "none.yaml"))
	if len(problems) != 1 || !strings.Contains(problems[0], "cannot be read") {
		t.Errorf("got %q, want one problem", problems)
	}
}

// TestAllAtOnce gives everything wrongly at once and wants to hear about all of it.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := read(t, "nonsense: 1\n", []string{
		"THIMBLE_LISTEN=8080", "THIMBLE_PUBLIC_URL=auth.example.com/path", "THIMBLE_DATABASE_URL=mysql:x",
		"THIMBLE_DATABASE_CONNECTIONS=many", "THIMBLE_LOG_LEVEL=loud", "THIMBLE_SHUTDOWN_SECONDS=0",
		"THIMBLE_SMTP_PASSWORD=a", "THIMBLE_SMTP_PASSWORD_FILE=b", "THIMBLE_SMTP_PORT=70000", "THIMBLE_TWILIO_COUNTRIES=us,XX",
		"THIMBLE_TWILIO_AUTH_TOKEN_FILE=" + empty, "THIMBLE_MASTER_KEY_FILE=" + empty + "-not",
		"THIMBLE_VONAGE_COUNTRIES=VV", "THIMBLE_VONAGE_API_SECRET=a", "THIMBLE_VONAGE_API_SECRET_FILE=b",
		"THIMBLE_TELNYX_COUNTRIES=ZZ", "THIMBLE_TELNYX_API_KEY=a", "THIMBLE_TELNYX_API_KEY_FILE=b",
		"THIMBLE_PLIVO_COUNTRIES=PP", "THIMBLE_PLIVO_AUTH_TOKEN=a", "THIMBLE_PLIVO_AUTH_TOKEN_FILE=b",
		"THIMBLE_INFOBIP_COUNTRIES=QQ", "THIMBLE_INFOBIP_API_KEY=a", "THIMBLE_INFOBIP_API_KEY_FILE=b",
		"THIMBLE_SINCH_COUNTRIES=RR", "THIMBLE_SINCH_API_TOKEN=a", "THIMBLE_SINCH_API_TOKEN_FILE=b",
		"THIMBLE_BIRD_COUNTRIES=WW", "THIMBLE_BIRD_API_KEY=a", "THIMBLE_BIRD_API_KEY_FILE=b",
		"THIMBLE_AWS_COUNTRIES=YY", "THIMBLE_AWS_SESSION_TOKEN=a", "THIMBLE_AWS_SESSION_TOKEN_FILE=b",
		"THIMBLE_SMPP_COUNTRIES=UU", "THIMBLE_SMPP_PASSWORD=a", "THIMBLE_SMPP_PASSWORD_FILE=b", "THIMBLE_SMPP_TLS=perhaps",
		"THIMBLE_SMPP_WINDOW=1001",
		"THIMBLE_SMS_WEBHOOK_SECRET=a", "THIMBLE_SMS_WEBHOOK_SECRET_FILE=b", "THIMBLE_SMS_WEBHOOK_COUNTRIES=XY",
		"THIMBLE_SMS_WEBHOOK_ALLOW_PRIVATE=perhaps", "THIMBLE_SMS_FILE_COUNTRIES=XZ",
		"THIMBLE_LOOKUP_SECRET=a", "THIMBLE_LOOKUP_SECRET_FILE=b", "THIMBLE_LOOKUP_PER_DAY=-1", "THIMBLE_LOOKUP_ALLOW_PRIVATE=perhaps",
	}, "serve")
	c.Serve.Check(&problems)

	want := []string{
		`no setting "nonsense"`, "HOST:PORT", "the public URL must be", "sqlite:PATH or postgres:", "database-connections must",
		"log level", "shutdown-seconds must", "smtp-password and smtp-password-file", "smtp-port must",
		"no name: set THIMBLE_SMTP_HOST", `"XX" is no country`, "is empty", "master-key-file cannot be read",
		`vonage-countries: "VV"`, "vonage-api-secret and vonage-api-secret-file",
		`telnyx-countries: "ZZ"`, "telnyx-api-key and telnyx-api-key-file",
		`bird-countries: "WW"`, "bird-api-key and bird-api-key-file",
		`sinch-countries: "RR"`, "sinch-api-token and sinch-api-token-file",
		`infobip-countries: "QQ"`, "infobip-api-key and infobip-api-key-file",
		`plivo-countries: "PP"`, "plivo-auth-token and plivo-auth-token-file",
		`aws-countries: "YY"`, "aws-session-token and aws-session-token-file",
		`smpp-countries: "UU"`, "smpp-password and smpp-password-file", "smpp-tls must be", "smpp-window must be",
		"sms-webhook-secret and sms-webhook-secret-file", `sms-webhook-countries: "XY"`, "sms-webhook-allow-private must be",
		`sms-file-countries: "XZ"`,
		"lookup-secret and lookup-secret-file", "lookup-per-day must", "lookup-allow-private must be",
	}
	text := problems.Error()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not reported in:\n%s", w, text)
		}
	}
	if len(problems) != len(want) {
		t.Errorf("got %d problems, want %d:\n%s", len(problems), len(want), text)
	}
	if diff := cmp.Diff([]string{"US", "XX"}, c.Serve.Twilio.Countries); diff != "" {
		t.Errorf("countries (-want +got):\n%s", diff)
	}
}

func TestNeeded(t *testing.T) {
	t.Parallel()
	c, problems := read(t, "", nil, "serve")
	c.Serve.Check(&problems)
	if len(problems) != 2 || !strings.Contains(problems[0], "THIMBLE_PUBLIC_URL") ||
		!strings.Contains(problems[1], "thimble keys master") {
		t.Errorf("got %q, want what is needed and how to get it", problems)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c, problems := read(t, "twilio:\n  auth_token_file: "+file("twilio", "t")+"\n", []string{
		"THIMBLE_VONAGE_PRIVATE_KEY_FILE=" + file("key", "k"), "THIMBLE_VONAGE_API_SECRET_FILE=" + file("api", "v"),
		"THIMBLE_VONAGE_SIGNATURE_SECRET_FILE=" + file("signature", "w"),
		"THIMBLE_TELNYX_API_KEY_FILE=" + file("telnyx", "x"), "THIMBLE_PLIVO_AUTH_TOKEN_FILE=" + file("plivo", "p"),
		"THIMBLE_INFOBIP_API_KEY_FILE=" + file("infobip", "i"),
		"THIMBLE_INFOBIP_WEBHOOK_PASSWORD_FILE=" + file("infobip-webhook", "j"),
		"THIMBLE_SINCH_API_TOKEN_FILE=" + file("sinch", "l"), "THIMBLE_SINCH_WEBHOOK_PASSWORD_FILE=" + file("sinch-webhook", "n"),
		"THIMBLE_BIRD_API_KEY_FILE=" + file("bird", "o"), "THIMBLE_BIRD_WEBHOOK_SECRET_FILE=" + file("bird-webhook", "q"),
		"THIMBLE_AWS_SECRET_ACCESS_KEY_FILE=" + file("aws", "a"), "THIMBLE_AWS_SESSION_TOKEN_FILE=" + file("session", "b"),
		"THIMBLE_SMPP_PASSWORD_FILE=" + file("smpp", "c"),
		"THIMBLE_MASTER_KEY_FILE=" + file("master", "m"), "THIMBLE_SMTP_PASSWORD_FILE=" + file("smtp", "s"),
		"THIMBLE_PUBLIC_URL=https://auth.example.com/", "THIMBLE_SMTP_HOST=mail.example.com", "THIMBLE_SMTP_FROM=a@example.com",
	}, "serve", "--database-file", file("database", "postgres://u:p@h/d"))
	c.Serve.Check(&problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	got := []secret.String{c.Serve.Master.Key, c.Serve.SMTP.Password, c.Serve.Twilio.AuthToken, c.Serve.URL}
	v := c.Serve.Vonage
	got = append(got, v.PrivateKey, v.APISecret, v.SignatureSecret, c.Serve.Telnyx.APIKey)
	got = append(got, c.Serve.AWS.SecretAccessKey, c.Serve.AWS.SessionToken)
	got = append(got, c.Serve.Plivo.AuthToken, c.Serve.Infobip.APIKey, c.Serve.Infobip.WebhookPassword)
	got = append(got, c.Serve.Sinch.APIToken, c.Serve.Sinch.WebhookPassword)
	got = append(got, c.Serve.Bird.APIKey, c.Serve.Bird.WebhookSecret)
	got = append(got, c.Serve.SMPP.Password)
	want := []secret.String{"m", "s", "t", "postgres://u:p@h/d", "k", "v", "w", "x", "a", "b", "p", "i", "j", "l", "n", "o", "q", "c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	if c.Serve.PublicURL != "https://auth.example.com" {
		t.Errorf("public URL %q, want it without the slash", c.Serve.PublicURL)
	}
}

// TestOwnSenders: the ways to programs of the operator's own, from file, environment and command line.
func TestOwnSenders(t *testing.T) {
	t.Parallel()
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("new\nold\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := read(t, "sms:\n  file: texts\n  webhook:\n    url: https://a\n    allow_private: True\n", []string{
		"THIMBLE_PUBLIC_URL=https://auth.example.com", "THIMBLE_MASTER_KEY=x", "THIMBLE_SMS_FILE_COUNTRIES=ca,us",
		"THIMBLE_SMS_WEBHOOK_SECRET_FILE=" + secrets,
	}, "serve", "--sms-webhook-countries", "de")
	c.Serve.Check(&problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	webhook := SMSWebhook{
		URL: "https://a", Secret: "new\nold", SecretFile: secrets, AllowPrivate: Switch{On: true}, Countries: []string{"DE"},
	}
	if got := c.Serve.SMSWebhook; !reflect.DeepEqual(got, webhook) || !got.Given() {
		t.Errorf("got %+v, want %+v", got, webhook)
	}
	file := SMSFile{Path: "texts", Countries: []string{"CA", "US"}}
	if got := c.Serve.SMSFile; !reflect.DeepEqual(got, file) || !got.Given() {
		t.Errorf("got %+v, want %+v", got, file)
	}
	if (&SMSWebhook{}).Given() || (&SMSFile{}).Given() {
		t.Error("nothing counts as something")
	}
}

// TestChannels: the senders of an account's channels, from file, environment and command line.
func TestChannels(t *testing.T) {
	t.Parallel()
	c, problems := read(t, "twilio:\n  whatsapp_from: '+1'\nvonage:\n  voice_from: '+2'\n  whatsapp_languages: [EN, pt-BR]\n",
		[]string{
			"THIMBLE_PUBLIC_URL=https://auth.example.com", "THIMBLE_MASTER_KEY=x", "THIMBLE_TWILIO_WHATSAPP_CONTENT_SID=HX1",
			"THIMBLE_VONAGE_WHATSAPP_FROM=+3",
		}, "serve", "--twilio-voice-from", "+4", "--vonage-whatsapp-template", "login")
	c.Serve.Check(&problems)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	twilio := Twilio{WhatsAppFrom: "+1", WhatsAppContentSID: "HX1", VoiceFrom: "+4"}
	if got := c.Serve.Twilio; !reflect.DeepEqual(got, twilio) || got.SMS() || !got.WhatsApp() || !got.Voice() || !got.Given() {
		t.Errorf("got %+v, want %+v", got, twilio)
	}
	vonage := Vonage{
		WhatsAppFrom: "+3", WhatsAppTemplate: "login", WhatsAppLanguages: []string{"en", "pt-br"}, VoiceFrom: "+2",
	}
	if got := c.Serve.Vonage; !reflect.DeepEqual(got, vonage) || got.SMS() || !got.WhatsApp() || !got.Voice() || !got.Given() {
		t.Errorf("got %+v, want %+v", got, vonage)
	}
	if (&Twilio{}).Given() || (&Vonage{}).Given() || !(&Twilio{From: "x"}).SMS() || !(&Vonage{From: "x"}).SMS() {
		t.Error("nothing counts as something, or something as nothing")
	}

	c, problems = read(t, "", nil, "serve", "--vonage-whatsapp-languages", "en,tlh")
	c.Serve.Check(&problems)
	if err := problems.Err(); err == nil || !strings.Contains(err.Error(), `vonage-whatsapp-languages: "tlh"`) {
		t.Errorf("Check = %v", err)
	}
}

func TestDevStaysAtHome(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		ok   bool
	}{
		"default":       {nil, true},
		"localhost":     {[]string{"--listen", "localhost:0"}, true},
		"IPv6 loopback": {[]string{"--listen", "[::1]:8080"}, true},
		"everywhere":    {[]string{"--listen", "0.0.0.0:8080"}, false},
		"no host":       {[]string{"--listen", ":8080"}, false},
		"a name":        {[]string{"--listen", "localhost.example.com:8080"}, false},
		"exposed":       {[]string{"--listen", ":8080", "--expose"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, problems := read(t, "", nil, append([]string{"dev"}, test.args...)...)
			c.Dev.Check(&problems)
			if ok := problems.Err() == nil; ok != test.ok {
				t.Errorf("got %v, want ok %v", problems, test.ok)
			}
			if !test.ok && !strings.Contains(problems.Error(), "--expose") {
				t.Errorf("%q does not say what to do", problems)
			}
		})
	}
}

// TestManual holds every setting to having a text of its own.
func TestManual(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&cli{})
	if err != nil {
		t.Fatal(err)
	}
	describe := Describer()
	for _, command := range parser.Model.Children {
		for _, flag := range command.Flags {
			if text := describe(flag.Value); len(text) < 10 || strings.HasPrefix(text, " ") || strings.HasPrefix(text, "[") {
				t.Errorf("%s --%s has no help: %q", command.Name, flag.Name, text)
			}
			name := flag.Tag.Get("var")
			if want := strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_")); name != "" && name != want &&
				!strings.HasPrefix(name, "DATABASE_URL") {
				t.Errorf("--%s is read from THIMBLE_%s, want the same name", flag.Name, name)
			}
		}
	}
}

func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environ []string
		want    []string // each in a problem of its own, in this order
	}{
		"slips of the finger, all of them": {
			[]string{"THIMBLE_TWILIO_FORM=+12025550100", "THIMBLE_DATABASE=sqlite:x", "THIMBLE_PUBLICURL=https://a.example.com"},
			[]string{
				"THIMBLE_DATABASE; did you mean THIMBLE_DATABASE_URL?", "THIMBLE_PUBLICURL; did you mean THIMBLE_PUBLIC_URL?",
				"THIMBLE_TWILIO_FORM; did you mean THIMBLE_TWILIO_FROM?",
			},
		},
		"like nothing":      {[]string{"THIMBLE_XYZZY=1"}, []string{"THIMBLE_XYZZY; thimble serve --help"}},
		"a port of ours":    {[]string{"THIMBLE_PORT=8080"}, []string{"there is no setting THIMBLE_PORT"}},
		"a port misspelled": {[]string{"THIMBLE_SMPT_PORT=25"}, []string{"did you mean THIMBLE_SMTP_PORT?"}},
		"without a value":   {[]string{"THIMBLE_XYZZY="}, nil},
		"of another command, and the file's own": {
			[]string{"THIMBLE_TWILIO_FROM=+12025550100", "THIMBLE_MASTER_KEY=x", "THIMBLE_DATABASE_URL_FILE=x"}, nil,
		},
		"of tests":             {[]string{"THIMBLE_TEST_POSTGRES_URL=x", "THIMBLE_BINARY=x", "THIMBLE_URL=x"}, nil},
		"of somebody else":     {[]string{"THIMBLES=1", "OTHER_THIMBLE_X=1"}, nil},
		"a Kubernetes service": {serviceLinks("THIMBLE"), nil},
		"one beside it":        {serviceLinks("THIMBLE_STORE"), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := read(t, "", test.environ, "dev")
			if len(problems) != len(test.want) {
				t.Fatalf("got %d problems %q, want %d", len(problems), problems, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(problems[i], want) {
					t.Errorf("problem %d is %q, want %q in it", i, problems[i], want)
				}
			}
		})
	}
}

// serviceLinks are the variables that Kubernetes makes for a service with a named port.
func serviceLinks(service string) []string {
	var links []string
	for _, link := range []string{
		"SERVICE_HOST=10.0.0.11", "SERVICE_PORT=8080", "SERVICE_PORT_HTTP=8080", "PORT=tcp://10.0.0.11:8080",
		"PORT_8080_TCP=tcp://10.0.0.11:8080", "PORT_8080_TCP_PROTO=tcp", "PORT_8080_TCP_PORT=8080",
		"PORT_8080_TCP_ADDR=10.0.0.11",
	} {
		links = append(links, service+"_"+link)
	}
	return links
}
