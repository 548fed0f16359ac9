package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

const (
	stopped = "+12025550162"
	other   = "+12025550163"
	shop    = "project-live-1"
	portal  = "project-live-2"
)

// optOuts is the database of a test with what it asks again and again.
type optOuts struct {
	t  *testing.T
	db *store.DB
}

func (o optOuts) isOut(project, phone string) (is bool) {
	o.t.Helper()
	err := o.db.Read(o.t.Context(), func(tx *store.Tx) (err error) {
		is, err = tx.OptedOut(o.t.Context(), project, phone)()
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return is
}

// does runs something and compares what it reports.
func (o optOuts) does(what string, want bool, f func(tx *store.Tx) (bool, error)) {
	o.t.Helper()
	var got bool
	write(o.t, o.db, func(tx *store.Tx) (err error) {
		got, err = f(tx)
		return err
	})
	if got != want {
		o.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func (o optOuts) stop(provider, id string, want bool) {
	o.t.Helper()
	o.does("STOP "+id+" to "+provider, want, func(tx *store.Tx) (bool, error) {
		return tx.HearStop(o.t.Context(), stopped, provider, id)
	})
}

func (o optOuts) start(provider, id string, want bool) {
	o.t.Helper()
	o.does("START "+id+" to "+provider, want, func(tx *store.Tx) (bool, error) {
		return tx.HearStart(o.t.Context(), stopped, provider, id)
	})
}

func (o optOuts) wants(when string, out bool) {
	o.t.Helper()
	if got := o.isOut(shop, stopped); got != out {
		o.t.Errorf("%s: opted out is %v, want %v", when, got, out)
	}
}

func TestOptOut(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		o := optOuts{t, db}
		for _, news := range []bool{true, false} {
			o.does("note", news, func(tx *store.Tx) (bool, error) {
				return tx.InsertOptOut(t.Context(), shop, stopped, store.OptOutAPI)
			})
		}
		if !o.isOut(shop, stopped) || o.isOut(portal, stopped) || o.isOut(shop, other) {
			t.Error("an opt-out counts for one number in one project")
		}
		for _, there := range []bool{true, false} {
			o.does("take back", there, func(tx *store.Tx) (bool, error) { return tx.DeleteOptOut(t.Context(), shop, stopped) })
		}
		o.wants("taken back", false)
	})
}

// A STOP concerns all projects, is heard once, and is taken back by a START to the same provider alone.
func TestStops(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		o := optOuts{t, db}
		o.start("twilio", "M0", false)
		o.stop("twilio", "M1", true)
		if !o.isOut(shop, stopped) || !o.isOut(portal, stopped) || o.isOut(shop, other) {
			t.Error("a STOP counts for one number in all projects")
		}
		o.stop("twilio", "M1", false)
		o.stop("twilio", "M2", true) // once more, for it is another text
		o.start("telnyx", "M3", false)
		o.wants("START elsewhere", true)
		o.start("twilio", "M4", true)
		o.wants("START", false)
		for _, id := range []string{"M1", "M2", "M4"} {
			o.stop("twilio", id, false)
		}
		o.wants("the same STOPs again", false)
		o.stop("twilio", "M5", true)
		o.start("twilio", "M4", false)
		o.wants("the START before it again", true)

		o.stop("telnyx", "M6", true)
		o.start("twilio", "M7", true)
		o.wants("START to one of two", true)
		for _, there := range []bool{true, false} {
			o.does("the operator takes all back", there, func(tx *store.Tx) (bool, error) {
				return tx.EndStops(t.Context(), stopped)
			})
			o.wants("taken back", false)
		}
	})
}

// Who said what is told apart, and START takes back nothing that a project said.
func TestOptOutsOf(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		o := optOuts{t, db}
		note := func(project, phone string) {
			o.does("note", true, func(tx *store.Tx) (bool, error) {
				return tx.InsertOptOut(t.Context(), project, phone, store.OptOutOperator)
			})
		}
		note(shop, stopped)
		note(shop, other)
		note(portal, "+12025550164")
		o.stop("twilio", "M1", true)
		o.stop("telnyx", "M1", true) // ids are the provider's own
		o.stop("aws", "M1", true)
		o.start("aws", "M2", true)
		sources := func(f func(tx *store.Tx) ([]store.OptOut, error)) (all []string) {
			t.Helper()
			err := db.Read(t.Context(), func(tx *store.Tx) error {
				found, err := f(tx)
				all = nil
				for _, one := range found {
					all = append(all, one.Phone+" "+one.Source)
					if age := db.Now().Sub(one.CreatedAt); age < 0 || age > time.Minute {
						t.Errorf("noted at %v", one.CreatedAt)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		of := func(project, phone string) []string {
			return sources(func(tx *store.Tx) ([]store.OptOut, error) { return tx.OptOutsOf(t.Context(), project, phone) })
		}
		list := func(after string, limit int) []string {
			return sources(func(tx *store.Tx) ([]store.OptOut, error) { return tx.OptOuts(t.Context(), shop, after, limit) })
		}
		for name, c := range map[string]struct{ got, want []string }{
			"of the number":      {of(shop, stopped), []string{stopped + " operator", stopped + " telnyx", stopped + " twilio"}},
			"of another project": {of(portal, stopped), []string{stopped + " telnyx", stopped + " twilio"}},
			"of nobody":          {of(shop, "+12025550165"), nil},
			"all":                {list("", 10), []string{stopped + " operator", other + " operator"}},
			"the first":          {list("", 1), []string{stopped + " operator"}},
			"the next":           {list(stopped, 1), []string{other + " operator"}},
			"no more":            {list(other, 1), nil},
		} {
			if diff := cmp.Diff(c.want, c.got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		o.start("twilio", "M3", true)
		o.start("telnyx", "M3", true)
		o.wants("after both STARTs", true)
	})
}

// What is over is kept for a while against repetition, and then goes. What is in force stays.
func TestReapStops(t *testing.T) {
	t.Parallel()
	storetest.Engines(t, func(t *testing.T, db *store.DB) {
		o := optOuts{t, db}
		o.stop("twilio", "M1", true)
		o.start("twilio", "M2", true)
		o.stop("telnyx", "M3", true)
		reap := func(before time.Time) (n int64) {
			write(t, db, func(tx *store.Tx) (err error) {
				n, err = tx.Reap(t.Context(), store.ReapStops, before, 10)
				return err
			})
			return n
		}
		if n := reap(db.Now().Add(-time.Minute)); n != 0 {
			t.Errorf("%d young rows are gone", n)
		}
		if n := reap(db.Now().Add(time.Minute)); n != 2 {
			t.Errorf("%d rows are gone, want 2", n)
		}
		o.wants("after the reaper", true)
	})
}
