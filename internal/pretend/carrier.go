package pretend

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// Carrier is a simulated provider of one channel: a sms.Sender.
type Carrier struct {
	name    string
	channel sms.Channel
	first   bool // of its channel
	s       *Service
}

// Name is the carrier's name, such as carrier_one.
func (c *Carrier) Name() string { return c.name }

// Channel is the way by which its messages reach people.
func (c *Carrier) Channel() sms.Channel { return c.channel }

// Check finds nothing wrong: there are no settings.
func (c *Carrier) Check() error { return nil }

// Send takes a text as the rules say. Every error is an *sms.Error.
func (c *Carrier) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	if !strings.HasPrefix(m.ID, ids.Message+"-"+string(ids.Test)+"-") {
		return sms.Result{}, &sms.Error{Class: sms.Permanent, Reason: "the simulator carries texts of test projects alone"}
	}
	id := "simulated-" + ids.NewUUID(c.s.db.Now()).String()
	var f fate
	err := c.s.db.Write(ctx, func(tx *store.Tx) (err error) {
		row, err := tx.Message(ctx, m.ID)
		if err != nil {
			return err
		}
		if f, err = meet(ctx, tx, row); err != nil {
			return err
		}
		f = f.at(c)
		if f.Fault != Down && f.Fault != Hang {
			c.take(tx, row, f, id, m.CallbackURL)
		}
		return nil
	})
	switch {
	case err != nil:
		return sms.Result{}, &sms.Error{Class: sms.Later, Reason: "the simulator could not note the text"}
	case f.Fault == Down:
		return sms.Result{}, &sms.Error{Class: sms.Later, Code: "503", Reason: "simulated: the carrier is down"}
	case f.Fault == Hang:
		<-ctx.Done()
		return sms.Result{}, &sms.Error{Class: sms.Later, Reason: "simulated: no answer in time"}
	}
	c.s.Wake()
	return sms.Result{ProviderID: id}, nil
}

// meet gives a text its fate: the one it has, or that of the newest rule that holds for it.
func meet(ctx context.Context, tx *store.Tx, m *store.Message) (fate, error) {
	steps, err := tx.PretendStepsBetween(ctx, m.ID, m.ID)
	if err != nil {
		return fate{}, err
	}
	var f fate
	for _, s := range steps[m.ID] {
		if s.What == store.PretendFault {
			return f, json.Unmarshal([]byte(s.Rule), &f)
		}
	}
	rules, err := tx.PretendRules(ctx)
	if err != nil {
		return f, err
	}
	for _, r := range rules {
		if !applies(&r, m.ProjectID, m.Recipient) {
			continue
		}
		if r.Remaining >= 0 {
			used, err := tx.UsePretendRule(ctx, r.ID)
			if err != nil {
				return f, err
			}
			if !used {
				continue
			}
		}
		f = fate{r.Fault, r.Carriers, r.Delay}
		step(tx, m, store.PretendFault, "", f.describe(), f.encode())
		return f, nil
	}
	return f, nil
}

func step(tx *store.Tx, m *store.Message, what, carrier, detail, rule string) {
	tx.AddPretendStep(&store.PretendStep{
		ID: ids.NewUUID(tx.Now()).String(), MessageID: m.ID, ProjectID: m.ProjectID, Recipient: m.Recipient, Carrier: carrier,
		What: what, Detail: detail, Rule: rule, At: tx.Now(),
	})
}

// The things to do later.
const (
	arrive       = "arrive"
	sayDelivered = "say_delivered"
	sayFailed    = "say_failed"
)

// take writes down what the carrier is going to do with a text that it takes.
func (c *Carrier) take(tx *store.Tx, m *store.Message, f fate, id, callback string) {
	due := store.PretendDue{
		MessageID: m.ID, ProjectID: m.ProjectID, Recipient: m.Recipient, Carrier: c.name, ProviderID: id, Callback: callback,
		At: tx.Now().Add(f.Delay),
	}
	do := func(what string) {
		next := due
		next.ID, next.What = ids.NewUUID(tx.Now()).String(), what
		tx.AddPretendDue(&next)
	}
	if f.Fault == Reorder {
		due.Held = true
		if f.Delay == 0 {
			due.At = tx.Now().Add(heldFor)
		}
	}
	if f.Fault != Drop && f.Fault != ReportedDelivered {
		do(arrive)
	}
	if f.Fault == Duplicate {
		do(arrive)
	}
	switch f.Fault {
	case Drop, NoReport:
	case ReportedFailed:
		do(sayFailed)
	default:
		do(sayDelivered)
	}
}

// report is what carriers post to the address of a text.
type report struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// keyHeader proves that a report is this process's own.
const keyHeader = "Thimble-Simulator-Key"

// Receipt reads a report of the simulator itself, which nobody else can make.
func (c *Carrier) Receipt(r *http.Request, _ string, body []byte) (sms.Receipt, error) {
	if !secret.Equal([]byte(r.Header.Get(keyHeader)), []byte(c.s.key)) {
		return sms.Receipt{}, sms.ErrBadSignature
	}
	var said report
	if err := json.Unmarshal(body, &said); err != nil {
		return sms.Receipt{}, errors.Join(sms.ErrBadReceipt, err)
	}
	switch said.Status {
	case sayDelivered:
		return sms.Receipt{ProviderID: said.ID, Status: sms.Delivered}, nil
	case sayFailed:
		return sms.Receipt{ProviderID: said.ID, Status: sms.Failed, Error: &sms.Error{
			Class: sms.OtherRoute, Reason: "simulated: the carrier says that the text is lost",
		}}, nil
	}
	return sms.Receipt{}, sms.ErrBadReceipt
}
