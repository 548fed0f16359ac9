package durable

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
	"github.com/thimble-auth/thimble/test/vendors"
	"github.com/thimble-auth/thimble/test/world"
)

// siege is a project whose people are sent codes all the time, whatever becomes of the server.
type siege struct {
	url     string
	project *world.Client
	people  []*besieged
	carrier slowCarrier
	// free are people for whom a code may be asked: none of theirs is on its way.
	free chan *besieged

	now        atomic.Pointer[target]
	unanswered atomic.Int64

	// At each kill that counts; and how many did not count.
	inFlight, atCarrier []int64
	quiet               int
}

// target is a server process that callers ask. The next one is there when it is closed.
type target struct {
	base string // "": there will be no more
	next chan struct{}
}

// besieged is a member whose number is texted.
type besieged struct {
	organization, member, number string

	mu           sync.Mutex
	asked        int // how many codes were asked for
	acknowledged []acknowledgement
	asking       bool
	owed         bool // a code was promised that the carrier has not seen
	seen         bool // the carrier saw a text since the last question
}

// acknowledgement is an answer of 200 to the n-th question.
type acknowledgement struct {
	n  int
	id string // of the request
}

func newSiege(t *testing.T, url string) *siege {
	t.Helper()
	s := &siege{url: url, people: make([]*besieged, population), free: make(chan *besieged, population)}
	byNumber := map[string]*besieged{}
	t.Run("prepare", func(t *testing.T) { // the server ends with its test
		w := world.Open(t, url, sqldb.Options{})
		s.project = w.NewProject(t, ids.Live)
		organization := s.project.NewOrganization(t, "Acme")
		var all sync.WaitGroup
		for i := range s.people {
			who := &besieged{organization: organization, number: fmt.Sprintf("+1202555%04d", i)}
			s.people[i], byNumber[who.number] = who, who
			s.free <- who
			all.Go(func() { who.member = s.project.NewMember(t, organization, fmt.Sprintf("member%d@example.com", i)) })
		}
		all.Wait()
	})
	if t.Failed() {
		t.FailNow()
	}
	s.carrier = slowCarrier{handovers: map[string][]int{}, arrived: func(number string) { s.arrived(byNumber[number]) }}
	s.now.Store(&target{next: make(chan struct{})})
	return s
}

// goOn sends all callers to another server.
func (s *siege) goOn(base string) {
	old := s.now.Swap(&target{base: base, next: make(chan struct{})})
	close(old.next)
}

// end sends all callers home.
func (s *siege) end() { s.goOn("") }

// besiege has callers ask for codes until the end. A caller whose server is gone waits for the next one.
func (s *siege) besiege(t *testing.T) *sync.WaitGroup {
	var all sync.WaitGroup
	transport := &http.Transport{MaxIdleConnsPerHost: besieging, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	first := s.now.Load()
	for range besieging {
		all.Go(func() {
			<-first.next
			for at := s.now.Load(); at.base != ""; at = s.now.Load() {
				if s.ask(t, transport, at.base) {
					continue
				}
				<-at.next
			}
		})
	}
	return &all
}

// ask asks for one code and tells whether there was an answer.
func (s *siege) ask(t *testing.T, transport http.RoundTripper, base string) bool {
	who := <-s.free
	who.mu.Lock()
	who.asked++
	who.asking, who.owed, who.seen = true, false, false
	n := who.asked
	who.mu.Unlock()

	s.unanswered.Add(1)
	status, request, err := s.send(t.Context(), transport, base, who)
	s.unanswered.Add(-1)
	if err == nil && status != http.StatusOK {
		t.Errorf("a code was refused with %d", status)
	}

	who.mu.Lock()
	who.asking = false
	if err == nil && status == http.StatusOK {
		who.acknowledged = append(who.acknowledged, acknowledgement{n, request})
		who.owed = !who.seen
	}
	owed := who.owed
	who.mu.Unlock()
	if !owed {
		s.free <- who
	}
	return err == nil
}

func (s *siege) send(
	ctx context.Context, transport http.RoundTripper, base string, who *besieged,
) (status int, request string, err error) {
	body, err := json.Marshal(world.J{
		"organization_id": who.organization, "member_id": who.member, "mfa_phone_number": who.number,
	})
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+world.SendSMS, strings.NewReader(string(body)))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(s.project.ID, s.project.Secret)
	res, err := transport.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		RequestID string `json:"request_id"`
	}
	err = json.NewDecoder(res.Body).Decode(&answer)
	return res.StatusCode, answer.RequestID, err
}

// arrived is told about a text at the carrier.
func (s *siege) arrived(who *besieged) {
	who.mu.Lock()
	who.seen = true
	freed := who.owed && !who.asking
	who.owed = who.owed && !freed
	who.mu.Unlock()
	if freed {
		s.free <- who
	}
}

// slowCarrier takes its time over each text, and notes by which server process each message was handed over.
type slowCarrier struct {
	underWay atomic.Int64
	arrived  func(number string)

	mu        sync.Mutex
	handovers map[string][]int // by our id of the message
}

// listen gives one process an address of its own: what it wrote before its end may be read after the next one began.
func (c *slowCarrier) listen(t *testing.T, process int) (url string) {
	t.Helper()
	fake := vendors.NewTwilio()
	fake.Forget = true
	fake.Behave(vendors.Slow(200 * time.Millisecond))
	fake.OnText = func(text vendors.Text) { c.take(text, process) }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			c.underWay.Add(1)
			defer c.underWay.Add(-1)
			fake.ServeHTTP(w, r)
		})}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + ln.Addr().String()
}

func (c *slowCarrier) take(text vendors.Text, process int) {
	_, rest, _ := strings.Cut(text.Callback, "/callbacks/sms/twilio/")
	id, _, _ := strings.Cut(rest, "/")
	c.mu.Lock()
	c.handovers[id] = append(c.handovers[id], process)
	c.mu.Unlock()
	c.arrived(text.To)
}
