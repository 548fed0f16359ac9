package project

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync"
	"time"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/store"
)

// cacheFor is how long credentials and settings are kept in memory: the one thing that is.
const cacheFor = 5 * time.Second

// Service knows which project calls.
type Service struct {
	DB    *store.DB
	mu    sync.RWMutex
	known map[string]*entry
}

type entry struct {
	project *Project // nil: there is none
	hashes  [][]byte
	until   time.Time
}

// Authenticate gives the project with that id, proven by one of its secrets. It fails with
// errs.InvalidProjectIDAuthentication or errs.UnauthorizedCredentials.
func (s *Service) Authenticate(ctx context.Context, id string, given secret.String) (*Project, error) {
	if kind, _, _, ok := ids.Parse(id); !ok || kind != ids.Project {
		return nil, errs.InvalidProjectIDAuthentication
	}
	e, err := s.entry(ctx, id)
	if err != nil {
		return nil, err
	}
	if e.project == nil {
		return nil, errs.InvalidProjectIDAuthentication
	}

	sum := HashSecret(given)
	for _, hash := range e.hashes {
		if secret.Equal(sum, hash) {
			return e.project, nil
		}
	}
	return nil, errs.UnauthorizedCredentials
}

// Public gives the project with that id without any proof, for what everybody may know. It fails with
// errs.ProjectNotFound.
func (s *Service) Public(ctx context.Context, id string) (*Project, error) {
	if kind, _, _, ok := ids.Parse(id); !ok || kind != ids.Project {
		return nil, errs.ProjectNotFound
	}
	e, err := s.entry(ctx, id)
	if err != nil {
		return nil, err
	}
	if e.project == nil {
		return nil, errs.ProjectNotFound
	}
	return e.project, nil
}

func (s *Service) entry(ctx context.Context, id string) (*entry, error) {
	now := s.DB.Now()
	s.mu.RLock()
	e := s.known[id]
	s.mu.RUnlock()
	if e != nil && now.Before(e.until) {
		return e, nil
	}

	err := s.DB.Read(ctx, func(tx *store.Tx) (err error) {
		e, err = read(ctx, tx, id)
		return err
	})
	return e, s.keep(id, e, err)
}

// Within gives the project with that id, nil for none, to those who are in a transaction: a second connection for it could
// wait for one that waits for this transaction. What it gives may be some seconds old.
func (s *Service) Within(ctx context.Context, tx *store.Tx, id string) (*Project, error) {
	s.mu.RLock()
	e := s.known[id]
	s.mu.RUnlock()
	if e != nil && s.DB.Now().Before(e.until) {
		return e.project, nil
	}
	e, err := read(ctx, tx, id)
	if err := s.keep(id, e, err); err != nil {
		return nil, err
	}
	return e.project, nil
}

// keep remembers what was read. Unknown ids are not kept: there is no end of them.
func (s *Service) keep(id string, e *entry, err error) error {
	if err != nil || e.project == nil {
		return err
	}
	e.until = s.DB.Now().Add(cacheFor)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]*entry{}
	}
	s.known[id] = e
	return nil
}

// Forget has the project read again when it is asked for next: this node changed it.
func (s *Service) Forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, id)
}

func read(ctx context.Context, tx *store.Tx, id string) (*entry, error) {
	p, err := tx.Project(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return &entry{}, nil
	}
	if err != nil {
		return &entry{}, err
	}
	secrets, err := tx.ProjectSecrets(ctx, id)
	e := &entry{project: p}
	for _, s := range secrets {
		e.hashes = append(e.hashes, s.Hash)
	}
	return e, err
}

// NewSecret makes a credential of a project: the text to show once and the row to keep.
func NewSecret(env ids.Env, now time.Time) (secret.String, store.ProjectSecret) {
	text := secret.String(ids.Secret + "-" + string(env) + "-" + base64.URLEncoding.EncodeToString(secret.Bytes(32)))
	return text, secretRow(text, now)
}

func secretRow(text secret.String, now time.Time) store.ProjectSecret {
	return store.ProjectSecret{ID: ids.NewUUID(now).String(), Hash: HashSecret(text), CreatedAt: now}
}

// HashSecret gives what is kept of a project's secret. A fast hash is enough: there is nothing to guess about 256
// random bits.
func HashSecret(text secret.String) []byte {
	sum := sha256.Sum256([]byte(text.Reveal()))
	return sum[:]
}

// Create adds a project with a fresh credential, which is given back once.
func (s *Service) Create(ctx context.Context, env ids.Env, name string) (*Project, secret.String, error) {
	name, err := CheckName(name)
	if err != nil {
		return nil, "", err
	}
	var (
		p    *Project
		text secret.String
	)
	err = s.DB.Write(ctx, func(tx *store.Tx) error {
		now := tx.Now()
		p = &Project{
			ID: ids.New(ids.Project, env, now), Env: env, Name: name, PublicToken: ids.New(ids.PublicToken, env, now),
			CreatedAt: now, UpdatedAt: now,
		}
		var row store.ProjectSecret
		text, row = NewSecret(env, now)
		if _, err := tx.InsertProject(ctx, p); err != nil {
			return err
		}
		return tx.InsertProjectSecret(ctx, p.ID, row)
	})
	return p, text, err
}
