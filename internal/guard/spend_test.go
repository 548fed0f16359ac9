package guard_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// What is reserved becomes what the provider asks for, on the day it was reserved, and nothing where nobody took the
// text.
func TestCorrections(t *testing.T) {
	t.Parallel()
	storetest.EnginesAt(t, midday, func(t *testing.T, db *store.DB) {
		l := newTill(t, db, ids.Live, store.BudgetSettings{
			"project": 1_000_000, "country/US": 1_000_000, "organization/*": 1_000_000,
		})
		day := store.Day(db.Now())
		check := func(what string, want int64) {
			t.Helper()
			l.settle()
			for scope, got := range l.spentOn(day) {
				if got != [2]int64{want, want} {
					t.Errorf("%s: %s spent %v, want %d", what, scope, got, want)
				}
			}
		}
		_, m := l.send(american, false)
		check("reserved", 15_000)
		sent := store.Handover{Provider: "twilio", ProviderID: "SM1", Segments: 2, Cost: 30_000}
		for range 2 { // outcomes may be written twice
			l.write(func(tx *store.Tx) error { tx.MessageSent(m.ID, sent); return nil })
		}
		check("two segments", 30_000)
		asks := func(provider string, micros int64, currency string, cost int64) {
			l.write(func(tx *store.Tx) error { tx.MessagePrice(m.ID, provider, micros, currency, cost); return nil })
		}
		asks("vonage", 500_000, "USD", 500_000)
		check("a price of another provider", 30_000)
		asks("twilio", 9_000, "XXX", -1)
		check("a price in a currency without a rate", 30_000)
		db.AdvanceClock(24 * time.Hour)
		asks("twilio", 17_000, "USD", 17_000)
		asks("twilio", 17_000, "USD", 17_000)
		check("the price, a day later", 17_000)
		if got := l.spent(); len(got) != 0 {
			t.Errorf("the next day has %v", got)
		}

		// A price may come before the answer, which names none.
		day = store.Day(db.Now())
		_, m = l.send(american, false)
		asks("twilio", 11_000, "USD", 11_000)
		l.write(func(tx *store.Tx) error { tx.MessageSent(m.ID, sent); return nil })
		check("the price before the answer", 11_000)

		_, m = l.send(american, false)
		check("another", 26_000)
		l.write(func(tx *store.Tx) error { tx.MessageFailed(m.ID, "me", "no"); return nil })
		check("failed", 11_000)
		l.write(func(tx *store.Tx) error {
			_, _, err := tx.ReceiveReceipt(t.Context(), m.ID, "twilio", "SM2", store.MessageDelivered, "")
			return err
		})
		check("arrived after all", 26_000)

		_, m = l.send(american, false)
		_, other := l.send(american, false)
		check("two more", 56_000)
		db.AdvanceClock(3 * time.Minute)
		l.write(func(tx *store.Tx) error {
			return tx.RenewLeases(t.Context(), "me", tx.Now(), []string{m.ID}, func(string) { t.Error("it may leave") })
		})
		l.write(func(tx *store.Tx) error { _, err := tx.ExpireMessages(t.Context(), 10); return err })
		check("expired", 26_000)
		l.write(func(tx *store.Tx) error { tx.MessageSent(other.ID, sent); return nil })
		check("taken although it was late", 56_000)
	})
}

// A text that is lost goes another way only while there is money, and what it cost so far stays spent.
func TestSecondTexts(t *testing.T) {
	t.Parallel()
	storetest.EnginesAt(t, midday, func(t *testing.T, db *store.DB) {
		l := newTill(t, db, ids.Live, store.BudgetSettings{"project": 50_000})
		again := func(m *store.Message, price int64) (ok bool) {
			l.write(func(tx *store.Tx) (err error) {
				if ok, err = tx.MayReserveAgain(t.Context(), m, price); ok {
					tx.ReserveAgain(m, price)
				}
				return err
			})
			return ok
		}
		_, m := l.send(american, true)
		if !again(m, 20_000) {
			t.Error("no second text where 35,000 are left")
		}
		if got := l.spent()["project"][0]; got != 35_000 {
			t.Errorf("spent %d after the second text, want 35,000", got)
		}
		if again(m, 15_001) {
			t.Error("a third text beyond the budget")
		}
		l.write(func(tx *store.Tx) error { tx.GiveBackSecond(m.ID, "me"); return nil })
		l.settle()
		if got := l.spent()["project"][0]; got != 15_000 {
			t.Errorf("spent %d after nobody took the second text, want 15,000", got)
		}

		// The guard itself, behind the look.
		err := db.Write(t.Context(), func(tx *store.Tx) error { tx.ReserveAgain(m, 35_001); return nil })
		if !errors.Is(err, store.ErrChanged) {
			t.Errorf("reserved beyond the budget: %v", err)
		}
	})
}

// What is reported is what messages cost, whether they are summed yet or not.
func TestSpend(t *testing.T) {
	t.Parallel()
	storetest.EnginesAt(t, midday, func(t *testing.T, db *store.DB) {
		l := newTill(t, db, ids.Live, nil)
		stranger := newTill(t, db, ids.Live, nil)
		stranger.send(american, true)
		_, m := l.send(american, true)
		l.send(american, true)
		l.write(func(tx *store.Tx) error {
			tx.MessageSent(m.ID, store.Handover{Provider: "twilio", Price: 8_000, Currency: "USD", Cost: 8_000})
			return nil
		})
		_, lost := l.send(british, true)
		l.write(func(tx *store.Tx) error { tx.MessageFailed(lost.ID, "me", "no"); return nil })
		l.send(british, true, func(s *guard.Send) { s.Organization = &store.Organization{ID: "organization-live-2"} })

		check := func(what string, today bool) {
			t.Helper()
			r, err := l.Spend(t.Context(), l.p)
			if err != nil {
				t.Fatal(err)
			}
			all := map[string]guard.Amount{"": r.Total.Days}
			for _, l := range append(r.Country, r.Organization...) {
				all[l.Name] = l.Days
			}
			want := map[string]guard.Amount{
				"":                    {Texts: 3, Reserved: 75_000, Confirmed: 8_000},
				"US":                  {Texts: 2, Reserved: 15_000, Confirmed: 8_000},
				"GB":                  {Texts: 1, Reserved: 60_000},
				"organization-live-1": {Texts: 2, Reserved: 15_000, Confirmed: 8_000},
				"organization-live-2": {Texts: 1, Reserved: 60_000},
			}
			if diff := cmp.Diff(want, all); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
			if today != (r.Total.Today == r.Total.Days) || !today && r.Total.Today != (guard.Amount{}) {
				t.Errorf("%s: today %+v", what, r.Total.Today)
			}
			if r.Country[0].Name != "GB" || len(r.PerDay) != 1 || r.PerDay[0].Name != "2026-11-22" {
				t.Errorf("%s: in the order %+v, days %+v", what, r.Country, r.PerDay)
			}
		}
		check("at once", true)
		l.settle()
		check("before it is summed", true)
		db.AdvanceClock(4 * time.Hour)
		l.settle()
		l.settle()
		check("summed", true)
		db.AdvanceClock(20 * time.Hour)
		l.settle()
		check("on the next day", false)
		db.AdvanceClock(29 * 24 * time.Hour)
		l.settle()
		if r, err := l.Spend(t.Context(), l.p); err != nil || r.Total != (guard.Line{}) {
			t.Errorf("after 30 days: %+v, %v", r.Total, err)
		}
	})
}
