package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// inboundTexts stands for the message in the address to which a provider passes on what people text to its number.
const inboundTexts = "inbound"

// maxSaidID bounds the provider's id of such a text in bytes.
const maxSaidID = 200

// InboundAddress is where a provider passes on what people text to its number, for its console: "" for providers that
// have no way to do so.
func (s *Service) InboundAddress(provider string) string {
	if _, ok := s.sender(provider).(sms.Listener); !ok {
		return ""
	}
	return s.callbackURL(provider, inboundTexts)
}

// Hear takes what somebody texted to a provider's number. STOP keeps all texts of all projects from the number that it
// came from, START ends what STOP to the same provider began; all else, and what comes again, changes nothing. Nothing of
// the text is kept. mac comes from the path of the request, body is all of it. answer is the XML to be answered. The
// errors are those of Receipt.
func (s *Service) Hear(ctx context.Context, provider, mac string, r *http.Request, body []byte) (answer string, err error) {
	listener, ok := s.sender(provider).(sms.Listener)
	if !ok || !s.o.Keys.CheckMAC(macPurpose, provider+" "+inboundTexts, mac) {
		return "", ErrForged
	}
	all, err := hearAll(listener, r, s.givenOut(r, provider, inboundTexts, mac), body)
	if errors.Is(err, sms.ErrBadSignature) {
		return "", ErrForged
	}
	for _, heard := range all {
		// After an error all of them come again; those that were noted change nothing then.
		if err := s.hear(ctx, company(provider), heard); err != nil {
			return "", err
		}
		answer = heard.Answer
	}
	return answer, err
}

// hearAll reads all texts of a request.
func hearAll(listener sms.Listener, r *http.Request, address string, body []byte) ([]sms.Heard, error) {
	if crowd, ok := listener.(sms.Crowd); ok {
		return crowd.HeardAll(r, address, body)
	}
	heard, err := listener.Heard(r, address, body)
	if err != nil {
		return nil, err
	}
	return []sms.Heard{heard}, nil
}

// hear heeds one text. The error is sms.ErrBadReceipt, or one of the database.
func (s *Service) hear(ctx context.Context, company string, heard sms.Heard) error {
	if heard.Word == sms.NoWord {
		return nil
	}
	if heard.ID == "" || len(heard.ID) > maxSaidID || strings.ContainsFunc(heard.ID, unicode.IsControl) {
		return sms.ErrBadReceipt
	}
	number, err := phone.Parse(heard.From)
	if err != nil {
		return nil // a short code, or a name: we send nothing there
	}
	return s.heed(ctx, company, number, heard)
}

// company is the provider without its channel: people who stop or start one of its channels mean it, and the others are
// blocked or not by the same account.
func company(provider string) string {
	name, _, _ := strings.Cut(provider, "_")
	return name
}

// heed notes a STOP or a START.
func (s *Service) heed(ctx context.Context, company string, number phone.Number, heard sms.Heard) error {
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		note, action := tx.HearStop, "sms.stop"
		if heard.Word == sms.Start {
			note, action = tx.HearStart, "sms.start"
		}
		news, err := note(ctx, number.String(), company, heard.ID)
		if err == nil && news {
			audit.Record(tx, audit.Event{Action: action, Outcome: audit.Done, Details: map[string]string{"provider": company}})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("note what a number's owner wants: %w", err)
	}
	return nil
}
