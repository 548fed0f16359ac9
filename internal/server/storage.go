package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/thimble-auth/thimble/internal/config"
	"github.com/thimble-auth/thimble/internal/keys"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
)

// storage is where a command finds the server's database. It works while servers run on it.
type storage struct {
	config.File
	config.Database
}

// open opens a database that is there.
func (s *storage) open(r *runner) (*store.DB, error) {
	problems := r.source.Problems()
	s.Check(&problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if path, ok := s.SQLiteFile(); ok {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database at %s: give the folder of the server with --data or THIMBLE_DATA, "+
				"or its database with --database or THIMBLE_DATABASE_URL", path)
		}
	}
	return store.Open(r.ctx, s.URL.Reveal(), sqldb.Options{MaxConns: 1, FollowDatabaseClock: true})
}

// openOrCreate opens a database, or makes the first one.
func (s *storage) openOrCreate(r *runner) (*store.DB, error) {
	problems := r.source.Problems()
	s.Check(&problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	if err := makeFolder(&s.Database); err != nil {
		return nil, err
	}
	return store.Open(r.ctx, s.URL.Reveal(), sqldb.Options{MaxConns: 1, FollowDatabaseClock: true})
}

// makeFolder makes the folder of a SQLite file.
func makeFolder(d *config.Database) error {
	path, ok := d.SQLiteFile()
	if !ok {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}

// warnOfOpenKey warns when others can read the file of the master key. "" is no file.
func warnOfOpenKey(log *slog.Logger, path string) {
	if path == "" {
		return
	}
	if mode, open := openToOthers(path); open {
		log.Warn("others on this machine can read the master key: chmod 600 its file", "file", path, "mode", mode.String())
	}
}

// openToOthers reports whether others on this machine can read a file that is there.
func openToOthers(path string) (mode fs.FileMode, open bool) {
	if runtime.GOOS == "windows" { // which has no such modes
		return 0, false
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	return info.Mode().Perm(), info.Mode().Perm()&0o044 != 0
}

// sealed is storage whose secrets are to be opened.
type sealed struct {
	storage
	Master config.Master `embed:""`
}

// open opens database and key ring.
func (s *sealed) open(r *runner) (*store.DB, *keys.Ring, error) {
	master, err := s.master()
	if err != nil {
		return nil, nil, err
	}
	db, err := s.storage.open(r)
	if err != nil {
		return nil, nil, err
	}
	ring, err := keys.Open(r.ctx, db, master)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the key ring: %w", err), db.Close())
	}
	return db, ring, nil
}

// master gives the master key that is set, else the one that thimble dev keeps in the data folder.
func (s *sealed) master() (keys.Master, error) {
	var problems config.Problems
	s.Master.Check(&problems)
	if err := problems.Err(); err != nil {
		return keys.Master{}, err
	}
	if s.Master.Key != "" {
		return keys.ParseMaster(s.Master.Key.Reveal())
	}
	text, err := os.ReadFile(filepath.Join(s.Data, masterFile))
	if errors.Is(err, fs.ErrNotExist) {
		return keys.Master{}, errors.New("the master key is missing: set THIMBLE_MASTER_KEY or THIMBLE_MASTER_KEY_FILE")
	}
	if err != nil {
		return keys.Master{}, fmt.Errorf("read the master key: %w", err)
	}
	return keys.ParseMaster(string(text))
}
