package api

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/notify"
)

// stories lists the calls that are this server's own, beyond the API that it is compatible with.
func (a *API) stories() []endpoint.Endpoint {
	return []endpoint.Endpoint{
		endpoint.GET("/v1/thimble/stories/{id}", "thimble.stories.get", a.getStories, errs.StoryNotFound),
	}
}

// GetStoriesRequest names a message or a request.
type GetStoriesRequest struct {
	// The id of a message, or the request_id of the call that asked for it.
	ID string `path:"id"`
}

// GetStoriesResponse tells what became of a message, or of all that a request led to.
type GetStoriesResponse struct {
	endpoint.Reply

	Stories []Story `json:"stories" api:"required"`
}

// Story is what became of one message, or of a request that was refused.
type Story struct {
	// Empty for a request that was refused.
	MessageID string `json:"message_id"`
	RequestID string `json:"request_id"`
	// sms or email.
	Channel string `json:"channel"`
	// ISO 3166-1 alpha-2 code of the number's country.
	Country string `json:"country"`
	// queued, sent, delivered, undelivered, failed or expired; refused for a request that led to no message.
	Status string `json:"status"`
	// In the order of time.
	Steps []StoryStep `json:"steps" api:"required"`
}

// StoryStep is one thing that happened.
type StoryStep struct {
	// RFC 3339 with microseconds.
	At string `json:"at"`
	// refused, decided, queued, not_taken, handed_over, redeemed, simulated, arrived, or the status in which the message ended.
	What     string `json:"what"`
	Provider string `json:"provider"`
	// What more there is to say, for people: the counters at the decision, for one.
	Detail string `json:"detail"`
	// Which rule refused it; the server's documentation of fraud says what each does. Empty for other steps.
	Rule string `json:"rule"`
	// What would have let it pass, for people. Empty for other steps.
	Passes string `json:"passes"`
}

// Tells what became of a message: why it was let through, which providers were asked and what they said, when it
// arrived, and whether its code was used. It names no number, no address and no code.
func (a *API) getStories(ctx context.Context, c endpoint.Call, in *GetStoriesRequest) (*GetStoriesResponse, error) {
	found, err := a.SMS.Notify.Stories(ctx, c.Project.ID, in.ID)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errs.StoryNotFound
	}
	return &GetStoriesResponse{Stories: WireStories(found)}, nil
}

// WireStories gives stories as the API tells them.
func WireStories(found []notify.Story) []Story {
	all := make([]Story, len(found))
	for i, s := range found {
		w := Story{RequestID: s.RequestID, Status: notify.StepRefused, Steps: make([]StoryStep, len(s.Steps))}
		if m := s.Message; m != nil {
			w.MessageID, w.Channel, w.Country, w.Status = m.ID, m.Channel, m.Country, m.Status
		}
		for j, step := range s.Steps {
			w.Steps[j] = StoryStep{
				At: step.At.Format(time.RFC3339Nano), What: step.What, Provider: step.Provider, Detail: step.Detail,
				Rule: step.Rule, Passes: step.Passes,
			}
		}
		all[i] = w
	}
	return all
}
