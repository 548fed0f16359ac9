package attack

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

// deliver makes a request of a provider reach the server, as a proxy in front of it would.
func (s *scene) deliver(r *http.Request) int {
	s.t.Helper()
	address := *r.URL
	address.Scheme, address.Host = "http", "thimble.test"
	forwarded := r.Clone(s.t.Context())
	forwarded.URL = &address
	a, err := s.live.client.Do(forwarded)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Status
}

// Reports on messages are taken from nobody but the provider, about nothing but the message that it was given.
func TestForgedCallbacks(t *testing.T) {
	t.Parallel()
	world.Engines(t, func(t *testing.T, url string) {
		s := newScene(t, url)
		texts := s.Twilio.Texts()
		first, second := texts[0], texts[1]
		if first.Callback == second.Callback {
			t.Fatal("two texts have one callback address")
		}
		forge := func(change func(*vendors.Text)) *http.Request {
			text := first
			change(&text)
			return s.Twilio.Callback(text, "delivered", 0)
		}
		at := strings.LastIndexByte(first.Callback, '/')
		address, mac := first.Callback[:at+1], first.Callback[at+1:]
		other := second.Callback[strings.LastIndexByte(second.Callback, '/')+1:]

		s.unchanged(func() {
			// Signed by the provider's secret, as one who stole it would, with MACs that are none.
			for _, wrong := range append(variants(mac), other, "%00", "..") {
				if wrong == "" || strings.ContainsAny(wrong, " \n") {
					continue // no path of this form
				}
				r := forge(func(text *vendors.Text) { text.Callback = address + wrong })
				if status := s.deliver(r); status != 403 && status != 404 {
					t.Errorf("the MAC %q: %d", wrong, status)
				}
			}
			if status := s.deliver(forge(func(text *vendors.Text) {
				text.Callback = strings.Replace(text.Callback, "/twilio/", "/other/", 1)
			})); status != 403 {
				t.Errorf("another provider's name: %d", status)
			}

			// The right address without the provider's signature, or with one for something else.
			unsigned := forge(func(*vendors.Text) {})
			unsigned.Header.Del("X-Twilio-Signature")
			elsewhere := forge(func(*vendors.Text) {})
			elsewhere.Header.Set("X-Twilio-Signature", s.Twilio.Sign(second.Callback, elsewhere.PostForm))
			garbled := forge(func(*vendors.Text) {})
			garbled.Header.Set("X-Twilio-Signature", "AAAA")
			query := forge(func(*vendors.Text) {})
			query.URL.RawQuery = "MessageStatus=failed"
			for name, r := range map[string]*http.Request{
				"unsigned": unsigned, "signed for another": elsewhere, "garbled": garbled, "with a query": query,
			} {
				if status := s.deliver(r); status != 403 {
					t.Errorf("%s: %d", name, status)
				}
			}
		})

		// The real one is taken, again and again, and neither comes undone.
		if status := s.deliver(forge(func(*vendors.Text) {})); status != 200 {
			t.Fatalf("the provider's own report: %d", status)
		}
		s.unchanged(func() {
			for _, status := range []string{"delivered", "sent", "queued", "failed", "delivered"} {
				if got := s.deliver(s.Twilio.Callback(first, status, 0)); got != 200 {
					t.Errorf("%s once more: %d", status, got)
				}
			}
		})
	})
}

// The link page leads nowhere but to where the project's links lead, whatever the address says.
func TestLinkPage(t *testing.T) {
	t.Parallel()
	s := newScene(t, world.SQLite(t))
	page := "/v1/magic_links/redirect?token="
	a := s.ada.client.Call(t, "GET", page+s.ada.link+"&redirect_url=https://evil.example&next=//evil.example", nil)
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || a.Status != http.StatusFound || to.Host != "app.example.com" {
		t.Errorf("%d to %q: %v", a.Status, a.Header.Get("Location"), err)
	}
	s.unchanged(func() {
		for _, token := range append(variants(s.ada.link), `"><script>alert(1)</script>`, "{{.}}", s.ada.session) {
			a := s.ada.client.Call(t, "GET", page+url.QueryEscape(token), nil)
			if a.Status != http.StatusNotFound || a.Header.Get("Location") != "" || strings.Contains(string(a.Raw), "<script") {
				t.Fatalf("the token %q: %d to %q\n%s", token, a.Status, a.Header.Get("Location"), a.Raw)
			}
		}
	})
	for _, name := range []string{"Cache-Control", "Referrer-Policy"} {
		if a.Header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}
