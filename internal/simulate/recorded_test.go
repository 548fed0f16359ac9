package simulate_test

import (
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/internal/challenge"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/org"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/server"
	"github.com/thimble-auth/thimble/internal/server/servertest"
	"github.com/thimble-auth/thimble/internal/simulate"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/internal/store"
	"github.com/thimble-auth/thimble/internal/store/storetest"
)

// recorded is a server whose clock stands where the test puts it, and whose test project refuses as a live one would.
type recorded struct {
	*servertest.World
	clock atomic.Int64
	org   *store.Organization
}

func (r *recorded) now() time.Time { return time.UnixMicro(r.clock.Load()) }

func (r *recorded) wait(d time.Duration) { r.clock.Add(d.Microseconds()) }

// onEngines runs a test with a server on each engine.
func onEngines(t *testing.T, limits map[string]int64, test func(r *recorded)) {
	storetest.URLs(t, func(t *testing.T, url string) {
		r := &recorded{}
		r.clock.Store(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).UnixMicro())
		r.World = servertest.Open(t, server.Options{DatabaseURL: url, Database: sqldb.Options{Clock: r.now}})
		r.Project.Settings.EnforceLimits, r.Project.Settings.Limits = true, limits
		r.org = r.NewOrganization(org.Changes{Name: "Firm"})
		test(r)
	})
}

func (r *recorded) member(address string) *store.Member {
	return r.NewMember(r.org, member.New{Email: address})
}

// ask has a member ask for a code, and gives the request's id.
func (r *recorded) ask(m *store.Member, number string) (requestID string, refusal *errs.Error) {
	r.T.Helper()
	r.wait(time.Millisecond) // identifiers of one moment are in order by one clock alone, and here is another of each test
	n, err := phone.Parse(number)
	r.Check(err)
	requestID = ids.New(ids.Request, r.Project.Env, r.now())
	r.Check(r.DB.Write(r.T.Context(), func(tx *store.Tx) (err error) {
		refusal, err = r.API.SMS.Challenge.Start(r.T.Context(), tx, challenge.Request{
			Project: r.Project, Organization: r.org, Member: m, Number: n, Link: m.Phone == "", RequestID: requestID,
		})
		return err
	}))
	return requestID, refusal
}

// use has the code of a request used.
func (r *recorded) use(m *store.Member, requestID string) {
	r.T.Helper()
	r.Check(r.DB.Write(r.T.Context(), func(tx *store.Tx) error {
		messages, _, err := tx.OfRequest(r.T.Context(), requestID)
		if err != nil || len(messages) != 1 {
			return err
		}
		tx.MessageRedeemed(messages[0].ID)
		r.API.SMS.Guard.Redeemed(tx, guard.Send{
			Project: r.Project, Organization: r.org, Member: m, Number: phone.Stored(m.Phone).Placed(), Verified: m.PhoneVerified,
		})
		return nil
	}))
	m.PhoneVerified = true
}

func (r *recorded) replay(limits map[string]int64) *simulate.Preview {
	r.T.Helper()
	settings := r.Project.Settings
	settings.Limits = limits
	p, err := simulate.Replay(r.T.Context(), simulate.Recorded{
		DB: r.DB, Keys: r.Keys, Project: r.Project, Settings: settings, Days: 2,
	})
	r.Check(err)
	return p
}

// A day of forty members who ask, are refused, use codes and come back is decided again as it was.
func TestSamePolicySameDecisions(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{"prefix_hour": 6, "member_10m": 2, "number_day": 4}
	onEngines(t, limits, func(r *recorded) {
		rnd := rand.New(rand.NewPCG(1, 2))
		var members []*store.Member
		var numbers []string
		for i := range 40 {
			members = append(members, r.member(strings.Repeat("a", i+1)+"@firm.example"))
			numbers = append(numbers, "+120255501"+string(rune('0'+i/10))+string(rune('0'+i%10)))
		}
		sent, refused := map[string]int64{}, map[string]int64{}
		for range 160 {
			r.wait(time.Duration(rnd.Int64N(int64(8 * time.Minute))))
			i := rnd.IntN(len(members))
			id, refusal := r.ask(members[i], numbers[i])
			if refusal != nil {
				refused["all"]++
				continue
			}
			sent["all"]++
			if r.wait(15 * time.Second); rnd.Float64() < 0.6 {
				r.use(members[i], id)
			}
		}
		r.wait(time.Minute)
		before := storetest.Read(t, r.DB)

		p := r.replay(limits)
		if p.Texts != sent["all"] || p.Refused != refused["all"] || p.Refused < 10 {
			t.Errorf("%d texts and %d refusals were read, want %d and %d", p.Texts, p.Refused, sent["all"], refused["all"])
		}
		if p.More+p.Fewer+p.Unreadable != 0 || p.WouldText != p.Texts || !strings.Contains(p.Text(), "Nothing would have been") {
			t.Errorf("the same policy decides otherwise:\n%s", p.Text())
		}
		for _, rule := range p.Rules {
			if rule.Refused != rule.WouldRefuse {
				t.Errorf("%s refused %d, and would refuse %d", rule.Rule, rule.Refused, rule.WouldRefuse)
			}
		}
		if diff := cmp.Diff(before, storetest.Read(t, r.DB)); diff != "" {
			t.Errorf("a replay changes the database: %s", diff)
		}
	})
}

