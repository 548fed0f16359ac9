package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/store"
)

// The steps of a Story.
const (
	StepRefused    = "refused"     // the request was refused, and nothing was sent
	StepDecided    = "decided"     // the message was let through; the detail has the counters at that moment
	StepQueued     = "queued"      // it was written down, to be handed over
	StepNotTaken   = "not_taken"   // a provider did not take it
	StepHandedOver = "handed_over" // a provider took it
	StepRedeemed   = "redeemed"    // the code in it was used
	StepSimulated  = "simulated"   // the simulator of carriers decided what becomes of it
	StepArrived    = "arrived"     // a carrier of the simulator brought it to the phone
)

// Step is one thing that happened to a message, or to a request that was refused.
type Step struct {
	At time.Time
	// What is one of the Step constants, or the status in which the message ended: see store.MessageDelivered and others.
	What string
	// Provider is who was asked, "" where nobody was.
	Provider string
	// Detail says more, in our words. It names no number, no address and no code.
	Detail string
	// Rule is what refused the request, as records name it; "" for other steps.
	Rule string
	// Passes says what would have let it pass, in plain words.
	Passes string
}

// Story is what became of a message, or of a request that led to none.
type Story struct {
	// Message is nil for a request that was refused.
	Message *store.Message
	// RequestID is that of the call that caused it.
	RequestID string
	// Steps are in the order of time.
	Steps []Step
}

// Stories tells what became of a message, by its id, or of all that a request led to, by the request's. An empty project
// means any. There are none for what is not known, or not the project's.
func (s *Service) Stories(ctx context.Context, projectID, id string) ([]Story, error) {
	var all []Story
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = stories(ctx, tx, projectID, id)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read what became of a message: %w", err)
	}
	return all, nil
}

func stories(ctx context.Context, tx *store.Tx, projectID, id string) ([]Story, error) {
	var messages []*store.Message
	var events []store.AuditEvent
	var err error
	if strings.HasPrefix(id, "message-") {
		var m *store.Message
		m, err = tx.Message(ctx, id)
		messages = append(messages, m)
	} else {
		messages, events, err = tx.OfRequest(ctx, id)
	}
	if err != nil {
		return nil, err
	}

	var all []Story
	for _, m := range messages {
		if projectID != "" && m.ProjectID != projectID {
			continue
		}
		tried, err := tx.Attempts(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		var pretended map[string][]store.PretendStep
		if isTest(m.ID) {
			if pretended, err = tx.PretendStepsBetween(ctx, m.ID, m.ID); err != nil {
				return nil, err
			}
		}
		all = append(all, Story{Message: m, RequestID: m.RequestID, Steps: steps(m, tried, pretended[m.ID])})
	}
	for _, e := range events {
		if e.Outcome == audit.Refused && (projectID == "" || e.ProjectID == projectID) {
			all = append(all, Story{RequestID: e.RequestID, Steps: []Step{refusal(&e)}})
		}
	}
	return all, nil
}

// refusal tells why a request was refused, from its record.
func refusal(e *store.AuditEvent) Step {
	step := Step{At: e.At, What: StepRefused, Detail: e.Action + " " + e.Details}
	var details map[string]string
	if json.Unmarshal([]byte(e.Details), &details) != nil {
		return step
	}
	step.Rule, step.Passes = details["rule"], details["pass"]
	delete(details, "pass")
	words := []string{e.Action}
	for _, name := range slices.Sorted(maps.Keys(details)) {
		words = append(words, name+": "+details[name]+";")
	}
	step.Detail = strings.TrimSuffix(strings.Join(words, " "), ";")
	return step
}

// steps puts a message's columns, attempts and what the simulator did in order.
func steps(m *store.Message, tried []store.Attempt, pretended []store.PretendStep) []Step {
	all := []Step{{At: m.CreatedAt, What: StepDecided, Detail: m.Decision}}
	if m.Provider != ProviderInbox {
		all = append(all, Step{At: m.CreatedAt, What: StepQueued})
	}
	did := func(what string) {
		for _, p := range pretended {
			if p.What == what {
				all = append(all, Step{At: p.At, What: p.What, Provider: p.Carrier, Detail: p.Detail})
			}
		}
	}
	did(StepSimulated)
	for _, a := range tried {
		all = append(all, Step{
			At: a.At, What: StepNotTaken, Provider: a.Provider,
			Detail: strings.TrimSpace(a.Class + " " + a.Code + " " + a.Reason),
		})
	}
	if !m.SentAt.IsZero() {
		all = append(all, Step{At: m.SentAt, What: StepHandedOver, Provider: m.Provider, Detail: handedOver(m)})
	}
	did(StepArrived)
	switch m.Status {
	case store.MessageQueued, store.MessageSent:
	default:
		all = append(all, Step{At: m.UpdatedAt, What: m.Status, Provider: m.Provider, Detail: m.Reason})
	}
	if !m.RedeemedAt.IsZero() {
		all = append(all, Step{At: m.RedeemedAt, What: StepRedeemed})
	}
	slices.SortStableFunc(all, func(a, b Step) int { return a.At.Compare(b.At) })
	return all
}

func handedOver(m *store.Message) string {
	text := fmt.Sprintf("as %s, %d segments", m.ProviderID, m.Segments)
	if m.PriceCurrency != "" {
		text += fmt.Sprintf(", %d.%06d %s", m.PriceMicros/1e6, m.PriceMicros%1e6, m.PriceCurrency)
	}
	return text
}
