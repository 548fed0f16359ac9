package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/sqldb/pgtest"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

func fromTheFuture(t *testing.T, db *store.DB) {
	t.Helper()
	future := fstest.MapFS{"9999_future.sql": {Data: []byte("CREATE TABLE future (id TEXT NOT NULL)")}}
	if err := sqldb.Migrate(t.Context(), db.DB, future); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, db *store.DB, f func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// TestServeRefuses starts thimble serve where it must not start. Each refusal names what to do.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		database func(t *testing.T, db *store.DB) // what was done to it before; nil: there is none
		settings []string                         // instead of the good ones
		want     []string
	}{
		"no master key": {
			settings: []string{"THIMBLE_MASTER_KEY="}, want: []string{"thimble keys master", "THIMBLE_MASTER_KEY_FILE"},
		},
		"bad master key": {settings: []string{"THIMBLE_MASTER_KEY=secret"}, want: []string{"not a master key"}},
		"no setting": {
			settings: []string{"THIMBLE_LISTN=x", "THIMBLE_DATABASE_ULR=x"},
			want:     []string{"2 problems", "did you mean THIMBLE_LISTEN?", "did you mean THIMBLE_DATABASE_URL?"},
		},
		"no public URL": {settings: []string{"THIMBLE_PUBLIC_URL="}, want: []string{"set THIMBLE_PUBLIC_URL"}},
		"half a Twilio": {
			settings: []string{"THIMBLE_TWILIO_FROM=+12025550100"},
			want:     []string{"twilio-account-sid must be", "twilio-auth-token is missing"},
		},
		"half a Vonage": {
			settings: []string{"THIMBLE_VONAGE_FROM=+447700900001", "THIMBLE_VONAGE_PRIVATE_KEY=private.key"},
			want: []string{
				"vonage-application-id must be", "vonage-private-key must be", "vonage-api-key must be",
				"vonage-signature-secret is missing",
			},
		},
		"half a Telnyx": {
			settings: []string{"THIMBLE_TELNYX_FROM=Acme", "THIMBLE_TELNYX_BASE_URL=http://sms.example.com"},
			want: []string{
				"telnyx-api-key is missing", "telnyx-public-key must be", "telnyx-messaging-profile-id is missing",
				"telnyx-base-url is wrong",
			},
		},
		"half a Plivo": {
			settings: []string{"THIMBLE_PLIVO_FROM=Acme Login", "THIMBLE_PLIVO_BASE_URL=http://sms.example.com"},
			want: []string{
				"plivo-auth-id must be", "plivo-auth-token is missing", "plivo-from must be", "plivo-base-url is wrong",
			},
		},
		"half an Infobip": {
			settings: []string{"THIMBLE_INFOBIP_FROM=Acme & Co", "THIMBLE_INFOBIP_WEBHOOK_PASSWORD=short"},
			want: []string{
				"infobip-base-url is missing", "infobip-api-key is missing", "infobip-from must be",
				"infobip-webhook-user is missing", "infobip-webhook-password must have",
			},
		},
		"half a Sinch": {
			settings: []string{"THIMBLE_SINCH_FROM=Acme & Co", "THIMBLE_SINCH_BASE_URL=http://sms.example.com"},
			want: []string{
				"sinch-service-plan-id must be", "sinch-api-token is missing", "sinch-from must be", "sinch-webhook-user is missing",
				"sinch-webhook-password is missing", "sinch-base-url is wrong",
			},
		},
		"half a Bird": {
			settings: []string{"THIMBLE_BIRD_FROM=Acme & Co"},
			want:     []string{"bird-api-key is missing", "bird-from must be", "bird-webhook-secret must be", "bird-base-url is missing"},
		},
		"half an AWS": {
			settings: []string{"THIMBLE_AWS_REGION=Ireland", "THIMBLE_AWS_BASE_URL=http://sms.example.com"},
			want:     []string{"aws-region must be", "aws-access-key-id must be", "aws-secret-access-key is", "aws-base-url is wrong"},
		},
		"half a webhook": {
			settings: []string{"THIMBLE_SMS_WEBHOOK_URL=http://10.0.0.1/send", "THIMBLE_SMS_WEBHOOK_ALLOW_PRIVATE=no"},
			want: []string{
				"sms-webhook-allow-private must be true or false", "sms-webhook-url must be https", "sms-webhook-secret is missing",
			},
		},
		"a file nowhere": {
			settings: []string{"THIMBLE_SMS_FILE=/nowhere/texts"}, want: []string{"sms-file cannot be written"},
		},
		"countries of no file": {
			settings: []string{"THIMBLE_SMS_FILE_COUNTRIES=US"}, want: []string{"sms-file is missing"},
		},
		"bad mail": {
			settings: []string{
				"THIMBLE_SMTP_HOST=mail.example.com", "THIMBLE_SMTP_FROM=a@example.com", "THIMBLE_SMTP_SECURITY=some",
			},
			want: []string{"starttls, tls or plain"},
		},
		"data of dev": {
			database: func(t *testing.T, db *store.DB) {
				write(t, db, func(tx *store.Tx) error { return tx.MarkDevelopment(t.Context()) })
			},
			want: []string{"thimble dev filled this database", "THIMBLE_DATABASE_URL"},
		},
		"fixed credentials": {
			database: func(t *testing.T, db *store.DB) {
				write(t, db, func(tx *store.Tx) error { return seedProject(t.Context(), tx, fixed) })
			},
			want: []string{fixed.ProjectID, "give another database"},
		},
		"newer schema": {database: fromTheFuture, want: []string{"newer version of thimble", "run that version"}},
		"another master key": {
			database: func(t *testing.T, db *store.DB) {
				master, _ := keys.NewMaster()
				if _, err := keys.Open(t.Context(), db, master); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"another master key"},
		},
		"everything at once": {
			database: func(t *testing.T, db *store.DB) {
				write(t, db, func(tx *store.Tx) error { return tx.MarkDevelopment(t.Context()) })
			},
			settings: []string{
				"THIMBLE_MASTER_KEY=", "THIMBLE_PUBLIC_URL=", "THIMBLE_TWILIO_FROM=+12025550100", "THIMBLE_LISTEN=x",
			},
			want: []string{
				"6 problems", "set THIMBLE_PUBLIC_URL", "thimble keys master", "twilio-account-sid", "thimble dev filled", "HOST:PORT",
			},
		},
		"no address of this machine": {
			settings: []string{"THIMBLE_LISTEN=192.0.2.1:8080"}, want: []string{"listen", "with --listen"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ, url := production(t)
			if test.database != nil {
				prepared(t, url, func(db *store.DB) { test.database(t, db) })
			}
			_, stderr, status := thimble(t, append(environ, test.settings...), "serve")
			if status != 1 {
				t.Errorf("status %d, want 1", status)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is not in:\n%s", want, stderr)
				}
			}
		})
	}
}

