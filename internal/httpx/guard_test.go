package httpx

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a server of names: it gives the addresses of the next turn, and those of the last one ever after.
type names struct {
	mu    sync.Mutex
	turns [][]string
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go n.serve(far)
		return near, nil
	}}
}

// serve answers one connection in the form for streams: messages with their length before them (RFC 1035 §4.2.2).
func (n *names) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(query); err != nil {
			return
		}
		m.Response = true
		if m.Questions[0].Type == dnsmessage.TypeA {
			m.Answers = n.answers(m.Questions[0].Name)
		}
		m.Additionals = nil
		packed, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
			return
		}
	}
}

func (n *names) answers(name dnsmessage.Name) []dnsmessage.Resource {
	n.mu.Lock()
	defer n.mu.Unlock()
	turn := n.turns[0]
	if len(n.turns) > 1 {
		n.turns = n.turns[1:]
	}
	var answers []dnsmessage.Resource
	for _, address := range turn {
		answers = append(answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.AResource{A: netip.MustParseAddr(address).As4()},
		})
	}
	return answers
}

// spellings gives the ways to write an IPv4 address that some software or other understands.
func spellings(text string) []string {
	a := netip.MustParseAddr(text).As4()
	n := binary.BigEndian.Uint32(a[:])
	high, low := binary.BigEndian.Uint16(a[:2]), binary.BigEndian.Uint16(a[2:])
	wide := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, text)
	return []string{
		text, text + ".", fmt.Sprint(n), fmt.Sprintf("0x%x", n), fmt.Sprintf("0X%X", n), fmt.Sprintf("0%o", n),
		fmt.Sprintf("0x%02x.0x%02x.0x%02x.0x%02x", a[0], a[1], a[2], a[3]),
		fmt.Sprintf("0%o.0%o.0%o.0%o", a[0], a[1], a[2], a[3]), fmt.Sprintf("%03d.%03d.%03d.%03d", a[0], a[1], a[2], a[3]),
		fmt.Sprintf("%d.%d", a[0], n&0xffffff), fmt.Sprintf("%d.%d.%d", a[0], a[1], low),
		fmt.Sprintf("0x%x.%d", a[0], n&0xffffff),
		strings.ReplaceAll(text, ".", "%2e"), strings.ReplaceAll(text, ".", "。"), wide, url.PathEscape(wide),
		fmt.Sprintf("[::ffff:%s]", text), fmt.Sprintf("[::ffff:%x:%x]", high, low),
		fmt.Sprintf("[0:0:0:0:0:FFFF:%X:%X]", high, low),
		fmt.Sprintf("[::%s]", text), fmt.Sprintf("[::ffff:0:%s]", text), fmt.Sprintf("[64:ff9b::%s]", text),
		fmt.Sprintf("[64:ff9b:1::%x:%x]", high, low), fmt.Sprintf("[2002:%x:%x::]", high, low),
		fmt.Sprintf("[2001:0:%x:%x::1]", high, low), fmt.Sprintf("[::ffff:%s%%25lo]", text), "user@" + text,
	}
}

// TestSpellings calls addresses that are not public in every spelling. Names of all kinds, and what no parser knows for
// an address, lead to this machine: whatever a resolver makes of a spelling, the guard looks at the outcome.
func TestSpellings(t *testing.T) {
	t.Parallel()
	var hosts []string
	for _, address := range []string{
		"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1",
	} {
		hosts = append(hosts, spellings(address)...)
	}
	hosts = append(hosts,
		"localhost", "LOCALHOST", "localhost.", "a.localhost", "ｌｏｃａｌｈｏｓｔ", "localhost.localdomain",
		"metadata.google.internal",
		"127.0.0.1.names.example", "innocent.example", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::1%25lo]",
		"[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[ff02::1]", "[100::1]", "①②⑦.⓪.⓪.①",
	)
	var connections atomic.Int64
	port := listen(t, "0.0.0.0:0", &connections, nil)
	refused := 0
	client := New(Options{resolver: (&names{turns: [][]string{{"127.0.0.1"}}}).resolver()})
	for _, host := range hosts {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+":"+port+"/", nil)
		if err != nil {
			continue // It is no URL, and nothing was called.
		}
		var unknown *net.DNSError // Names of digits alone are not even looked up.
		res, err := client.Do(req)
		switch {
		case err == nil:
			_ = res.Body.Close()
			t.Errorf("%s: answered %s", host, res.Status)
		case errors.Is(err, ErrAddress):
			refused++
		case !errors.As(err, &unknown):
			t.Errorf("%s: %v, want %v", host, err, ErrAddress)
		}
	}
	if refused < 120 {
		t.Errorf("the guard refused %d of %d spellings, want at least 120", refused, len(hosts))
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections came, want none", n)
	}
}

// listen serves on an address of this machine, counts the connections and gives the port.
func listen(t *testing.T, address string, connections *atomic.Int64, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestRebinding: a name that leads to a public address when it is looked at and to a private one when it is called, one
// that leads to both, and a public server that sends callers on to a private one. For this test 127.0.0.2 is public.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var public, private atomic.Int64
	var location string
	port := listen(t, "127.0.0.2:0", &public, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, location, http.StatusTemporaryRedirect)
	}))
	listen(t, "127.0.0.1:"+port, &private, nil)
	location = "http://127.0.0.1:" + port + "/"

	names := &names{turns: [][]string{
		{"127.0.0.2"}, {"127.0.0.1"}, {"127.0.0.1", "127.0.0.2"}, {"127.0.0.2", "127.0.0.1"}, {"10.0.0.1", "127.0.0.1"},
	}}
	client := New(Options{resolver: names.resolver(), public: func(a netip.Addr) bool {
		return a == netip.AddrFrom4([4]byte{127, 0, 0, 2})
	}})
	for turn, ok := range []bool{true, false, true, true, false, false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://turncoat.example:"+port+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		switch {
		case err != nil && (ok || !errors.Is(err, ErrAddress)):
			t.Errorf("turn %d: %v", turn, err)
		case err == nil && (!ok || res.StatusCode != http.StatusTemporaryRedirect):
			t.Errorf("turn %d: answered %s", turn, res.Status)
		}
		if err == nil {
			_ = res.Body.Close()
		}
		client.CloseIdle() // The next call looks the name up again.
	}
	if public.Load() != 3 || private.Load() != 0 {
		t.Errorf("%d calls of the public server and %d of the private one, want 3 and 0", public.Load(), private.Load())
	}
}
