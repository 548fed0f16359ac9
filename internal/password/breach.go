package password

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the lists of breached passwords are lists of SHA-1
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/thimble-auth/thimble/internal/secret"
)

// Breaches looks passwords up in a list of breached ones that lies on this machine, so that nothing about a password
// leaves it. The list is that of Have I Been Pwned in either form that its downloader writes: one file of lines
// HASH:COUNT ordered by hash, or a folder with one file for each range of hashes, named by their first five digits
// (00000 or 00000.txt), of lines SUFFIX:COUNT, as the range API answers. A nil Breaches knows no list.
type Breaches struct {
	path   string
	folder bool
	log    *slog.Logger
}

// OpenBreaches checks that the list at the path can be read. "" gives nil: looking up is off.
func OpenBreaches(path string, log *slog.Logger) (*Breaches, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("breached passwords: %w", err)
	}
	b := &Breaches{path: path, folder: info.IsDir(), log: log}
	if _, err := b.find("password"); err != nil {
		return nil, fmt.Errorf("breached passwords: %w", err)
	}
	return b, nil
}

// Has reports whether a password is in the list. A list that cannot be read keeps nobody out: it is logged.
func (b *Breaches) Has(ctx context.Context, text secret.String) bool {
	if b == nil {
		return false
	}
	found, err := b.find(text.Reveal())
	if err != nil {
		b.log.WarnContext(ctx, "the list of breached passwords cannot be read; the password was let through", "error", err)
	}
	return found
}

// rangeDigits is how many digits of a hash name its range.
const rangeDigits = 5

func (b *Breaches) find(text string) (bool, error) {
	sum := sha1.Sum([]byte(text)) //nolint:gosec // see the import
	hash := strings.ToUpper(hex.EncodeToString(sum[:]))
	if b.folder {
		return b.findInRange(hash[:rangeDigits], hash[rangeDigits:])
	}
	return b.findInFile(hash)
}

func (b *Breaches) findInRange(name, suffix string) (bool, error) {
	file, err := os.Open(filepath.Join(b.path, name+".txt"))
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Open(filepath.Join(b.path, name))
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if isLineOf(lines.Bytes(), suffix) {
			return true, nil
		}
	}
	return false, lines.Err()
}

// isLineOf reports whether a line is that of the hash, with a count that is not zero: the range API pads with zeros.
func isLineOf(line []byte, hash string) bool {
	digits, count, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
	return strings.EqualFold(string(digits), hash) && string(count) != "0"
}

// findInFile looks for a line by halving: the file has a billion of them.
func (b *Breaches) findInFile(hash string) (bool, error) {
	file, err := os.Open(b.path)
	if err != nil {
		return false, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}

	// The line that holds a byte at or behind low may be the one; those that begin at or behind high are behind it.
	low, high := int64(0), info.Size()
	for low < high {
		middle := low + (high-low)/2
		line, end, err := lineFrom(file, middle)
		if err != nil {
			return false, err
		}
		digits, _, _ := strings.Cut(line, ":")
		switch {
		case line == "" || strings.ToUpper(digits) > hash:
			high = middle
		case strings.EqualFold(digits, hash):
			return isLineOf([]byte(line), hash), nil
		default:
			low = end
		}
	}
	return false, nil
}

// lineFrom gives the first whole line that begins at the offset or behind it, and where it ends; "" at the end.
func lineFrom(file io.ReaderAt, offset int64) (string, int64, error) {
	const window = 256 // two lines, and some
	start := max(0, offset-1)
	raw := make([]byte, window)
	n, err := file.ReadAt(raw, start)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, err
	}
	raw = raw[:n]
	if offset > 0 {
		cut := bytes.IndexByte(raw, '\n')
		if cut < 0 {
			return "", 0, nil
		}
		raw, start = raw[cut+1:], start+int64(cut)+1
	}
	end := bytes.IndexByte(raw, '\n')
	if end < 0 {
		end = len(raw)
	}
	return strings.TrimSpace(string(raw[:end])), start + int64(end) + 1, nil
}
