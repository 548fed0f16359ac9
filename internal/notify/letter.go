package notify

import (
	"context"
	"fmt"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// Letter is a message of a test project with its content, and what became of it.
type Letter struct {
	*store.Message
	Subject, Body, HTML string
	// Steps are in the order of time.
	Steps []Step
}

// Letters gives up to limit messages of test projects, newest first, as their readers would see them. An empty project
// or recipient means any. Messages of live projects are never among them.
func (s *Service) Letters(ctx context.Context, projectID, recipient string, limit int) ([]Letter, error) {
	var rows []*store.Message
	var tried map[string][]store.Attempt
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.TestMessages(ctx, projectID, recipient, limit)
		if err != nil || len(rows) == 0 {
			return err
		}
		tried, err = tx.AttemptsBetween(ctx, rows[len(rows)-1].ID, rows[0].ID) // newest first; one question for all
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}

	letters := make([]Letter, 0, len(rows))
	for _, m := range rows {
		l := Letter{Message: m, Steps: steps(m, tried[m.ID])}
		if len(m.Sealed) > 0 {
			c, err := s.open(m)
			if err != nil {
				return nil, err
			}
			w, err := render(m, c, sms.SMS)
			if err != nil {
				return nil, err
			}
			l.Subject, l.Body, l.HTML = w.subject, w.body, w.html
		}
		letters = append(letters, l)
	}
	return letters, nil
}
