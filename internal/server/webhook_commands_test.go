package server

import (
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/keys"
)

func TestWebhookCommands(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, environ []string, _ string) {
		_, master := keys.NewMaster()
		environ = append(environ, "THIMBLE_MASTER_KEY="+master)
		made := create(t, environ, "Shop", "--env", "live")
		webhook := func(verb string, args ...string) []string {
			return append([]string{"webhook", verb, made.ProjectID}, args...)
		}
		says := func(want string, args []string) string {
			t.Helper()
			text := must(t, environ, args...)
			if !strings.Contains(text, want) {
				t.Errorf("%v: no %q in\n%s", args, want, text)
			}
			return text
		}
		refuses := func(want string, args []string) {
			t.Helper()
			if text := fails(t, environ, args...); !strings.Contains(text, want) {
				t.Errorf("%v: no %q in\n%s", args, want, text)
			}
		}

		says("no webhooks", webhook("list"))
		refuses("must be https", webhook("create", "http://app.example.com/"))
		refuses("kinds of events", webhook("create", "https://app.example.com/", "--events", "coffee.ready"))
		refuses("no project", []string{"webhook", "list", "project-live-0192f0c1-7c1e-7a4b-9a53-3a1f6d1f2b10"})
		shown := says("whsec_", webhook("create", "https://app.example.com/", "--events", "member.*,session.created"))
		id := strings.Fields(shown)[1]
		says("member.*, session.created", webhook("list"))

		says("http://app.example.com/", func() []string {
			must(t, environ, append(webhook("set", id), "--url", "http://app.example.com/", "--webhooks-allow-private", "true")...)
			return webhook("list")
		}())
		says("is disabled", webhook("set", id, "--disable"))
		says("disabled: disabled by hand", webhook("list"))
		refuses("disabled", webhook("test", id))
		says("is enabled", webhook("set", id, "--enable"))

		event := strings.Fields(must(t, environ, webhook("test", id)...))[0]
		says(event+"  webhook.test  pending", webhook("deliveries", id))
		says(`"event_id": "`+event+`"`, webhook("deliveries", id, "--json", "--status", "pending"))
		says("1 to be told", webhook("replay", id, event))
		says("0 to be told", webhook("replay", id, "--failed-since", "2026-11-23T08:00:00Z"))
		refuses("must be a time", webhook("replay", id, "--failed-since", "yesterday"))
		refuses("say what is meant", webhook("replay", id))

		if says("for 2 hours", webhook("secret", id, "--overlap-hours", "2")) == shown {
			t.Error("the new secret is the old one")
		}
		refuses("0 to 168 hours", webhook("secret", id, "--overlap-hours", "169"))
		says("Removed", webhook("remove", id))
		refuses("no webhook", webhook("remove", id))
	})
}
