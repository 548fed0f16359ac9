package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// Letter is a message of a test project with its content, and what became of it.
type Letter struct {
	*store.Message
	Subject, Body, HTML string
	// Arrived are the times at which it came to be read: one, unless the simulator of carriers had its way.
	Arrived []time.Time
	// Steps are in the order of time.
	Steps []Step
}

// Letters gives up to limit messages of test projects, newest first, as their readers would see them: those on their way
// and those that were lost, too. An empty project or recipient means any. Messages of live projects are never among them.
func (s *Service) Letters(ctx context.Context, projectID, recipient string, limit int) ([]Letter, error) {
	var rows []*store.Message
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.TestMessages(ctx, projectID, recipient, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	return s.letters(ctx, rows)
}

// letters opens messages, and adds what became of them.
func (s *Service) letters(ctx context.Context, rows []*store.Message) ([]Letter, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	byID := func(a, b *store.Message) int { return strings.Compare(a.ID, b.ID) }
	first, last := slices.MinFunc(rows, byID).ID, slices.MaxFunc(rows, byID).ID
	var tried map[string][]store.Attempt
	var pretended map[string][]store.PretendStep
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) { // one question each for all
		if tried, err = tx.AttemptsBetween(ctx, first, last); err == nil {
			pretended, err = tx.PretendStepsBetween(ctx, first, last)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what became of messages: %w", err)
	}

	letters := make([]Letter, 0, len(rows))
	for _, m := range rows {
		l, err := s.letter(m, tried[m.ID], pretended[m.ID])
		if err != nil {
			return nil, err
		}
		letters = append(letters, l)
	}
	return letters, nil
}

func (s *Service) letter(m *store.Message, tried []store.Attempt, pretended []store.PretendStep) (Letter, error) {
	l := Letter{Message: m, Steps: steps(m, tried, pretended)}
	if m.Provider == ProviderInbox {
		l.Arrived = append(l.Arrived, m.CreatedAt)
	}
	for _, p := range pretended {
		if p.What == store.PretendArrived {
			l.Arrived = append(l.Arrived, p.At)
		}
	}
	if len(m.Sealed) == 0 {
		return l, nil
	}
	c, err := s.open(m)
	if err != nil {
		return l, err
	}
	w, err := render(m, c, sms.SMS)
	l.Subject, l.Body, l.HTML = w.subject, w.body, w.html
	return l, err
}
