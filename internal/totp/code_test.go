package totp

import (
	"bytes"
	"encoding/base64"
	"image/color"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The SHA-1 lines of RFC 6238, appendix B, and the values of RFC 4226, appendix D.
func TestVectors(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
		20000000000: "65353130",
	} {
		if got := hotp(seed, stepOf(time.Unix(at, 0)), 8); got != want {
			t.Errorf("at %d: got %s, want %s", at, got, want)
		}
	}
	for counter, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		if got := hotp(seed, int64(counter), digits); got != want {
			t.Errorf("counter %d: got %s, want %s", counter, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	seed := []byte("12345678901234567890")
	at := time.Unix(1234567890, 0)
	now := stepOf(at)
	for _, c := range []struct {
		name             string
		typed, last      int64
		wantFresh, isOld bool
	}{
		{"this step", now, 0, true, false},
		{"one behind", now - 1, 0, true, false},
		{"one ahead", now + 1, 0, true, false},
		{"two behind", now - 2, 0, false, false},
		{"two ahead", now + 2, 0, false, false},
		{"the step that was used", now, now, false, true},
		{"a step before the one used", now - 1, now, false, true},
		{"this step after one ahead was used", now, now + 1, false, true},
		{"the step after the one used", now, now - 1, true, false},
	} {
		step, fresh, old := match(seed, hotp(seed, c.typed, digits), c.last, at)
		if fresh != c.wantFresh || old != c.isOld || fresh && step != c.typed {
			t.Errorf("%s: step %d fresh %t old %t, want step %d fresh %t old %t",
				c.name, step, fresh, old, c.typed, c.wantFresh, c.isOld)
		}
	}
}

// The last moment of a step belongs to it, the first of the next does not.
func TestStepBounds(t *testing.T) {
	t.Parallel()
	for at, want := range map[int64]int64{0: 0, 29: 0, 30: 1, 59: 1, 60: 2} {
		if got := stepOf(time.Unix(at, 999_999_999)); got != want {
			t.Errorf("at %d s: step %d, want %d", at, got, want)
		}
	}
}

func TestReadSeed(t *testing.T) {
	t.Parallel()
	const seed = "12345678901234567890"
	for text, want := range map[string]string{
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ":                  seed,
		"gezd gnbv gy3t qojq gezd gnbv gy3t qojq":           seed,
		"GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ":           seed,
		"GEZDGNBVGY3TQOJQGE======":                          seed[:11],
		"GEZDGNBVGY3TQOJQ":                                  seed[:10],
		"GEZDGNBVGY3TQOI":                                   "", // nine bytes
		"":                                                  "",
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1":                  "", // no 1 in base 32
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ!":                 "",
		strings.Repeat("A", 8*maxSeed/5+8):                  "",
		strings.Repeat(" ", 5*maxSeed) + "GEZDGNBVGY3TQOJQ": "",
	} {
		got, ok := readSeed(text)
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%q: got %q, %t, want %q", text, got, ok, want)
		}
	}
}

func TestKeyURI(t *testing.T) {
	t.Parallel()
	text := keyURI("Fish & Chips: Überall=?", "ada+x@example.com", "GEZDGNBVGY3TQOJQ")
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	issuer, account, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), ":")
	got := []string{
		u.Scheme, u.Host, issuer, account, u.Query().Get("secret"), u.Query().Get("issuer"), u.Query().Get("algorithm"),
		u.Query().Get("digits"), u.Query().Get("period"),
	}
	want := []string{
		"otpauth", "totp", "Fish & Chips  Überall=?", "ada+x@example.com", "GEZDGNBVGY3TQOJQ", "Fish & Chips  Überall=?",
		"SHA1", "6", "30",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("part %d is %q, want %q: %s", i, got[i], want[i], text)
		}
	}
	// Apps that read the text by hand do not know a plus as a space.
	if strings.Contains(text, "+") {
		t.Errorf("a plus is left: %s", text)
	}
}

func TestPicture(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		keyURI("Acme", "ada@example.com", strings.Repeat("A", 32)),
		// The longest names there are.
		keyURI(strings.Repeat("ü", 64), strings.Repeat("&", 254), strings.Repeat("A", 32)),
	} {
		drawn, err := picture(text)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(drawn, "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		side := img.Bounds().Dx()
		black := func(x, y int) bool {
			return color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y == 0
		}
		if side != img.Bounds().Dy() || (side/pixels-2*margin-17)%4 != 0 {
			t.Errorf("%d by %d pixels are no QR code", side, img.Bounds().Dy())
		}
		last := side - 1 - margin*pixels
		for _, corner := range [][2]int{{margin * pixels, margin * pixels}, {last, margin * pixels}, {margin * pixels, last}} {
			if !black(corner[0], corner[1]) {
				t.Errorf("no finder pattern at %v", corner)
			}
		}
		for i := range side {
			for edge := range margin * pixels {
				if black(i, edge) || black(edge, i) || black(i, side-1-edge) || black(side-1-edge, i) {
					t.Fatal("the margin is not white")
				}
			}
		}
	}
}
