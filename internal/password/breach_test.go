package password

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // as the lists
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/secret"
)

func sha(text string) string {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // as the lists
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// TestBreaches looks for words in both forms of the list, with both kinds of line ends.
func TestBreaches(t *testing.T) {
	t.Parallel()
	words := []string{"password"}
	for i := range 1000 {
		words = append(words, fmt.Sprint("word", i))
	}
	var hashes []string
	for _, w := range words {
		hashes = append(hashes, sha(w))
	}
	slices.Sort(hashes)

	for _, end := range []string{"\n", "\r\n"} {
		one, folder := filepath.Join(t.TempDir(), "breached.txt"), t.TempDir()
		var file strings.Builder
		ranges := map[string]*strings.Builder{sha("absent")[:5]: {}, sha("padding")[:5]: {}}
		for i, h := range hashes {
			fmt.Fprintf(&file, "%s:%d%s", h, i*i+1, end)
			if ranges[h[:5]] == nil {
				ranges[h[:5]] = &strings.Builder{}
			}
			fmt.Fprintf(ranges[h[:5]], "%s:%d%s", h[5:], i+1, end)
		}
		fmt.Fprintf(ranges[sha("padding")[:5]], "%s:0%s", sha("padding")[5:], end)
		if err := os.WriteFile(one, []byte(file.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, r := range ranges {
			if err := os.WriteFile(filepath.Join(folder, name+".txt"), []byte(r.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}

		for _, path := range []string{one, folder} {
			b, err := OpenBreaches(path, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range words {
				if !b.Has(t.Context(), secret.String(w)) {
					t.Errorf("%s is not in %s", w, path)
				}
			}
			for _, w := range []string{"absent", "padding"} {
				if b.Has(t.Context(), secret.String(w)) {
					t.Errorf("%s is in %s", w, path)
				}
			}
		}
	}
}

// TestBreachesLetPass: a list that cannot be read keeps nobody out and is logged, without a word about the password.
func TestBreachesLetPass(t *testing.T) {
	t.Parallel()
	var none *Breaches
	if none.Has(t.Context(), "password") {
		t.Error("no list has a password")
	}
	if _, err := OpenBreaches(filepath.Join(t.TempDir(), "nothing"), nil); err == nil {
		t.Error("a list that is not there opens")
	}
	if b, err := OpenBreaches("", nil); b != nil || err != nil {
		t.Errorf("no path: %v, %v", b, err)
	}

	path := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(path, []byte(sha("password")+":9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	b, err := OpenBreaches(path, slog.New(slog.NewJSONHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if b.Has(t.Context(), "hunter22") {
		t.Error("a list that is gone keeps people out")
	}
	if !strings.Contains(log.String(), "WARN") || strings.Contains(log.String(), "hunter22") {
		t.Errorf("log: %s", log.String())
	}
}
