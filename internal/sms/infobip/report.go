package infobip

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms"
)

// state is a status or an error, as answers and reports have them
// (https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes, read 2026-11-23). Their
// descriptions are dropped unread.
type state struct {
	Group     int    `json:"groupId"`
	Name      string `json:"name"`
	Permanent bool   `json:"permanent"`
}

// The groups of statuses, and the group of errors that are the handset's.
const (
	pending       = 1
	undeliverable = 2
	delivered     = 3
	expired       = 4
	rejected      = 5

	handsetErrors = 1
)

// status tells what a status says: 0 is one that is not known.
func (s *state) status() sms.Status {
	switch {
	case s.Name == "EXPIRED_DLR_UNKNOWN", s.Name == "PENDING_ENROUTE", s.Name == "PENDING_WAITING_DELIVERY":
		return sms.Sent // it is with the carrier, and what became of it is not known
	case s.Group == delivered:
		return sms.Delivered
	case s.Group == undeliverable, s.Group == expired, s.Group == rejected:
		return sms.Failed
	}
	return sms.Pending
}

// failure gives the error of a message that failed with a status, and with an error if there is one. The error says more
// than the status where it is known.
func (s *state) failure(why *state) *sms.Error {
	e := sms.NotDelivered()
	if isName(s.Name) {
		meanings.Explain(e, s.Name)
	}
	if s.Group == expired {
		e.Class, e.Reason = sms.Permanent, "the message expired before it was delivered"
	}
	if why == nil || why.Group == 0 || !isName(why.Name) {
		return e
	}
	if why.Group == handsetErrors && s.Group == undeliverable {
		e.Class, e.Reason = sms.Later, "the handset cannot be reached"
		if why.Permanent {
			e.Class, e.Reason = sms.Permanent, "the recipient's number takes no texts"
		}
	}
	return meanings.Explain(e, why.Name)
}

// isName reports whether a text is a name of a status or an error, which hold nothing of the message.
func isName(text string) bool {
	return len(text) > 3 && len(text) <= 64 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// report is one of the results of a report's body
// (https://www.infobip.com/docs/api/channels/sms/logs-and-status-reports/receive-outbound-sms-message-report-v3, read
// 2026-11-23).
type report struct {
	ID     string `json:"messageId"`
	Ours   string `json:"callbackData"`
	Status *state `json:"status"`
	Error  *state `json:"error"`
	Count  int    `json:"messageCount"`
	Price  struct {
		// PerMessage is for one of the parts that Count counts.
		PerMessage float64 `json:"pricePerMessage"`
		Currency   string  `json:"currency"`
	} `json:"price"`
}

func (r *report) receipt() (sms.Receipt, bool) {
	if r.ID == "" || r.Status == nil || r.Status.Group < pending || r.Status.Group > rejected {
		return sms.Receipt{}, false
	}
	receipt := sms.Receipt{ProviderID: r.ID, Status: r.Status.status()}
	if receipt.Status == sms.Failed {
		receipt.Error = r.Status.failure(r.Error)
	}
	whole := r.Price.PerMessage * float64(max(r.Count, 1))
	receipt.Price = sms.ParsePrice(strconv.FormatFloat(whole, 'f', 6, 64), r.Price.Currency)
	return receipt, true
}

// Report reads what Infobip posts to the address of a subscription to the event DELIVERY, up to a hundred reports at once
// unless the subscription says otherwise. It is believed for its credentials: it is not signed.
func (s *Sender) Report(r *http.Request, body []byte) ([]sms.Reported, error) {
	results, err := results[report](s, r, body)
	if err != nil {
		return nil, err
	}
	reports := make([]sms.Reported, len(results))
	for i := range results {
		receipt, ok := results[i].receipt()
		if !ok {
			return nil, sms.ErrBadReceipt
		}
		reports[i] = sms.Reported{ID: results[i].Ours, Receipt: receipt}
	}
	return reports, nil
}

// Receipt reads a request with one report, as Report does.
func (s *Sender) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	reports, err := s.Report(r, body)
	if err != nil {
		return sms.Receipt{}, err
	}
	if len(reports) != 1 {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	return reports[0].Receipt, nil
}

// results gives those of a request that came with the right credentials.
func results[T any](s *Sender, r *http.Request, body []byte) ([]T, error) {
	if r.Method != http.MethodPost || s.Check() != nil || !s.Knows(r) {
		return nil, sms.ErrBadSignature
	}
	var in struct {
		Results []T `json:"results"`
	}
	if json.Unmarshal(body, &in) != nil || len(in.Results) == 0 {
		return nil, sms.ErrBadReceipt
	}
	return in.Results, nil
}

// inbound is one of the results of a body with texts that came in (SmsMoReportResponse of the OpenAPI document).
type inbound struct {
	ID   string  `json:"messageId"`
	From string  `json:"from"`
	Text *string `json:"text"`
	// Status is there in reports, which come to another address.
	Status *state `json:"status"`
}

// HeardAll reads what Infobip posts to the address of a subscription to incoming texts, as Report reads reports.
func (s *Sender) HeardAll(r *http.Request, _ string, body []byte) ([]sms.Heard, error) {
	results, err := results[inbound](s, r, body)
	if err != nil {
		return nil, err
	}
	heard := make([]sms.Heard, len(results))
	for i, in := range results {
		if in.ID == "" || in.From == "" || in.Status != nil || in.Text == nil {
			return nil, sms.ErrBadReceipt
		}
		heard[i] = sms.Heard{ID: in.ID, From: "+" + plain(in.From), Word: sms.ReadWord(*in.Text)}
	}
	return heard, nil
}

// Heard reads a request with one text, as HeardAll does.
func (s *Sender) Heard(r *http.Request, fullURL string, body []byte) (sms.Heard, error) {
	heard, err := s.HeardAll(r, fullURL, body)
	if err != nil {
		return sms.Heard{}, err
	}
	if len(heard) != 1 {
		return sms.Heard{}, sms.ErrBadReceipt
	}
	return heard[0], nil
}
