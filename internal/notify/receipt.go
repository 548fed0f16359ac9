package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/metric"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// CallbackPattern is where providers report what became of a message: the provider's name, our id of the message, and a
// MAC of both, so that nobody can ask about ids that we did not give out.
const CallbackPattern = "POST /callbacks/sms/{provider}/{message}/{mac}"

// macPurpose keeps MACs of callbacks apart from others of the same key.
const macPurpose = "message callback"

// allMessages stands for the message in the address of a provider that reports on all of them at one.
const allMessages = "all"

// ReportAddress is where such a provider reports, for its console: "" for providers that are told with each message.
func (s *Service) ReportAddress(provider string) string {
	if _, ok := s.sender(provider).(sms.Reporter); !ok {
		return ""
	}
	return s.callbackURL(provider, allMessages)
}

// maxReceipt bounds the body of a report in bytes.
const maxReceipt = 64 << 10

// ErrForged means that a report does not come from a provider that we gave the message to. The answer to it is 403.
var ErrForged = errors.New("notify: the report is not the provider's")

// callbackURL is where the provider reports on the message.
func (s *Service) callbackURL(provider, id string) string {
	if s.o.PublicURL == "" {
		return ""
	}
	return s.o.PublicURL + "/callbacks/sms/" + provider + "/" + id + "/" + s.o.Keys.MAC(macPurpose, provider+" "+id)
}

// Receipt takes a provider's report on a message. provider, id and mac come from the path of the request, body is all
// of it. A report that comes again, or after a later one, is taken and changes nothing. The errors are ErrForged,
// sms.ErrBadReceipt and those of the database, after which the provider may try again.
func (s *Service) Receipt(ctx context.Context, provider, id, mac string, r *http.Request, body []byte) error {
	sender := s.sender(provider)
	if sender == nil || !s.o.Keys.CheckMAC(macPurpose, provider+" "+id, mac) {
		return ErrForged
	}
	if reporter, ok := sender.(sms.Reporter); ok && id == allMessages {
		reports, err := reporter.Report(r, body)
		if errors.Is(err, sms.ErrBadSignature) {
			return ErrForged
		}
		for _, one := range reports {
			// After an error all of them come again; those that were taken change nothing then.
			if err := s.hear(ctx, company(provider), one.Heard); err != nil {
				return err
			}
			if one.ID == "" || !s.carries(provider, one.ID) {
				continue // not a message of this server's provider
			}
			if err := s.receive(ctx, provider, one.ID, one.Receipt); err != nil {
				return err
			}
		}
		return err
	}
	if !s.carries(provider, id) {
		return ErrForged
	}
	receipt, err := sender.Receipt(r, s.givenOut(r, provider, id, mac), body)
	if errors.Is(err, sms.ErrBadSignature) {
		return ErrForged
	}
	if err != nil {
		return err
	}
	return s.receive(ctx, provider, id, receipt)
}

// givenOut is the address that the request came to as we gave it out, not what the request says about itself: proxies and
// liars change that.
func (s *Service) givenOut(r *http.Request, provider, id, mac string) string {
	address := s.o.PublicURL + "/callbacks/sms/" + provider + "/" + id + "/" + mac
	if r.URL.RawQuery != "" {
		address += "?" + r.URL.RawQuery
	}
	return address
}

// reported are the outcomes of reports, as metrics call them.
var reported = map[string]string{
	store.MessageSent: metric.Sent, store.MessageDelivered: metric.Delivered, store.MessageUndelivered: metric.Undelivered,
}

func (s *Service) receive(ctx context.Context, provider, id string, r sms.Receipt) error {
	return s.receiveOf(ctx, provider, r, func(*store.Tx) (string, error) { return id, nil })
}

// receiveOf takes a report on the message that of names inside the transaction: "" for none that is known.
func (s *Service) receiveOf(
	ctx context.Context, provider string, r sms.Receipt, of func(tx *store.Tx) (id string, err error),
) error {
	if r.Status == sms.Pending {
		return nil // what it may say of a price comes again with the end
	}
	if h := s.health[provider]; h != nil && r.Status != sms.Sent {
		h.reported(r.Status == sms.Delivered)
	}
	return s.take(ctx, provider, r, of)
}

