//go:build e2e

package browser

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// newestCode is the code of the topmost message.
const newestCode = chromedp.CSS("#messages > article:first-child .code output")

func TestInboxShowsMessagesAsTheyCome(t *testing.T) {
	t.Parallel()
	s, p := start(t), open(t)
	p.do("open the inbox", chromedp.Navigate(s.url+"/dev/inbox"), chromedp.WaitVisible(chromedp.ID("none")))
	eval[bool](p, "window.sameDocument = true")

	s.mailLink()
	p.shown("Mail to " + adasMail)
	first := s.text()
	p.do("see the code", chromedp.WaitVisible(newestCode))
	if got := p.code(); got != first {
		t.Errorf("the page shows the code %s, want %s", got, first)
	}
	if eval[bool](p, `document.getElementById("none").checkVisibility()`) {
		t.Error("the page still says that there is nothing")
	}
	if news := eval[string](p, `document.querySelector("[role=status][aria-live=polite]").textContent`); news == "" {
		t.Error("nobody tells those who do not see the page")
	}

	story := `document.querySelector("#messages > article:first-child .story").innerText`
	for _, want := range []string{"Let through", "Delivered into this inbox"} {
		if got := eval[string](p, story); !strings.Contains(got, want) {
			t.Errorf("the page does not tell %q:\n%s", want, got)
		}
	}

	s.redeem(first)
	p.shown("Code used")

	second := s.text()
	p.shown(second)
	if got := p.code(); got != second {
		t.Errorf("the topmost code is %s, want the newest, %s", got, second)
	}
	if !eval[bool](p, "window.sameDocument === true") {
		t.Error("the page was loaded again")
	}
	doubled := eval[bool](p, `(() => {
		const ids = [...document.querySelectorAll("#messages > article")].map((a) => a.id);
		return new Set(ids).size !== ids.length;
	})()`)
	if doubled {
		t.Error("a message is there twice")
	}
}

func TestInboxWorksWithoutJavaScript(t *testing.T) {
	t.Parallel()
	s, p := start(t), open(t)
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	code := s.text()
	p.do("open the inbox", chromedp.Navigate(s.url+"/dev/inbox"), chromedp.WaitVisible(newestCode))
	if got := p.code(); got != code {
		t.Errorf("the page shows the code %s, want %s", got, code)
	}

	code = s.text()
	p.do("reload", chromedp.Reload(), chromedp.WaitVisible(newestCode))
	if got := p.code(); got != code {
		t.Errorf("after a reload the page shows the code %s, want %s", got, code)
	}

	p.do("look for one address", chromedp.SendKeys(chromedp.ID("to"), adasMail+kb.Enter),
		chromedp.WaitNotPresent(newestCode), chromedp.WaitVisible(`//a[text()="Show all"]`))
	if got, want := eval[string](p, "location.search"), "?to="+url.QueryEscape(adasMail); got != want {
		t.Errorf("the form leads to %s, want %s", got, want)
	}
	if texts := eval[int](p, `document.querySelectorAll("#messages .code").length`); texts != 0 {
		t.Errorf("%d texts among the mails", texts)
	}
}

// TestInboxByKeyboard walks through the page with Tab alone, in the order of reading.
func TestInboxByKeyboard(t *testing.T) {
	t.Parallel()
	s, p := start(t), open(t)
	link := s.mailLink()
	p.do("open the inbox", chromedp.Navigate(s.url+"/dev/inbox"))
	p.shown("Mail to " + adasMail)

	focus := func(want string) {
		t.Helper()
		p.do("press Tab", chromedp.KeyEvent(kb.Tab))
		got := eval[string](p, `(() => {
			const at = document.activeElement;
			return at.localName + " " + (at.labels?.[0] ?? at).innerText.trim();
		})()`)
		if got != want {
			t.Errorf("Tab led to %q, want %q", got, want)
		}
		if !eval[bool](p, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
			t.Errorf("nobody sees that %q has the focus", got)
		}
	}
	focus("input Number or address")
	focus("button Show")
	focus("summary Simulate carriers")
	focus("a " + link)
	focus("summary As a mail program shows it")

	p.do("open the mail", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("details[open] iframe")))
	if name := eval[string](p, `document.querySelector("details iframe").title`); name != "The mail to "+adasMail {
		t.Errorf("the frame is called %q", name)
	}
	if eval[bool](p, "document.documentElement.scrollWidth > innerWidth") {
		t.Error("the page is wider than its window")
	}
}

// code reads the code of the topmost message.
func (p *page) code() string {
	p.t.Helper()
	code, err := chromedp.Run(p.ctx, chromedp.Text(newestCode))
	if err != nil {
		p.t.Fatalf("read the newest code: %v", err)
	}
	return code
}
