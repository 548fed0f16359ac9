package notify

import (
	"context"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/price"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/test/vendors"
)

// priced is a provider that says what it asks for: in its answers, and in its reports.
type priced struct {
	sms.Sender
	name           string
	answer, report sms.Price
}

func (p priced) Name() string { return p.name }

func (p priced) Send(ctx context.Context, m sms.Message) (sms.Result, error) {
	result, err := p.Sender.Send(ctx, m)
	result.Price = p.answer
	return result, err
}

func (p priced) Receipt(r *http.Request, url string, body []byte) (sms.Receipt, error) {
	receipt, err := p.Sender.Receipt(r, url, body)
	receipt.Price = p.report
	return receipt, err
}

// What a text costs in the end: the first provider is taken to ask for 0.015, the second one for 0.02.
func TestCosts(t *testing.T) {
	t.Parallel()
	prices, err := price.Parse(strings.NewReader("second,US,0.02,USD\nrate,EUR,1.1,USD"))
	if err != nil {
		t.Fatal(err)
	}
	usd := func(micros int64) sms.Price { return sms.Price{Micros: micros, Currency: "USD"} }
	tests := []struct {
		name   string
		first  priced
		second priced
		report string
		budget int64
		down   string // who takes nothing
		want   int64
		texts  int // of the second provider
	}{
		{name: "nobody says", report: "delivered", want: 15_000},
		{name: "an answer says", first: priced{answer: usd(9_000)}, report: "delivered", want: 9_000},
		{name: "a report says", first: priced{report: usd(8_000)}, report: "delivered", want: 8_000},
		{
			name: "in euros", first: priced{report: sms.Price{Micros: 10_000, Currency: "EUR"}},
			report: "delivered", want: 11_000,
		},
		{
			name: "in a currency without a rate", first: priced{report: sms.Price{Micros: 1, Currency: "JPY"}},
			report: "delivered", want: 15_000,
		},
		{name: "lost", report: "undelivered", want: 35_000, texts: 1},
		{
			name: "lost, and each says", first: priced{report: usd(7_000)}, second: priced{answer: usd(18_000)},
			report: "undelivered", want: 25_000, texts: 1,
		},
		{name: "never reported on", want: 35_000, texts: 1},
		{name: "lost, and no money left", report: "undelivered", budget: 34_999, want: 15_000},
		{name: "never reported on, and no money left", budget: 34_999, want: 15_000},
		{name: "lost, and just enough", report: "undelivered", budget: 35_000, want: 35_000, texts: 1},
		{name: "never reported on, and nobody else", down: "second", want: 15_000},
		{name: "the first one refuses", down: "first", want: 20_000, texts: 1},
		{name: "nobody takes it", down: "first second"},
	}
	inWorlds(t, func(w *world) {
		for _, test := range tests {
			w.in(test.name, func() {
				other := vendors.NewTwilio()
				for who, fake := range map[string]*vendors.Twilio{"first": w.twilio, "second": other} {
					if strings.Contains(test.down, who) {
						fake.Behave(vendors.Broken())
					}
				}
				test.first.Sender, test.first.name = w.sender(w.twilio), "twilio"
				test.second.Sender, test.second.name = w.sender(other), "second"
				n := w.node(func(o *Options) {
					o.SMS, o.Prices = []SMSRoute{{Sender: test.first}, {Sender: test.second}}, prices
				})
				stop := n.run()
				budget := &store.Budget{Most: test.budget, MostUnverified: math.MaxInt64}
				if test.budget == 0 {
					budget.Most = math.MaxInt64
				}
				m := n.write(liveProject, "member-live-"+test.name, "+12025550162", func(tx *store.Tx, m *store.Message) {
					m.Reserved, m.Budgets = 15_000, store.InProject|store.InOrganization|store.Unverified
					budget.ProjectID, budget.Day, budget.Scope, budget.Name = m.ProjectID, store.Day(tx.Now()), store.ScopeProject, ""
					m.OrganizationID = test.name
					organization := *budget
					organization.Scope, organization.Name, organization.Most = store.ScopeOrganization, test.name, math.MaxInt64
					tx.Reserve(&organization, m.Reserved, true)
					budget.Most = most(tx, n, budget)
					tx.Reserve(budget, m.Reserved, true)
				})
				n.Hand(t.Context(), m)
				before := n.spent(budget.BudgetKey) - 15_000
				time.Sleep(time.Second)
				synctest.Wait()
				if test.report != "" {
					for range 2 {
						n.report(w.twilio.Callback(w.twilio.Texts()[0], test.report, map[string]int{"undelivered": 30003}[test.report]))
					}
				}
				time.Sleep(4 * time.Minute)
				synctest.Wait()
				stop()
				n.drain(time.Second)
				n.settle()
				if got := n.spent(budget.BudgetKey) - before; got != test.want {
					w.t.Errorf("the project spent %d, want %d", got, test.want)
				}
				key := store.BudgetKey{ProjectID: m.ProjectID, Day: budget.Day, Scope: store.ScopeOrganization, Name: test.name}
				if got := n.spent(key); got != test.want {
					w.t.Errorf("the organization spent %d, want %d", got, test.want)
				}
				row := n.row(m.ID)
				if got := row.Earlier + max(row.Reserved, 0); got != test.want {
					w.t.Errorf("the message cost %d, want %d", got, test.want)
				}
				if got := other.Taken(); got != test.texts {
					w.t.Errorf("the second provider took %d texts, want %d", got, test.texts)
				}
			})
		}
	})
}

// most makes a budget as large as it is for a fresh one, on top of what the cases before have spent.
func most(tx *store.Tx, n *node, b *store.Budget) int64 {
	n.w.t.Helper()
	if b.Most == math.MaxInt64 {
		return b.Most
	}
	all, err := tx.BudgetsOf(context.Background(), b.ProjectID, b.Day)
	n.w.check(err)
	for _, one := range all {
		if one.BudgetKey == b.BudgetKey {
			return b.Most + one.Spent
		}
	}
	return b.Most
}

// spent gives what was spent of a budget.
func (n *node) spent(k store.BudgetKey) (micros int64) {
	n.w.t.Helper()
	n.w.check(n.o.DB.Read(context.Background(), func(tx *store.Tx) error {
		b, err := tx.AskBudget(context.Background(), k)()
		micros = b.Spent
		return err
	}))
	return micros
}

func (n *node) settle() {
	n.w.t.Helper()
	n.w.check(n.o.DB.Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.SettleOwed(context.Background(), 100)
		return err
	}))
}
