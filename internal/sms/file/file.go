// Package file appends texts to a file, one JSON object per line, for another program to deliver them.
package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
)

// Name is the provider's name in settings and logs.
const Name = "file"

// Sender appends to one file. It implements sms.Sender.
type Sender struct {
	path string
	now  func() time.Time
	mu   sync.Mutex // One text at a time: a line that could not be written whole is taken back.
}

var _ sms.Sender = (*Sender)(nil)

// New makes a sender that appends to the file at path and writes now's time into each line.
func New(path string, now func() time.Time) *Sender { return &Sender{path: path, now: now} }

// Name is "file".
func (s *Sender) Name() string { return Name }

// Channel is sms.SMS.
func (s *Sender) Channel() sms.Channel { return sms.SMS }

// Quiet is true: whoever takes texts from the file reports nothing.
func (s *Sender) Quiet() bool { return true }

// line is one text.
type line struct {
	At       string `json:"at"`
	ID       string `json:"id"`
	To       string `json:"to"`
	Body     string `json:"body"`
	ValidFor int    `json:"valid_for_seconds"`
}

// Check opens the file, and makes it where it is missing: nothing else tells whether it can be written.
func (s *Sender) Check() error {
	if s.path == "" {
		return errors.New("sms-file is missing")
	}
	f, err := s.open()
	if err != nil {
		return fmt.Errorf("sms-file cannot be written: %w", err)
	}
	return f.Close()
}

// Send appends the text. When it returns the line is on disk, or there is none. The file is opened each time, so that
// it may be moved away while the server runs. Every error is an *sms.Error.
func (s *Sender) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	// Rounded down: rather not sent than sent after the deadline.
	seconds := int(m.ValidFor / time.Second)
	if seconds < 1 {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text's life is over"}
	}
	text, err := json.Marshal(line{s.now().UTC().Format(time.RFC3339Nano), m.ID, m.To, m.Body, seconds})
	if err != nil {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the text cannot be written as JSON"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return sms.Result{}, &sms.Error{Class: sms.Later, Reason: "the call was given up"}
	}
	if err := s.append(append(text, '\n')); err != nil {
		return sms.Result{}, failure(err)
	}
	return sms.Result{ProviderID: m.ID}, nil
}

// failure puts into words why a line could not be written, without the path.
func failure(err error) *sms.Error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, errKind) {
		return &sms.Error{Class: sms.OtherRoute, Reason: "the file may not be written"}
	}
	return &sms.Error{Class: sms.Later, Reason: "the file could not be written"}
}

func (s *Sender) append(text []byte) (err error) {
	f, err := s.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err != nil {
		// A full disk may have taken the half of it, and the next text would continue that line.
		return errors.Join(err, f.Truncate(info.Size()))
	}
	if info.Size() == 0 {
		return syncFolder(s.path)
	}
	return nil
}

// errKind means that the path is no file that only its owner can read.
var errKind = errors.New("it must be a file that nobody else can read: chmod 600")

// open opens the file for appending. Texts hold codes, so nobody else may read them.
func (s *Sender) open() (*os.File, error) {
	// Without waiting: a pipe that nobody reads would hold us.
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0) {
		err = errKind
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// syncFolder makes a new file's name last.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Receipt is ErrBadSignature: nobody reports on a line.
func (s *Sender) Receipt(*http.Request, string, []byte) (sms.Receipt, error) {
	return sms.Receipt{}, sms.ErrBadSignature
}