// Five strangers of one prefix within an hour, of whom three get a text and two use it.
func TestChangedPolicyShowsTheDifference(t *testing.T) {
	t.Parallel()
	onEngines(t, map[string]int64{"prefix_hour": 3}, func(r *recorded) {
		var requests []string
		for i, number := range []string{"+12025550101", "+12025550102", "+12025550103", "+12025550104", "+12025550105"} {
			m := r.member(string(rune('a'+i)) + "@firm.example")
			r.wait(time.Minute)
			id, refusal := r.ask(m, number)
			if (refusal != nil) != (i >= 3) {
				t.Fatalf("request %d: %v", i, refusal)
			}
			requests = append(requests, id)
			if r.wait(10 * time.Second); i < 2 {
				r.use(m, id)
			}
		}
		r.wait(time.Hour)

		stricter := r.replay(map[string]int64{"prefix_hour": 1})
		if stricter.Fewer != 2 || stricter.More != 0 || stricter.LoginsRefused != 1 || stricter.FewerMicros != 30_000 ||
			stricter.WouldRefuse != 4 {
			t.Errorf("stricter:\n%s", stricter.Text())
		}
		wantExample(t, stricter, requests[1], "fewer", true)
		wantExample(t, stricter, requests[2], "fewer", false)
		if d := stricter.PerDay; len(d) != 1 || d[0].Day != "2026-11-20" || d[0].Fewer != 2 || d[0].Logins != 1 {
			t.Errorf("%+v", d)
		}

		looser := r.replay(map[string]int64{"prefix_hour": 4})
		if looser.More != 1 || looser.Fewer != 0 || looser.MoreMicros != 15_000 || looser.WouldRefuse != 1 {
			t.Errorf("looser:\n%s", looser.Text())
		}
		wantExample(t, looser, requests[3], "more", false)
	})
}

func wantExample(t *testing.T, p *simulate.Preview, requestID, change string, used bool) {
	t.Helper()
	for _, e := range p.Examples {
		if e.RequestID == requestID {
			if e.Change != change || e.Used != used || e.Rule != "prefix_hour" {
				t.Errorf("%+v, want text %s, code used %t", e, change, used)
			}
			return
		}
	}
	t.Errorf("%s is no example of\n%s", requestID, p.Text())
}

// What a refusal remembers is enough to find the member's own texts again, after a rotation of the keys, too.
func TestRefusalsOfANumberFollowItsTexts(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{"number_10m": 1, "member_10m": -1, "member_10s": -1}
	onEngines(t, limits, func(r *recorded) {
		a := r.member("a@firm.example")
		for range 2 {
			if _, refusal := r.ask(a, "+12025550101"); refusal != nil {
				t.Fatal(refusal)
			}
			if _, refusal := r.ask(a, "+12025550101"); refusal == nil {
				t.Fatal("a second text in ten minutes")
			}
			r.Check(r.Keys.Rotate(t.Context()))
			r.wait(time.Hour)
			r.Check(r.Keys.Reload(t.Context()))
		}
		events := storetest.Read(t, r.DB).Events
		hashes := map[string]bool{}
		for _, e := range events {
			if refusal, ok := challenge.ReadRefusal(e.Details); ok {
				hashes[refusal.Number] = true
				if strings.Contains(e.Details, "0101") || refusal.Prefix != "1202555" || refusal.Verified {
					t.Errorf("%s", e.Details)
				}
			}
		}
		if len(hashes) != 2 {
			t.Errorf("%d hashes, want one for each key", len(hashes))
		}
		if p := r.replay(limits); p.Refused != 2 || p.More+p.Fewer != 0 {
			t.Errorf("%s", p.Text())
		}
	})
}

