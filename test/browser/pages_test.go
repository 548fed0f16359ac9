//go:build e2e

package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestLinkForwardsToTheApplication(t *testing.T) {
	t.Parallel()
	s := start(t)
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<title>application</title><p>Welcome to Acme"))
	}))
	t.Cleanup(application.Close)
	here := strings.TrimPrefix(application.URL, "http://")
	p := open(t, chromedp.Flag("host-resolver-rules", "MAP "+landing+" "+here))

	link := s.mailLink()
	p.do("follow the link", chromedp.Navigate(link))
	_, token, _ := strings.Cut(link, "token=")
	token, _, _ = strings.Cut(token, "&")
	address := eval[string](p, "location.href")
	if !strings.HasPrefix(address, "http://"+landing+"/authenticate?") || !strings.Contains(address, "token="+token) {
		t.Errorf("the link led to %s", address)
	}
	if !strings.Contains(address, "stytch_token_type=multi_tenant_magic_links") {
		t.Errorf("the application is not told what token it is: %s", address)
	}
	p.shown("Welcome to Acme")

	// Following a link spends nothing. Redeeming it does, and then the page says so in words.
	s.call("/v1/b2b/magic_links/authenticate", map[string]string{"magic_links_token": token})
	p.do("follow the spent link", chromedp.Navigate(link))
	p.shown("used already")
	if lang := eval[string](p, "document.documentElement.lang"); lang != "en" {
		t.Errorf("the page's language is %q", lang)
	}
}

func TestErrorPageShowsTheAnchor(t *testing.T) {
	t.Parallel()
	s, p := start(t), open(t)

	p.do("open the page", chromedp.Navigate(s.url+"/errors/404#otp_code_not_found"))
	p.do("see the error", chromedp.WaitVisible(chromedp.ID("otp_code_not_found")))
	if target := eval[string](p, "document.querySelector(':target')?.id ?? ''"); target != "otp_code_not_found" {
		t.Errorf("the browser went to %q", target)
	}
	inView := eval[bool](p, `(() => {
		const box = document.querySelector("#otp_code_not_found").getBoundingClientRect();
		return box.top >= 0 && box.top < innerHeight;
	})()`)
	if !inView {
		t.Error("the error is not in view")
	}
	if wide := eval[bool](p, "document.documentElement.scrollWidth > innerWidth"); wide {
		t.Error("the page is wider than its window")
	}

	p.do("go to another status", chromedp.Click(chromedp.CSS(`nav a[href="/errors/401"]`)),
		chromedp.WaitVisible(chromedp.ID("unable_to_auth_otp_code")))
}