// TestOpenKeyFile: a server whose master key others can read says so, and goes on.
func TestOpenKeyFile(t *testing.T) {
	t.Parallel()
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			environ, _ := production(t)
			path := filepath.Join(t.TempDir(), "master.key")
			if err := os.WriteFile(path, []byte(must(t, nil, "keys", "master")), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, mode); err != nil { // whatever the umask is
				t.Fatal(err)
			}
			environ = append(environ, "THIMBLE_MASTER_KEY=", "THIMBLE_MASTER_KEY_FILE="+path, "THIMBLE_LISTEN=192.0.2.1:8080")
			_, stderr, _ := thimble(t, environ, "serve") // as far as the address, which is not this machine's
			if got := strings.Contains(stderr, `"level":"WARN"`); got != want || !strings.Contains(stderr, "listen") {
				t.Errorf("warned: %t, want %t in:\n%s", got, want, stderr)
			}
		})
	}
}

// TestRefusalOnPostgres holds the checks of the database against the other engine.
func TestRefusalOnPostgres(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		database func(t *testing.T, db *store.DB)
		want     string
	}{
		"newer schema": {fromTheFuture, "newer version of thimble"},
		"data of dev": {func(t *testing.T, db *store.DB) {
			write(t, db, func(tx *store.Tx) error { return tx.MarkDevelopment(t.Context()) })
		}, "thimble dev filled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			prepared(t, url, func(db *store.DB) { test.database(t, db) })
			environ, _ := production(t)
			_, stderr, status := thimble(t, append(environ, "THIMBLE_DATABASE_URL="+url), "serve")
			if status != 1 || !strings.Contains(stderr, test.want) {
				t.Errorf("status %d, want 1 and %q in:\n%s", status, test.want, stderr)
			}
		})
	}
}

// TestRefusalChangesNothing: a server that does not start leaves no database behind.
func TestRefusalChangesNothing(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	_, _, status := thimble(t, []string{"THIMBLE_DATA=" + folder}, "serve")
	if _, err := os.Stat(folder); status != 1 || !os.IsNotExist(err) {
		t.Errorf("status %d, folder: %v; want a refusal and no folder", status, err)
	}
}

func TestDevRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		database func(t *testing.T, db *store.DB)
		args     []string
		want     []string
	}{
		"data of somebody else": {
			database: func(t *testing.T, db *store.DB) { storetest.Project(t, db, ids.Live) },
			want:     []string{"thimble dev did not make", "--data"},
		},
		"newer schema": {database: fromTheFuture, want: []string{"newer version of thimble"}},
		"exposed":      {args: []string{"--listen", "0.0.0.0:0"}, want: []string{"--expose"}},
		"key of somebody else": {
			database: func(t *testing.T, db *store.DB) {
				master, _ := keys.NewMaster()
				if _, err := keys.Open(t.Context(), db, master); err != nil {
					t.Fatal(err)
				}
			},
			want: []string{"another master key"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ, url := data(t)
			if test.database != nil {
				prepared(t, url, func(db *store.DB) { test.database(t, db) })
			}
			environ = append(environ, "THIMBLE_LISTEN=127.0.0.1:0")
			_, stderr, status := thimble(t, environ, append([]string{"dev"}, test.args...)...)
			if status != 1 {
				t.Errorf("status %d, want 1", status)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is not in:\n%s", want, stderr)
				}
			}
		})
	}
}

// TestOneServerPerFile: a second server would send the first one's messages again.
func TestOneServerPerFile(t *testing.T) {
	t.Parallel()
	environ, _ := data(t)
	dev(t, environ)
	_, stderr, status := thimble(t, append(environ, "THIMBLE_LISTEN=127.0.0.1:0"), "dev")
	if status != 1 || !strings.Contains(stderr, "another server uses") {
		t.Errorf("status %d, want 1: %s", status, stderr)
	}
}