// Colleagues who verified a number long ago vouch for a prefix, as they did.
func TestColleaguesAreReplayed(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{"cold_prefix": 1, "cold_prefix_burst": 1}
	onEngines(t, limits, func(r *recorded) {
		old := r.member("a@firm.example")
		r.Check(r.DB.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.LinkPhone(t.Context(), old.ID, "", "+12025550101", "phone"); err != nil {
				return err
			}
			old.Phone = "+12025550101"
			done, err := tx.CompletePhone(t.Context(), old, store.Enrol, true)
			if !done {
				t.Error("not verified")
			}
			return err
		}))
		r.wait(100 * 24 * time.Hour)
		for i, number := range []string{"+12025550102", "+12025550103", "+12025550104"} {
			if _, refusal := r.ask(r.member(string(rune('b'+i))+"@firm.example"), number); refusal != nil {
				t.Fatalf("request %d: %v", i, refusal)
			}
			r.wait(time.Minute)
		}
		if p := r.replay(limits); p.Texts != 3 || p.More+p.Fewer != 0 {
			t.Errorf("%s", p.Text())
		}
	})
}

// What was put on the safe list passes from then on, as it did.
func TestSafeListIsReplayed(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{"cold_prefix": 1, "cold_prefix_burst": 1}
	onEngines(t, limits, func(r *recorded) {
		first, second := r.member("a@firm.example"), r.member("b@firm.example")
		if _, refusal := r.ask(first, "+12025550101"); refusal != nil {
			t.Fatal(refusal)
		}
		r.wait(time.Minute)
		if _, refusal := r.ask(second, "+12025550102"); refusal == nil {
			t.Fatal("a second text to a cold prefix")
		}
		r.wait(time.Minute)
		r.Check(r.DB.Write(t.Context(), func(tx *store.Tx) error {
			tx.PutSafe(&store.SafeEntry{
				ID: "safe", ProjectID: r.Project.ID, Value: "+1202555", Reason: "a test", CreatedAt: tx.Now(),
				ExpiresAt: tx.Now().Add(24 * time.Hour),
			})
			return nil
		}))
		r.wait(time.Minute)
		if _, refusal := r.ask(second, "+12025550102"); refusal != nil {
			t.Fatal(refusal)
		}
		r.wait(time.Minute)
		if p := r.replay(limits); p.Texts != 2 || p.Refused != 1 || p.More+p.Fewer != 0 {
			t.Errorf("%s", p.Text())
		}
	})
}

// Refusals that no policy changes stay, and what was recorded too badly is left out.
func TestWhatIsNotDecidedAgain(t *testing.T) {
	t.Parallel()
	onEngines(t, nil, func(r *recorded) {
		m := r.member("a@firm.example")
		r.Check(r.DB.Write(t.Context(), func(tx *store.Tx) error {
			tx.InsertAuditEvent(&store.AuditEvent{
				ID: ids.NewUUID(r.now()).String(), ProjectID: r.Project.ID, OrganizationID: r.org.ID, MemberID: m.ID,
				Action: challenge.Action, Outcome: "refused", Details: `{"rule":"prefix_hour","country":"US"}`, At: r.now(),
			})
			return nil
		}))
		r.wait(time.Minute)
		m.MFAFailuresTotal = 1000 // disabled
		if _, refusal := r.ask(m, "+12025550101"); refusal == nil {
			t.Fatal("a locked member gets a text")
		}
		r.wait(time.Minute)
		if p := r.replay(nil); p.OtherRules != 1 || p.Unreadable != 1 || p.Refused+p.Texts != 0 {
			t.Errorf("%s", p.Text())
		}
	})
}

func TestReplayRefusesWhatMeansNothing(t *testing.T) {
	t.Parallel()
	for _, days := range []int{0, -1, 91} {
		_, err := simulate.Replay(t.Context(), simulate.Recorded{Days: days})
		if err == nil || !strings.Contains(err.Error(), "the days must be from 1 to 90") {
			t.Errorf("%d days: %v", days, err)
		}
	}
}
