package reaper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// write adds a row of each kind whose age began at the time given.
func write(t *testing.T, db *store.DB, at time.Time) {
	t.Helper()
	ctx := context.Background()
	err := db.Write(ctx, func(tx *store.Tx) error {
		id := ids.NewUUID(at).String()
		message := &store.Message{
			ID: "message-live-" + id, Status: store.MessageSent, Sealed: []byte{}, Deadline: at, CreatedAt: at,
		}
		tx.InsertMessage(message)
		waiting := *message
		waiting.ID, waiting.Status = "message-test-"+id, store.MessageQueued
		tx.InsertMessage(&waiting)
		tx.IssueCode(&store.Code{Owner: "member-" + id, Purpose: store.PurposeSMS, ExpiresAt: at})
		tx.InsertMagicLink(&store.MagicLink{ID: id, TokenHash: []byte{}, ExpiresAt: at})
		tx.InsertIntermediate(&store.Intermediate{ID: id, TokenHash: []byte{}, ExpiresAt: at})
		tx.InsertSession(&store.Session{ID: id, Random: []byte{}, ExpiresAt: at})
		tx.InsertAuditEvent(&store.AuditEvent{ID: id, Action: "sms.send", At: at})
		if _, err := tx.UseTrustedToken(ctx, "project", "profile", id, at); err != nil {
			return err
		}
		return tx.CountSends([]store.SendCounter{{Name: "a" + id, EndsAt: at}, {Name: "b" + id, EndsAt: at}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Of rows a minute younger and a minute older than each age, the older ones go. Messages that still wait stay.
func TestRound(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		start := db.Now()
		kept := map[store.Reapable]time.Duration{
			store.ReapCodes: day, store.ReapMagicLinks: day, store.ReapIntermediateSessions: day,
			store.ReapSendCounters: time.Hour, store.ReapMessages: 90 * day, store.ReapSessions: 30 * day,
			store.ReapAudit: 400 * day, store.ReapTrustedTokens: day,
		}
		var all []time.Duration
		for _, age := range kept {
			all = append(all, age-time.Minute, age+time.Minute)
		}
		slices.Sort(all)
		all = slices.Compact(all)
		for _, age := range all {
			write(t, db, start.Add(-age))
		}

		r := &Reaper{DB: db}
		if err := r.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := map[store.Reapable]int64{}
		for rows, age := range kept {
			n := int64(0)
			for _, a := range all {
				if a < age {
					n++
				}
			}
			want[rows] = n
			if rows == store.ReapSendCounters {
				want[rows] *= 2
			}
		}
		if diff := cmp.Diff(want, left(t, db)); diff != "" {
			t.Errorf("rows left (-want +got):\n%s", diff)
		}
	})
}

// left counts the rows of each kind by deleting them; messages that wait stay.
func left(t *testing.T, db *store.DB) map[store.Reapable]int64 {
	t.Helper()
	n := map[store.Reapable]int64{}
	for _, rows := range []store.Reapable{
		store.ReapCodes, store.ReapMagicLinks, store.ReapIntermediateSessions, store.ReapSendCounters, store.ReapMessages,
		store.ReapSessions, store.ReapAudit, store.ReapTrustedTokens,
	} {
		err := db.Write(t.Context(), func(tx *store.Tx) (err error) {
			n[rows], err = tx.Reap(t.Context(), rows, tx.Now().Add(time.Hour), 100000)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// A revoked session is as old as its revocation, however long it could have lived.
func TestRevokedSessions(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		writeTx := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		writeTx(func(tx *store.Tx) error {
			for id, member := range map[string]string{
				"one": "a", "other": "b", "spared": "b", "all": "c", "alive": "d", "address": "e", "elsewhere": "f",
			} {
				tx.InsertSession(&store.Session{
					ID: id, ProjectID: "p", MemberID: member, Random: []byte{}, ExpiresAt: tx.Now().Add(365 * day),
				})
			}
			_, _, here := tx.ClaimEmail(ctx, "here", "e", "eve@example.com", "email-1")
			_, _, there := tx.ClaimEmail(ctx, "there", "f", "eve@example.com", "email-2")
			return errors.Join(here, there)
		})
		writeTx(func(tx *store.Tx) error {
			tx.RevokeAddressSessions("p", "eve@example.com", "elsewhere")
			tx.RevokeOtherSessions("p", "b", "spared")
			_, one := tx.RevokeSession(ctx, "p", "one")
			_, all := tx.RevokeMemberSessions(ctx, "p", "c")
			return errors.Join(one, all)
		})

		r := &Reaper{DB: db}
		for _, step := range []struct {
			after time.Duration
			want  int64
		}{{30*day - time.Minute, 7}, {2 * time.Minute, 3}} {
			db.AdvanceClock(step.after)
			if err := r.Round(ctx); err != nil {
				t.Fatal(err)
			}
			var n int64
			undo := errors.New("undo")
			err := db.Write(ctx, func(tx *store.Tx) (err error) {
				if n, err = tx.Reap(ctx, store.ReapSessions, tx.Now().Add(500*day), 100); err != nil {
					return err
				}
				return undo // counting is all that this is for
			})
			if !errors.Is(err, undo) {
				t.Fatal(err)
			}
			if n != step.want {
				t.Errorf("%d sessions left, want %d", n, step.want)
			}
		}
	})
}

// A backlog is worked off in batches, and a negative age keeps everything.
func TestBacklog(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		at := db.Now().Add(-2 * day)
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			for i := range 2*batch + 1 {
				tx.IssueCode(&store.Code{Owner: fmt.Sprint("member-", i), Purpose: store.PurposeSMS, ExpiresAt: at})
			}
			tx.InsertMagicLink(&store.MagicLink{ID: "1", TokenHash: []byte{}, ExpiresAt: at})
			tx.InsertMessage(&store.Message{ID: "message-live-0", Status: store.MessageSent, CreatedAt: at.Add(-365 * day)})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r := &Reaper{DB: db, Ages: Ages{Messages: -1}}
		if err := r.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := left(t, db)
		if got[store.ReapCodes] != 0 || got[store.ReapMagicLinks] != 0 || got[store.ReapMessages] != 1 {
			t.Errorf("left: %v", got)
		}
	})
}
