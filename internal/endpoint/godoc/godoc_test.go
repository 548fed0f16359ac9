package godoc_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/endpoint/godoc"
)

func TestComments(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", `package shop

// Order is
// what somebody wants.
type Order struct {
	// Which one,
	// exactly.
	ID, Ref string
	Count int // how many
	None string
}

type (
	// Item is grouped.
	Item struct{}
)

// send sends.
func (o *Order) send() {}

// Stop stops.
func Stop() {}
`)
	write("a_test.go", "package shop\n\n// Hidden is a test.\nfunc Hidden() {}\n")

	got, err := godoc.Comments(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"shop.Order":       "Order is what somebody wants.",
		"shop.Order.ID":    "Which one, exactly.",
		"shop.Order.Ref":   "Which one, exactly.",
		"shop.Order.Count": "how many",
		"shop.Item":        "Item is grouped.",
		"shop.Order.send":  "send sends.",
		"shop.Stop":        "Stop stops.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCommentsFails(t *testing.T) {
	t.Parallel()
	if _, err := godoc.Comments(t.TempDir()); err == nil {
		t.Error("a folder without source was accepted")
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.go"), []byte("package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := godoc.Comments(folder); err == nil {
		t.Error("broken source was accepted")
	}
}
