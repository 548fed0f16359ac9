//go:build e2e

package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// add fills in the panel's form and sends it.
func (p *page) add(fault, next string) {
	p.t.Helper()
	p.do("choose the fault", chromedp.WaitVisible(chromedp.ID("fault")), chromedp.SetValue(chromedp.ID("fault"), fault),
		chromedp.SetValue(chromedp.ID("next"), next), chromedp.Click(chromedp.CSS(".rule button")),
		chromedp.WaitVisible(chromedp.CSS(".rules li")))
}

// newest is what the topmost message shows.
func (p *page) newest() string {
	p.t.Helper()
	return eval[string](p, `document.querySelector("#messages > article:first-child").innerText`)
}

func TestSimulatorPanel(t *testing.T) {
	t.Parallel()
	s, p := start(t), open(t)
	p.do("open the inbox", chromedp.Navigate(s.url+"/dev/inbox"), chromedp.WaitVisible(chromedp.CSS("#simulator summary")))
	if eval[bool](p, `document.getElementById("fault").checkVisibility()`) {
		t.Error("the panel is in the way of whoever does not need it")
	}
	p.do("open the panel", chromedp.Click(chromedp.CSS("#simulator summary")))
	p.add("duplicate", "1")
	if text := eval[string](p, `document.querySelector(".rules").innerText`); !strings.Contains(text, "The text arrives twice") ||
		!strings.Contains(text, "The next text") {
		t.Errorf("the rule is shown as\n%s", text)
	}
	eval[bool](p, "window.sameDocument = true")

	code := s.text()
	p.shown(code)
	p.shown("Arrived 2 times")
	p.shown("Used up: no more texts") // the list of rules is as live as the messages
	for _, want := range []string{"Simulated", "Taken by carrier_one", "Arrived by carrier_one", "Delivered by carrier_one"} {
		if got := p.newest(); !strings.Contains(got, want) {
			t.Errorf("the message does not tell %q:\n%s", want, got)
		}
	}
	if !eval[bool](p, "window.sameDocument === true") {
		t.Error("the page was loaded again")
	}

	p.add("drop", "1")
	s.text() // one by itself at the login, which is lost, and one on request
	p.shown("Not arrived")
	if lost := eval[string](p, `document.querySelector("article.lost .state").innerText`); !strings.Contains(lost, "Not arrived") {
		t.Errorf("a lost text looks like one that arrived: %s", lost)
	}

	p.do("remove all", chromedp.Click(`//button[text()="Remove all"]`), chromedp.WaitNotPresent(chromedp.CSS(".rules")))
	code = s.text()
	p.shown(code)
	if got := p.newest(); strings.Contains(got, "carrier_one") {
		t.Errorf("without rules a text still goes to carriers:\n%s", got)
	}
}

// The panel is used with the keyboard alone, and without JavaScript; a refusal says why and keeps what was typed.
func TestSimulatorPanelByKeyboard(t *testing.T) {
	t.Parallel()
	s, p := start(t), open(t)
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	p.do("open the inbox", chromedp.Navigate(s.url+"/dev/inbox"), chromedp.WaitVisible(chromedp.CSS("#simulator summary")),
		chromedp.KeyEvent(kb.Tab+kb.Tab+kb.Tab), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.ID("fault")))
	for _, want := range []string{"fault", "prefix", "next", "delay", "carriers"} {
		p.do("press Tab", chromedp.KeyEvent(kb.Tab))
		if got := eval[string](p, "document.activeElement.id"); got != want {
			t.Errorf("Tab led to %q, want %q", got, want)
		}
		if !eval[bool](p, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
			t.Errorf("nobody sees that %q has the focus", want)
		}
		if !eval[bool](p, `document.activeElement.labels.length === 1`) {
			t.Errorf("%q has no label", want)
		}
	}
	p.do("send the form", chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter),
		chromedp.WaitVisible(chromedp.CSS(".rules li")))
	if got := eval[string](p, "location.pathname + location.hash"); got != "/dev/inbox#simulator" {
		t.Errorf("the form leads to %s", got)
	}
	if text := eval[string](p, `document.querySelector(".rules").innerText`); !strings.Contains(text, "Every text, after 5 s") {
		t.Errorf("the rule is shown as\n%s", text)
	}
	p.do("remove it", chromedp.Click(chromedp.CSS(".rules button")), chromedp.WaitNotPresent(chromedp.CSS(".rules")))
	if eval[bool](p, "document.documentElement.scrollWidth > innerWidth") {
		t.Error("the page is wider than its window")
	}
}

// Both colour schemes have letters that can be read: those of the panel's parts against what is behind them.
func TestSimulatorPanelInTheDark(t *testing.T) {
	t.Parallel()
	s, p := start(t), open(t)
	p.do("open the inbox", chromedp.Navigate(s.url+"/dev/inbox"), chromedp.Click(chromedp.CSS("#simulator summary")))
	p.add("delay", "3")
	for _, scheme := range []string{"light", "dark"} {
		if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}); err != nil {
			t.Fatal(err)
		}
		low := eval[string](p, contrast)
		if low != "" {
			t.Errorf("%s: hard to read: %s", scheme, low)
		}
	}
}

// contrast names the parts whose letters have less than 4.5:1 (WCAG 2.2, 1.4.3) against what is behind them.
const contrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgb = (colours) => {
		canvas.clearRect(0, 0, 1, 1);
		for (const c of colours) { canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); }
		return canvas.getImageData(0, 0, 1, 1).data;
	};
	const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
		.map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const low = [];
	for (const e of document.querySelectorAll("#simulator :is(summary, label, select, input, button, .hint, .badge, strong, .which)")) {
		const behind = [];
		for (let at = e; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
		const a = light(rgb(behind)), b = light(rgb([...behind, getComputedStyle(e).color]));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) low.push(e.tagName + "." + e.className + " " + ratio.toFixed(1));
	}
	return low.join(", ");
})()`
