package webhook

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/internal/sms"
)

// report is the body of a report on a text.
type report struct {
	// ID is our id of the message, as the call had it. The signature does not cover the address, this does.
	ID         string          `json:"id"`
	ProviderID string          `json:"provider_id"`
	Status     string          `json:"status"`
	Price      json.RawMessage `json:"price"`
	why
}

// statuses are the values of a report's status.
var statuses = map[string]sms.Status{"sent": sms.Sent, "delivered": sms.Delivered, "failed": sms.Failed}

// Receipt reads a report, which the program signs with the secret that it shares with us and posts to the
// text's callback URL. A call of ours that is sent back is no report: it has no provider id. A report that comes again
// says the same again, and one for another message's address is refused.
func (s *Sender) Receipt(r *http.Request, fullURL string, body []byte) (sms.Receipt, error) {
	if s.problems != nil || r.Method != http.MethodPost || !s.keys.Verify(r.Header, s.now(), body) {
		return sms.Receipt{}, sms.ErrBadSignature
	}
	var in report
	status, known := sms.Pending, false
	if json.Unmarshal(body, &in) == nil {
		status, known = statuses[in.Status]
	}
	if !known || in.ID == "" || !isID(in.ProviderID) {
		return sms.Receipt{}, sms.ErrBadReceipt
	}
	if !isFor(fullURL, in.ID) {
		return sms.Receipt{}, sms.ErrBadSignature
	}
	receipt := sms.Receipt{ProviderID: in.ProviderID, Status: status, Price: price(in.Price)}
	if status == sms.Failed {
		receipt.Error = in.error(&sms.Error{Class: sms.OtherRoute, Reason: "the message was not delivered"})
	}
	return receipt, nil
}

// isFor reports whether an address is that of a message: its id is a part of the path.
func isFor(address, id string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains(strings.Split(u.Path, "/"), id)
}
