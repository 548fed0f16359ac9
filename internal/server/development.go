package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/project"
)

// The files of thimble dev in its data folder.
const (
	masterFile  = "master.key"
	exposedFile = "credentials.json"
)

// identity is what thimble dev puts into an empty database: who calls, and who logs in.
type identity struct {
	ProjectID      string `json:"project_id"`
	Secret         string `json:"secret"`
	SecretID       string `json:"secret_id"`
	PublicToken    string `json:"public_token"`
	OrganizationID string `json:"organization_id"`
	MemberID       string `json:"member_id"`
	EmailID        string `json:"email_id"`
}

// fixed is the same everywhere, so that examples and tests work anywhere without a look at the screen. It is worth
// nothing as a protection, which is why only this machine can reach it.
var fixed = identity{
	ProjectID:      "project-test-11111111-1111-4111-8111-111111111111",
	Secret:         "secret-test-" + strings.Repeat("1", 32),
	SecretID:       "11111111-1111-4111-8111-111111111111",
	PublicToken:    "public-token-test-11111111-1111-4111-8111-111111111111",
	OrganizationID: "organization-test-22222222-2222-4222-8222-222222222222",
	MemberID:       "member-test-33333333-3333-4333-8333-333333333333",
	EmailID:        "email-test-44444444-4444-4444-8444-444444444444",
}

// newIdentity makes one that nobody can guess.
func newIdentity(now time.Time) identity {
	text, row := project.NewSecret(ids.Test, now)
	return identity{
		ProjectID: ids.New(ids.Project, ids.Test, now), Secret: text.Reveal(), SecretID: row.ID,
		PublicToken:    ids.New(ids.PublicToken, ids.Test, now),
		OrganizationID: ids.New(ids.Organization, ids.Test, now), MemberID: ids.New(ids.Member, ids.Test, now),
		EmailID: ids.New(ids.Email, ids.Test, now),
	}
}

// exposedIdentity gives the random identity of a data folder, making it at the first time.
func exposedIdentity(folder string) (identity, error) {
	var who identity
	text, err := keepFile(filepath.Join(folder, exposedFile), func() []byte {
		text, _ := json.MarshalIndent(newIdentity(time.Now()), "", "  ")
		return append(text, '\n')
	})
	if err == nil {
		err = json.Unmarshal(text, &who)
	}
	if err != nil {
		return who, fmt.Errorf("keep the random credentials: %w", err)
	}
	return who, nil
}

// developmentMaster gives the master key of a data folder, making it at the first time.
func developmentMaster(folder string) (keys.Master, error) {
	path := filepath.Join(folder, masterFile)
	text, err := keepFile(path, func() []byte {
		_, text := keys.NewMaster()
		return []byte(text + "\n")
	})
	if err != nil {
		return keys.Master{}, fmt.Errorf("keep the master key: %w", err)
	}
	master, err := keys.ParseMaster(string(text))
	if err != nil {
		return keys.Master{}, fmt.Errorf("%s: %w", path, err)
	}
	return master, nil
}

// keepFile gives the content of a file that only its owner can read, making it at the first time. It is whole or not
// there at all, and of two processes that make it at once both get the same.
func keepFile(path string, content func() []byte) ([]byte, error) {
	text, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := writeNew(path, content()); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

func writeNew(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path) // unlike a rename, never over an existing file
}
