package code_test

import (
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/code"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

func ring(t *testing.T) *keys.Ring {
	t.Helper()
	master, _ := keys.NewMaster()
	db := storetest.Open(t, "sqlite:"+t.TempDir()+"/thimble.db")
	r, err := keys.Open(t.Context(), db, master)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestJudge(t *testing.T) {
	t.Parallel()
	r := ring(t)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	hash := func(owner, purpose, text string) string {
		_, h := r.HashCode("p", owner, purpose, text)
		return h
	}
	version, _ := r.HashCode("p", "m", store.PurposeSMS, "000000")
	row := func(change func(*store.Code)) *store.Code {
		c := &store.Code{
			Owner: "m", Purpose: store.PurposeSMS, ProjectID: "p", Recipient: "+1", Hash: hash("m", store.PurposeSMS, "123456"),
			KeyVersion: version, State: store.CodeLive, ExpiresAt: now.Add(1),
			Recent: hash("m", store.PurposeSMS, "222222") + hash("m", store.PurposeSMS, "333333"),
		}
		change(c)
		return c
	}
	same := func(*store.Code) {}

	for _, c := range []struct {
		name, guess, recipient string
		row                    *store.Code
		want                   code.Verdict
	}{
		{"the live code", "123456", "+1", row(same), code.Right},
		{"another code", "123457", "+1", row(same), code.Wrong},
		{"no code was sent", "123456", "+1", nil, code.Wrong},
		{"the one before", "222222", "+1", row(same), code.Outdated},
		{"one long before", "333333", "+1", row(same), code.Outdated},
		{"in its last moment", "123456", "+1", row(func(c *store.Code) { c.ExpiresAt = now.Add(1) }), code.Right},
		{"at its end", "123456", "+1", row(func(c *store.Code) { c.ExpiresAt = now }), code.Outdated},
		{"spent", "123456", "+1", row(func(c *store.Code) { c.State = store.CodeUsed }), code.Used},
		{"killed", "123456", "+1", row(func(c *store.Code) { c.State = store.CodeKilled }), code.Outdated},
		{"another number by now", "123456", "+2", row(same), code.Wrong},
		{"no number by now", "123456", "", row(func(c *store.Code) { c.Recipient = "" }), code.Wrong},
		{"of another member", "123456", "+1", row(func(c *store.Code) { c.Owner = "n" }), code.Wrong},
		{"for another purpose", "123456", "+1", row(func(c *store.Code) { c.Purpose = "email" }), code.Wrong},
		{"of another project", "123456", "+1", row(func(c *store.Code) { c.ProjectID = "q" }), code.Wrong},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := code.Judge(r, c.row, c.recipient, c.guess, now)
			if err != nil || got != c.want {
				t.Errorf("Judge(%s) = %v, %v; want %v", c.guess, got, err, c.want)
			}
		})
	}
}

func TestNewCodesAreSixEvenDigits(t *testing.T) {
	t.Parallel()
	const n = 20_000
	var first, last [10]int
	for range n {
		c := code.New()
		if !code.WellFormed(c) {
			t.Fatalf("New() = %q", c)
		}
		first[c[0]-'0']++
		last[c[5]-'0']++
	}
	for d := range 10 {
		for _, got := range []int{first[d], last[d]} {
			if got < n/10*8/10 || got > n/10*12/10 { // nine standard deviations
				t.Errorf("digit %d came %d times in %d, want about %d", d, got, n, n/10)
			}
		}
	}
}

func TestWellFormed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"000000": true, "999999": true, "": false, "12345": false, "1234567": false, "12345a": false, " 12345": false,
		"１２３４５６": false, "12345\x00": false, "-12345": false, "+12345": false, strings.Repeat("1", 1000): false,
	} {
		if got := code.WellFormed(text); got != want {
			t.Errorf("WellFormed(%q) = %t", text, got)
		}
	}
}
