package learn_test

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/learn"
	"github.com/thimble-auth/thimble/internal/notify"
	"github.com/thimble-auth/thimble/internal/secret"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/vonage"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
	"github.com/thimble-auth/thimble/test/vendors"
)

// fate is what becomes of a text.
type fate struct {
	provider, country    string
	env                  ids.Env
	taken, arrived, used bool
	refusedBy            string // another provider, before
}

// taker gives the ids by which a provider knows texts.
type taker func() string

func anyID() string { return ids.New(ids.Message, ids.Live, time.Now()) }

// texts writes texts with their fates.
func texts(t *testing.T, db *store.DB, n int, f fate, taken taker) []string {
	t.Helper()
	var told []string
	given := make([]string, n)
	for i := range given {
		given[i] = taken()
	}
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		told = nil
		now := tx.Now()
		for _, id := range given {
			m := &store.Message{
				ID: ids.New(ids.Message, f.env, now), ProjectID: "p", Channel: store.ChannelSMS, Kind: store.KindSMSOTP,
				Recipient: "+12025550123", Country: f.country, Status: store.MessageQueued, Provider: f.provider, Deadline: now,
				CreatedAt: now, UpdatedAt: now,
			}
			tx.InsertMessage(m)
			if f.refusedBy != "" {
				tx.AddAttempt(store.Attempt{MessageID: m.ID, N: 1, Provider: f.refusedBy, Class: sms.Later.String()})
			}
			if f.taken {
				tx.MessageSent(m.ID, store.Handover{Provider: f.provider, ProviderID: id})
			}
			if f.used {
				tx.MessageRedeemed(m.ID)
				told = append(told, id)
			}
			if f.arrived {
				if _, _, err := tx.ReceiveReceipt(t.Context(), m.ID, f.provider, id, store.MessageDelivered, ""); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

func look(t *testing.T, services ...*learn.Service) {
	t.Helper()
	var wg sync.WaitGroup
	for _, s := range services {
		wg.Go(func() {
			if err := s.Look(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Every text is counted once, whoever looks and how often, some minutes after it left.
func TestResults(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		one, two := learn.New(db, nil, slog.New(slog.DiscardHandler)), learn.New(db, nil, slog.New(slog.DiscardHandler))
		look(t, one, two)
		wants := func(want ...store.ProviderResult) {
			t.Helper()
			got, err := learn.Results(t.Context(), db, db.Now().Add(-24*time.Hour))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%v, results (-want +got):\n%s", err, diff)
			}
		}
		write := func() {
			texts(t, db, 3, fate{"a", "US", ids.Live, true, true, true, ""}, anyID)
			texts(t, db, 2, fate{"a", "US", ids.Live, true, true, false, ""}, anyID)
			texts(t, db, 1, fate{"a", "US", ids.Live, true, false, true, ""}, anyID) // whose report never came
			texts(t, db, 4, fate{"b", "US", ids.Live, true, false, false, "a"}, anyID)
			texts(t, db, 5, fate{"b", "US", ids.Live, false, false, false, ""}, anyID) // never handed over
			texts(t, db, 6, fate{"b", "CA", ids.Live, true, false, false, ""}, anyID)
			texts(t, db, 7, fate{"b", "CA", ids.Test, true, false, true, ""}, anyID)
		}
		write()
		db.AdvanceClock(4 * time.Minute)
		look(t, one, two)
		wants()
		db.AdvanceClock(3 * time.Minute)
		for range 3 {
			look(t, one, two)
		}
		once := []store.ProviderResult{
			{Provider: "a", Country: "US", Taken: 6, Missed: 4, Delivered: 6, Redeemed: 4},
			{Provider: "b", Country: "CA", Taken: 6},
			{Provider: "b", Country: "US", Taken: 4},
		}
		wants(once...)
		write()
		db.AdvanceClock(3 * time.Hour) // asleep
		look(t, one, two)
		for i := range once {
			r := &once[i]
			r.Taken, r.Missed, r.Delivered, r.Redeemed = 2*r.Taken, 2*r.Missed, 2*r.Delivered, 2*r.Redeemed
		}
		wants(once...)
		db.AdvanceClock(30 * time.Hour)
		look(t, one)
		wants()
	})
}

// The provider whose codes are used comes first, also before one of which little is known; small differences and few
// texts change nothing; one text in twenty goes elsewhere.
func TestPrefer(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		s := learn.New(db, nil, slog.New(slog.DiscardHandler))
		look(t, s)
		serve := func(provider, country string, used, lost int) {
			texts(t, db, used, fate{provider, country, ids.Live, true, true, true, ""}, anyID)
			texts(t, db, lost, fate{provider, country, ids.Live, true, false, false, ""}, anyID)
		}
		serve("a", "US", 20, 180)
		serve("b", "US", 170, 30)
		serve("a", "CA", 168, 32)
		serve("b", "CA", 170, 30)
		serve("a", "DE", 0, 3)
		serve("b", "DE", 3, 0)
		serve("a", "JM", 0, 100)
		db.AdvanceClock(7 * time.Minute)
		look(t, s)
		for country, want := range map[string]string{
			"US": "b c a", "CA": "a b c", "DE": "a b c", "JM": "b c a", "GB": "a b c",
		} {
			senders := []sms.Sender{named{name: "a"}, named{name: "b"}, named{name: "c"}}
			s.Prefer(country, senders)
			if got := fmt.Sprintf("%s %s %s", senders[0].Name(), senders[1].Name(), senders[2].Name()); got != want {
				t.Errorf("%s: %s, want %s", country, got, want)
			}
		}
		begins := [3]int{}
		for range 20000 {
			begins[s.Begin(3)]++
		}
		if s.Begin(1) != 0 || begins[1] < 350 || begins[2] < 350 || begins[1]+begins[2] > 1200 {
			t.Errorf("of 20000 texts %v begin with each", begins)
		}
	})
}

// named is a provider that is asked for nothing but its name.
type named struct {
	sms.Sender
	name string
}

func (n named) Name() string { return n.name }

// Providers that want to know are told once of each code that was used, and of no other.
func TestTell(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		fake := vendors.NewVonage()
		sender := vonage.New(vonage.Config{
			ApplicationID: vendors.VonageApplication, PrivateKey: secret.String(fake.PrivateKey()), APIKey: vendors.VonageAPIKey,
			APISecret: vendors.VonageAPISecret, SignatureSecret: vendors.VonageSignature, From: vendors.VonageFrom,
			HTTP: httpx.New(httpx.Options{Transport: fake.RoundTripper()}), Now: time.Now,
		})
		routes := []notify.SMSRoute{{Sender: sender}}
		one, two := learn.New(db, routes, slog.New(slog.DiscardHandler)), learn.New(db, routes, slog.New(slog.DiscardHandler))
		look(t, one)
		sent := func() string {
			r, err := sender.Send(t.Context(), sms.Message{To: "+12025550123", Body: "123456", ValidFor: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			return r.ProviderID
		}
		want := texts(t, db, 9, fate{"vonage", "US", ids.Live, true, true, true, ""}, sent)
		texts(t, db, 5, fate{"vonage", "US", ids.Live, true, true, false, ""}, sent)
		texts(t, db, 5, fate{"twilio", "US", ids.Live, true, true, true, ""}, sent)
		texts(t, db, 5, fate{"vonage", "US", ids.Test, true, true, true, ""}, sent)
		db.AdvanceClock(7 * time.Minute)
		look(t, one, two)
		look(t, two)
		got := fake.Redeemed()
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}