// take is receiveOf for a report that was counted before.
func (s *Service) take(
	ctx context.Context, provider string, r sms.Receipt, of func(tx *store.Tx) (id string, err error),
) error {
	var done applied
	err := s.o.DB.Write(ctx, func(tx *store.Tx) error {
		done = applied{}
		id, err := of(tx)
		if err == nil && id != "" {
			done, err = s.apply(ctx, tx, provider, id, r)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("receive a report: %w", err)
	}
	if done.news {
		status, _ := statusOf(r)
		s.o.Metrics.Received(reported[status], done.country, provider)
	}
	if again := done.again; again != nil {
		s.o.Metrics.Received(metric.Undelivered, again.Country, provider)
		s.o.Metrics.Again(metric.QueueTexts, metric.Lost)
		s.texts.Hand(&job{m: again, round: []string{provider}, lost: reason(r.Error)})
	}
	return nil
}

// statusOf gives what a report makes of a message, and why.
func statusOf(r sms.Receipt) (status, why string) {
	switch r.Status {
	case sms.Delivered:
		return store.MessageDelivered, ""
	case sms.Failed:
		if r.Error != nil {
			why = reason(r.Error)
		}
		return store.MessageUndelivered, why
	}
	return store.MessageSent, ""
}

// applied is what a report has changed.
type applied struct {
	again   *store.Message // is lost, and queued for another provider now
	news    bool
	country string
}

// apply notes what a report says of a message.
func (s *Service) apply(
	ctx context.Context, tx *store.Tx, provider, id string, r sms.Receipt,
) (done applied, err error) {
	if r.Price.Currency != "" { // before another provider has it
		tx.MessagePrice(id, provider, r.Price.Micros, r.Price.Currency, s.inUSD(r.Price))
	}
	if done.again, err = s.claimLost(ctx, tx, provider, id, r); err != nil || done.again != nil {
		return done, err
	}
	status, why := statusOf(r)
	of, news, err := tx.ReceiveReceipt(ctx, id, provider, r.ProviderID, status, why)
	if err == nil && news && status != store.MessageSent {
		err = s.tellOfReport(ctx, tx, of.ProjectID, id, status, why)
	}
	done.news, done.country = news, of.Country
	if news && r.Error != nil && r.Error.Class == sms.OptedOut {
		tx.OptOutRecipient(id, company(provider))
	}
	return done, err
}

// claimLost queues a message that its provider took and lost again, for the next provider, while its code is worth it.
func (s *Service) claimLost(
	ctx context.Context, tx *store.Tx, provider, id string, r sms.Receipt,
) (*store.Message, error) {
	if r.Status != sms.Failed || r.Error == nil || r.Error.Class == sms.Permanent || r.Error.Class == sms.OptedOut {
		return nil, nil
	}
	m, err := tx.Message(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || len(m.Sealed) == 0 {
		return nil, err
	}
	c, err := s.open(m)
	if err != nil {
		return nil, err
	}
	next, ok := s.second(s.legsOf(m, &c), provider)
	if !ok {
		return nil, nil
	}
	price, ok, err := s.affordable(ctx, tx, m, next)
	if err != nil || !ok {
		return nil, err
	}
	now := tx.Now()
	m, err = tx.ClaimLost(ctx, id, provider, next, reason(r.Error), s.node, now.Add(lease), now.Add(worthRerouting))
	if err != nil || m == nil {
		return nil, err
	}
	tx.ReserveAgain(m, price)
	tx.AddAttempt(store.Attempt{
		MessageID: id, N: m.Attempts, Provider: provider, Class: r.Error.Class.String(), Code: r.Error.Code, Reason: r.Error.Reason,
	})
	return m, nil
}

// TakeReport answers providers at CallbackPattern: 200 for what was taken, also for the second time. It fails with
// errs.InvalidCallbackSignature for what is not from them, errs.BadRequest for what cannot be read, and
// errs.ServerUnavailable when it should come again.
func (s *Service) TakeReport(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReceipt))
	if err != nil {
		return unreadable.Because(err)
	}
	answer, provider, id, mac := "", r.PathValue("provider"), r.PathValue("message"), r.PathValue("mac")
	if id == inboundTexts {
		answer, err = s.Hear(r.Context(), provider, mac, r, body)
	} else {
		err = s.Receipt(r.Context(), provider, id, mac, r, body)
	}
	switch {
	case err == nil:
		w.Header().Set("Cache-Control", "no-store")
		if answer != "" {
			w.Header().Set("Content-Type", "text/xml")
		}
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, answer)
		return nil
	case errors.Is(err, ErrForged):
		return errs.InvalidCallbackSignature
	case errors.Is(err, sms.ErrBadReceipt):
		return unreadable.Because(err)
	}
	return errs.ServerUnavailable.Because(err)
}

var unreadable = errs.BadRequest.Saying("The body is no report on a message.")
