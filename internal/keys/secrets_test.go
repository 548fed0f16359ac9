package keys

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

func TestParseMaster(t *testing.T) {
	t.Parallel()
	m, text := NewMaster()
	again, err := ParseMaster("\n " + text + " \r\n")
	if err != nil || !secret.Equal(again.key, m.key) {
		t.Fatalf("the text form does not come back: %v", err)
	}
	if other, _ := NewMaster(); secret.Equal(other.key, m.key) {
		t.Fatal("two new master keys are the same")
	}
	for _, bad := range []string{
		"", "thimble-master-1-", text[:len(text)-1], text + "A", strings.TrimPrefix(text, "thimble-"),
		text[:30] + " " + text[30:], strings.Replace(text, "-1-", "-2-", 1), text[:len(text)-1] + "!", text + "=",
	} {
		_, err := ParseMaster(bad)
		if err == nil {
			t.Errorf("%q is taken for a master key", bad)
		} else if len(bad) > 30 && strings.Contains(err.Error(), bad[20:30]) {
			t.Errorf("the error quotes the key: %v", err)
		}
	}
}

func TestMasterPrintsNothing(t *testing.T) {
	t.Parallel()
	m, _ := NewMaster()
	m.key = []byte(strings.Repeat("K", masterLength))
	for _, printed := range []string{
		fmt.Sprint(m), fmt.Sprintf("%v %+v %#v %x %s %d", m, m, m, m, m, m), fmt.Sprintf("%+v", struct{ M Master }{m}),
		slog.AnyValue(m).Resolve().String(),
	} {
		if strings.Contains(printed, "KK") || strings.Contains(printed, "75") || strings.Contains(printed, "4b4b") {
			t.Errorf("printed %s", printed)
		}
	}
}

func TestHashCode(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	version, hash := a.HashCode("project", "member", "sms", "123456")

	// The same by hand, from the description.
	mac := hmac.New(sha256.New, a.known.Load().current[store.PurposePepper].secret)
	for _, field := range []string{"code", "project", "member", "sms", "123456"} {
		mac.Write([]byte{0, 0, 0, byte(len(field))})
		mac.Write([]byte(field))
	}
	if want := hex.EncodeToString(mac.Sum(nil)); hash != want || version != 1 {
		t.Fatalf("got version %d, %s, want 1, %s", version, hash, want)
	}

	for _, other := range [][4]string{
		{"projec", "tmember", "sms", "123456"},
		{"project", "member", "sms1", "23456"},
		{"Project", "member", "sms", "123456"},
		{"project", "member2", "sms", "123456"},
		{"project", "member", "email", "123456"},
		{"project", "member", "sms", "123457"},
	} {
		if got, err := a.HashCodeAs(1, other[0], other[1], other[2], other[3]); err != nil || got == hash {
			t.Errorf("%q: got the hash of other fields, or %v", other, err)
		}
	}
}

