package scenario

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the hash of every authenticator app
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/notify"
)

// letter is a message as its reader sees it.
type letter struct{ channel, to, subject, body, html, locale, segments string }

var (
	name       = regexp.MustCompile(`\$(?:(?:inbox|app)\.[a-z]+(?:\([^)]*\))?|[a-z][a-z0-9_]*(?:\+\d+[smh])?)`)
	codeInText = regexp.MustCompile(`\b\d{6}\b`)
	codeInMail = regexp.MustCompile(`(?m)^\d{6}$`)
	linkInText = regexp.MustCompile(`https://[^\s"<>]+`)
)

// expand replaces $name by what the story knows by that name, $inbox.code and the like by parts of the newest message of
// the present project (of the one to somebody: $inbox.code(+12025550162)), $app.now(ada) by what ada's app shows, $wrong
// by a code that nobody was sent, $forged_x by the token $x with another proof in it, and $now+60m by the time then.
func (w *world) expand(text string) (string, error) {
	var unknown error
	out := name.ReplaceAllStringFunc(text, func(found string) string {
		value, err := w.value(found[1:])
		if err != nil {
			unknown = err
		}
		return value
	})
	return out, unknown
}

func (w *world) value(name string) (string, error) {
	if value, ok := w.vars[name]; ok {
		return value, nil
	}
	name, later, isLater := strings.Cut(name, "+")
	if name == "now" {
		d := time.Duration(0)
		if isLater {
			var err error
			if d, err = time.ParseDuration(later); err != nil {
				return "", err
			}
		}
		return w.app.DB.Now().Add(d).Format("2006-01-02T15:04:05Z"), nil
	}
	if of, ok := strings.CutPrefix(name, "forged_"); ok {
		return forge(w.vars[of])
	}
	if name == "wrong" {
		return w.wrongCode(), nil
	}
	if part, ok := strings.CutPrefix(name, "app."); ok {
		return w.fromApp(part)
	}
	if part, ok := strings.CutPrefix(name, "inbox."); ok {
		if isLater {
			part += "+" + later // a number
		}
		return w.fromInbox(part)
	}
	return "", fmt.Errorf("nothing is known as $%s", name)
}

// forge changes a token where it is proof, not where it says what it is about: in its last sixteen characters.
func forge(token string) (string, error) {
	if len(token) < 44 {
		return "", fmt.Errorf("%q is no token to forge", token)
	}
	b := []byte(token)
	at := len(b) - 16
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b), nil
}

func (w *world) fromInbox(part string) (string, error) {
	part, to, _ := strings.Cut(strings.TrimSuffix(part, ")"), "(")
	to, err := w.expand(to)
	if err != nil {
		return "", err
	}
	for _, l := range w.letters(to) {
		switch {
		case part == "code" && l.channel == "sms":
			return codeInText.FindString(l.body), nil
		case part == "code" && codeInMail.MatchString(l.body):
			return codeInMail.FindString(l.body), nil
		case part == "link" && l.channel == "email":
			return linkInText.FindString(l.body), nil
		case part == "token" && l.channel == "email":
			token := tokenOf(linkInText.FindString(l.body))
			w.secrets = append(w.secrets, token)
			return token, nil
		case part == "subject" && l.channel == "email":
			return l.subject, nil
		}
		switch part {
		case "body":
			return l.body, nil
		case "html":
			return l.html, nil
		case "locale":
			return l.locale, nil
		case "segments":
			return l.segments, nil
		case "to":
			return l.to, nil
		}
	}
	return "", fmt.Errorf("no message with a %s to %q", part, to)
}

// fromApp gives the code that an app shows now, showed or will show, or one that it shows at none of the times near now:
// now(ada), before(ada), after(ada), early(ada), late(ada), wrong(ada).
func (w *world) fromApp(part string) (string, error) {
	part, name, _ := strings.Cut(strings.TrimSuffix(part, ")"), "(")
	seed := w.apps[name]
	if seed == nil {
		return "", fmt.Errorf("%q has no app", name)
	}
	step := w.app.DB.Now().Unix() / 30
	if part == "wrong" {
		for guess := 0; ; guess++ {
			code := fmt.Sprintf("%06d", guess)
			if code != appCode(seed, step-1) && code != appCode(seed, step) && code != appCode(seed, step+1) {
				return code, nil
			}
		}
	}
	offset, known := map[string]int64{"late": -2, "before": -1, "now": 0, "after": 1, "early": 2}[part]
	if !known {
		return "", fmt.Errorf("an app has no %s", part)
	}
	return appCode(seed, step+offset), nil
}

// appCode computes what an app shows (RFC 6238), apart from the server's own way.
func appCode(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// letters gives the messages of the present project, newest first: of a test project out of its inbox, of a live one as
// providers took them.
func (w *world) letters(to string) []letter {
	w.settle()
	var all []letter
	if !w.as.live {
		found, err := w.app.Notify.Letters(context.Background(), w.as.id, to, 1000)
		w.check(err)
		slices.SortStableFunc(found, func(a, b notify.Letter) int { return b.CreatedAt.Compare(a.CreatedAt) }) // see audit
		for _, l := range found {
			all = append(all, letter{
				l.Channel, l.Recipient, l.Subject, l.Body, l.HTML, l.Locale,
				strconv.FormatInt(l.Segments, 10),
			})
		}
		return all
	}

	for _, text := range w.twilio.Texts() {
		if text.SID != "" && (to == "" || to == text.To) {
			all = append(all, letter{channel: "sms", to: text.To, body: text.Body})
		}
	}
	w.mails.mu.Lock()
	defer w.mails.mu.Unlock()
	for _, m := range w.mails.mails {
		if to == "" || to == m.To {
			all = append(all, letter{channel: "email", to: m.To, subject: m.Subject, body: m.Text, html: m.HTML})
		}
	}
	slices.Reverse(all)
	return all
}

// wrongCode is a code that nobody was sent in this story.
func (w *world) wrongCode() string {
	sent := map[string]bool{}
	for _, l := range w.letters("") {
		sent[codeInText.FindString(l.body)] = true
	}
	code := 0
	for sent[fmt.Sprintf("%06d", code)] {
		code++
	}
	return fmt.Sprintf("%06d", code)
}
