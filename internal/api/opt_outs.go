package api

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

// optOuts lists the calls about numbers that get no texts, which are this server's own.
func (a *API) optOuts() []endpoint.Endpoint {
	const all = "/v1/thimble/opt_outs"
	return []endpoint.Endpoint{
		endpoint.GET(all, "thimble.opt_outs.list", a.listOptOuts,
			errs.InvalidArgument, errs.InvalidPhoneNumber, errs.InvalidPhoneNumberSandbox),
		endpoint.POST(all, "thimble.opt_outs.create", a.createOptOut, errs.InvalidPhoneNumber, errs.InvalidPhoneNumberSandbox),
		endpoint.DELETE(all+"/{phone_number}", "thimble.opt_outs.delete", a.deleteOptOut,
			errs.InvalidPhoneNumber, errs.InvalidPhoneNumberSandbox, errs.OptOutByOwner, errs.OptOutNotFound),
	}
}

// OptOut is a reason why no texts go to a number.
type OptOut struct {
	// In E.164 form.
	PhoneNumber string `json:"phone_number"`
	// project, where the project noted it; owner, where the number's owner texted STOP, which holds for all projects.
	By string `json:"by"`
	// Of a project's note, api or operator; of an owner's STOP, the provider whose number was told.
	Source string `json:"source"`
	// RFC 3339.
	CreatedAt string `json:"created_at"`
}

// ListOptOutsRequest asks about one number, or for the project's notes.
type ListOptOutsRequest struct {
	// The reasons of this number alone, the owner's own STOP among them. Without it, the project's notes are listed.
	PhoneNumber string `query:"phone_number"`
	// Where the list goes on: next_cursor of the page before.
	Cursor string `query:"cursor"`
	// How many at most, 1 to 1000; 100 unless given.
	Limit int `query:"limit"`
}

// ListOptOutsResponse lists reasons why no texts go to numbers.
type ListOptOutsResponse struct {
	endpoint.Reply

	OptOuts []OptOut `json:"opt_outs" api:"required"`
	// Where the list goes on; empty at its end.
	NextCursor string `json:"next_cursor"`
}

// Lists the numbers that the project has noted as getting no texts, in their order; or tells of one number why it gets
// none, an empty list saying that it does.
func (a *API) listOptOuts(ctx context.Context, c endpoint.Call, in *ListOptOutsRequest) (*ListOptOutsResponse, error) {
	if in.PhoneNumber != "" {
		number, err := numberInURL(in.PhoneNumber).Parse(c.Project.Live())
		if err != nil {
			return nil, err
		}
		found, err := a.Projects.OptOutsOf(ctx, c.Project, number)
		return &ListOptOutsResponse{OptOuts: wireOptOuts(found)}, err
	}

	after, err := optOutCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = 100
	}
	if in.Limit < 1 || in.Limit > 1000 {
		return nil, errs.InvalidArgument.Saying("The limit must be from 1 to 1000.")
	}
	found, err := a.Projects.OptOuts(ctx, c.Project, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &ListOptOutsResponse{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(found[in.Limit-1].Phone))
	}
	out.OptOuts = wireOptOuts(found)
	return out, nil
}

// optOutCursor gives the number behind which a list goes on.
func optOutCursor(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		var number phone.Number
		if number, err = phone.Input(text).Parse(false); err == nil {
			return number.String(), nil
		}
	}
	return "", errs.InvalidArgument.Saying("The cursor must be the next_cursor of an earlier answer.").Because(err)
}

// numberInURL takes a plus that was not escaped, and so became a space, for the plus that it was meant to be.
func numberInURL(text string) phone.Input {
	if rest, ok := strings.CutPrefix(text, " "); ok && !strings.HasPrefix(rest, "+") {
		return phone.Input("+" + rest)
	}
	return phone.Input(text)
}

// CreateOptOutRequest names a number whose owner wants no texts.
type CreateOptOutRequest struct {
	// The number, with + and country code.
	PhoneNumber phone.Input `json:"phone_number" api:"required"`
}

// CreateOptOutResponse has the note.
type CreateOptOutResponse struct {
	endpoint.Reply

	OptOut OptOut `json:"opt_out" api:"required"`
}

// Notes that no texts of the project go to a number: sends to it are refused with unsubscribed_phone_number until the note
// is taken back. A number that is noted already stays as it is.
func (a *API) createOptOut(ctx context.Context, c endpoint.Call, in *CreateOptOutRequest) (*CreateOptOutResponse, error) {
	number, err := in.PhoneNumber.Parse(c.Project.Live())
	if err != nil {
		return nil, err
	}
	note, _, err := a.Projects.OptOut(ctx, c.Project, number, store.OptOutAPI, c.RequestID)
	if err != nil {
		return nil, err
	}
	return &CreateOptOutResponse{OptOut: wireOptOut(note)}, nil
}

// DeleteOptOutRequest names a number that the project has noted.
type DeleteOptOutRequest struct {
	// The number, with + and country code.
	PhoneNumber string `path:"phone_number"`
}

// DeleteOptOutResponse has the reasons that are left.
type DeleteOptOutResponse struct {
	endpoint.Reply

	// What the number's owner said stays, and still keeps texts away: only START takes it back. Empty when nothing does.
	OptOuts []OptOut `json:"opt_outs" api:"required"`
}

// Takes back the project's note that a number gets no texts.
func (a *API) deleteOptOut(ctx context.Context, c endpoint.Call, in *DeleteOptOutRequest) (*DeleteOptOutResponse, error) {
	number, err := phone.Input(in.PhoneNumber).Parse(c.Project.Live())
	if err != nil {
		return nil, err
	}
	left, err := a.Projects.WithdrawOptOut(ctx, c.Project, number, c.RequestID)
	if err != nil {
		return nil, err
	}
	return &DeleteOptOutResponse{OptOuts: wireOptOuts(left)}, nil
}

func wireOptOuts(found []store.OptOut) []OptOut {
	all := make([]OptOut, len(found))
	for i, o := range found {
		all[i] = wireOptOut(o)
	}
	return all
}

func wireOptOut(o store.OptOut) OptOut {
	by := "owner"
	if o.Source == store.OptOutAPI || o.Source == store.OptOutOperator {
		by = "project"
	}
	return OptOut{PhoneNumber: o.Phone, By: by, Source: o.Source, CreatedAt: o.CreatedAt.UTC().Format(time.RFC3339)}
}
