package notify

import (
	"context"

	"github.com/thimble-auth/thimble/internal/event"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// Post adds a message that Compose completed to the transaction, and gives it to Hand after the commit.
func (s *Service) Post(ctx context.Context, tx *store.Tx, p *store.Project, m *store.Message) {
	tx.InsertMessage(m)
	if m.Status == store.MessageDelivered && event.Wanted(p, event.MessageDelivered) {
		event.Tell(tx, p, told(m, m.Status, ""))
	}
	tx.AfterCommit(func() { s.Hand(ctx, m) })
}

// ending is the end of a message of which webhooks may want to hear.
type ending struct {
	m      *store.Message
	status string
	reason string
}

// tell tells of an end, if the transaction made it.
func (s *Service) tell(ctx context.Context, tx *store.Tx, end ending) error {
	p, err := s.projectOf(ctx, tx, end.m.ProjectID)
	if err != nil || p == nil {
		return err
	}
	e := told(end.m, end.status, end.reason)
	if !event.Wanted(p, e.Kind) {
		return nil
	}
	e.MessageID, e.Status = end.m.ID, end.status
	event.Tell(tx, p, e)
	return nil
}

// projectOf gives the project of a message, nil where nobody can listen.
func (s *Service) projectOf(ctx context.Context, tx *store.Tx, id string) (*store.Project, error) {
	if s.o.Project == nil {
		return nil, nil
	}
	return s.o.Project(ctx, tx, id)
}

// tellOfReport tells of the end that a report brought.
func (s *Service) tellOfReport(ctx context.Context, tx *store.Tx, projectID, id, status, reason string) error {
	p, err := s.projectOf(ctx, tx, projectID)
	if err != nil || p == nil || !event.Wanted(p, kindOf(status)) {
		return err
	}
	m, err := tx.Message(ctx, id)
	if err != nil {
		return err
	}
	event.Tell(tx, p, told(m, status, reason))
	return nil
}

func kindOf(status string) string {
	if status == store.MessageDelivered {
		return event.MessageDelivered
	}
	return event.MessageFailed
}

// told is what webhooks hear of a message.
func told(m *store.Message, status, reason string) event.Event {
	data := map[string]string{"message_id": m.ID, "channel": m.Channel, "kind": m.Kind, "provider": m.Provider}
	if m.Channel != store.ChannelEmail {
		data["phone_number"], data["country"] = phone.Stored(m.Recipient).Masked(), m.Country
	}
	if kindOf(status) == event.MessageFailed {
		data["status"] = status
		if reason != "" {
			data["reason"] = reason
		}
	}
	return event.Event{
		Kind: kindOf(status), OrganizationID: m.OrganizationID, MemberID: m.MemberID, RequestID: m.RequestID, Data: data,
	}
}