func TestSessionToken(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	session := ids.NewUUID(a.db.Now())
	token, random, version := a.NewSessionToken("project", session)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 33 || int64(raw[0]) != version || ids.UUID(raw[1:17]) != session || len(random) != 16 {
		t.Fatalf("token %x (%v), random %x: want version, session id and 16 bytes", raw, err, random)
	}
	proof := hmac.New(sha256.New, a.known.Load().current[store.PurposeToken].secret)
	for _, field := range []string{"session", "1", "project", string(session[:]), string(random)} {
		proof.Write([]byte{0, 0, 0, byte(len(field))})
		proof.Write([]byte(field))
	}
	if want := proof.Sum(nil)[:16]; !bytes.Equal(raw[17:], want) {
		t.Errorf("proof: got %x, want %x", raw[17:], want)
	}
	if strings.Contains(string(raw), string(random)) {
		t.Error("the token holds the row's random bytes")
	}
	if got, ok := ParseSessionToken(token); !ok || got != session {
		t.Errorf("parsed: got %v, %v, want %v", got, ok, session)
	}

	again := func(project string, session ids.UUID, random []byte) string {
		t.Helper()
		got, err := a.SessionToken(version, project, session, random)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := again("project", session, random); got != token {
		t.Errorf("made again: got %s, want %s", got, token)
	}
	mac := func(token string) string { return token[24:] }
	other := session
	other[15] ^= 1
	for name, got := range map[string]string{
		"project": again("project2", session, random), "session": again("project", other, random),
		"random": again("project", session, make([]byte, 16)),
	} {
		if mac(got) == mac(token) {
			t.Errorf("another %s gives the same proof", name)
		}
	}
	if token2, _, _ := a.NewSessionToken("project", session); token2 == token {
		t.Error("two tokens are the same")
	}
}

func TestParseSessionToken(t *testing.T) {
	t.Parallel()
	if _, ok := ParseSessionToken(strings.Repeat("_", 44)); !ok {
		t.Error("33 bytes refused: only the form counts here")
	}
	for _, bad := range []string{
		"", strings.Repeat("A", 43), strings.Repeat("A", 45), strings.Repeat("A", 43) + "=",
		strings.Repeat("A", 43) + "+", strings.Repeat("A", 43) + "\n", strings.Repeat("A", 42) + "\r\n", strings.Repeat("é", 22),
	} {
		if id, ok := ParseSessionToken(bad); ok {
			t.Errorf("%q is taken for the token of %v", bad, id)
		}
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	for _, plain := range []string{"", "x", strings.Repeat("text", 1000)} {
		sealed, err := a.Seal("messages", "body", "row-1", []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != len(plain)+32 || string(sealed[:4]) != "\x00\x00\x00\x01" {
			t.Fatalf("%d bytes sealed as %d: %x, want 32 more after version 1", len(plain), len(sealed), sealed[:4])
		}
		if got, err := a.OpenSealed("messages", "body", "row-1", sealed); err != nil || string(got) != plain {
			t.Fatalf("opened: got %q, %v, want %q", got, err, plain)
		}
		if again, _ := a.Seal("messages", "body", "row-1", []byte(plain)); string(again) == string(sealed) {
			t.Error("sealed twice with the same nonce")
		}

		for _, cell := range [][3]string{
			{"message", "body", "row-1"},
			{"messages", "text", "row-1"},
			{"messages", "body", "row-2"},
			{"messagesb", "ody", "row-1"},
		} {
			_, err := a.OpenSealed(cell[0], cell[1], cell[2], sealed)
			wantError(t, err, ErrDamaged)
		}
		for i := range min(len(sealed), 40) {
			damaged := []byte(string(sealed))
			damaged[i] ^= 1
			if _, err := a.OpenSealed("messages", "body", "row-1", damaged); err == nil {
				t.Errorf("opens with byte %d changed", i)
			}
			if _, err := a.OpenSealed("messages", "body", "row-1", sealed[:i]); err == nil && i < len(sealed) {
				t.Errorf("opens when cut to %d bytes", i)
			}
		}
	}
}

func TestMAC(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	mac := a.MAC("sms-status", "message-1")
	if !a.CheckMAC("sms-status", "message-1", mac) {
		t.Fatal("our own MAC is refused")
	}
	if strings.ContainsAny(mac, "+/=") {
		t.Errorf("%s does not fit into a URL as it is", mac)
	}
	if a.CheckMAC("sms-status", "message-2", mac) || a.CheckMAC("sms-reply", "message-1", mac) ||
		a.CheckMAC("sms-statusm", "essage-1", mac) {
		t.Error("a MAC is accepted for another text or purpose")
	}
	for i := range len(mac) {
		changed := []byte(mac)
		changed[i] = 'A' + (changed[i]-'A'+1)%26
		if string(changed) != mac && a.CheckMAC("sms-status", "message-1", string(changed)) {
			t.Errorf("accepted with character %d changed: %s", i, changed)
		}
	}
	for _, bad := range []string{"", mac[1:], mac + "A", mac[:47] + "\n", strings.Repeat("A", 48)} {
		if a.CheckMAC("sms-status", "message-1", bad) {
			t.Errorf("%q accepted", bad)
		}
	}
}

// What a key made can be found again after its rotation.
func TestMACOfAnotherKey(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	old := a.MAC("number", "one")
	first := a.MAC("number", "two")
	if err := a.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	advance(becomesCurrentAfter, a)
	mustReload(t, a)
	if a.MAC("number", "two") == first {
		t.Fatal("the key is the same after a rotation")
	}
	if again, err := a.MACLike(old, "number", "two"); err != nil || again != first {
		t.Errorf("%s, %v, want %s", again, err, first)
	}
	for _, bad := range []string{"", old[1:], "////" + old[4:]} {
		if mac, err := a.MACLike(bad, "number", "two"); err == nil {
			t.Errorf("%q gives %s", bad, mac)
		}
	}
}

// TestDomains: one text under two keys' purposes never gives the same bytes, nor does one key for two uses.
func TestDomains(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	seen := map[string]string{}
	for _, k := range a.known.Load().byID {
		if k.secret == nil {
			continue
		}
		if other, twice := seen[string(k.secret)]; twice {
			t.Errorf("%s and %s have one secret", k.purpose, other)
		}
		if len(k.secret) != 32 {
			t.Errorf("%s has %d bytes, want 32", k.purpose, len(k.secret))
		}
		seen[string(k.secret)] = k.purpose
	}
	if len(seen) != 4 {
		t.Errorf("%d symmetric keys, want 4", len(seen))
	}
}

// What is sealed on disk is opened by whoever derives a cell's key as RFC 5869 says, from the secret and no salt.
func TestSealedFormat(t *testing.T) {
	t.Parallel()
	a := sqliteNode(t)
	sealed, err := a.Seal("messages", "body", "row", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	secret := a.known.Load().current[store.PurposeSeal].secret
	cell, err := hkdf.Key(sha256.New, secret, nil, string(fields("cell key", "messages", "body", "row")), 32)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := openGCM(cell, sealed[4:], cellIdentity("messages", "body", "row"))
	if err != nil || string(plain) != "text" {
		t.Errorf("got %q, %v", plain, err)
	}
}
