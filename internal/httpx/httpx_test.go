package httpx_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/test/vendors"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "100.63.255.255": true, "100.128.0.0": true, "172.15.0.1": true,
		"172.32.0.1": true, "192.0.1.1": true, "198.17.0.1": true, "198.20.0.1": true, "223.255.255.255": true,
		"2606:4700::1111": true, "2a00:1450::1": true, "::ffff:8.8.8.8": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "100.64.0.1": false, "100.127.255.255": false,
		"127.0.0.1": false, "127.255.0.1": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.0.0.8": false, "192.0.2.1": false, "192.88.99.1": false, "192.168.1.1": false, "198.18.0.1": false,
		"198.19.255.255": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "240.0.0.1": false,
		"255.255.255.255": false,

		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::7f00:1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::808:808": false, "64:ff9b:1::a00:1": false, "100::1": false,
		"2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "5f00::1": false,
		"fc00::1": false, "fd12::1": false, "fe80::1": false, "fec0::1": false, "ff02::1": false,
		"2a00:1450::1%eth0": false,
	} {
		if got := httpx.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("Public(%s) = %v, want %v", address, got, want)
		}
	}
	if httpx.Public(netip.Addr{}) {
		t.Error("no address is a public one")
	}
}

// server runs over a real socket: the guard is about real addresses.
func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, c *httpx.Client, address string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(req)
}

// failure calls an address that must not answer.
func failure(t *testing.T, c *httpx.Client, address string) error {
	t.Helper()
	res, err := get(t, c, address)
	if err == nil {
		_ = res.Body.Close()
	}
	return err
}

func TestGuard(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	s := server(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]

	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		err := failure(t, httpx.New(httpx.Options{}), "http://"+host+port+"/secret-path")
		if !errors.Is(err, httpx.ErrAddress) || httpx.Reason(err) != "the address is not a public one" {
			t.Errorf("%s: %v, want %v", host, err, httpx.ErrAddress)
		}
		if err != nil && strings.Contains(err.Error(), "secret-path") {
			t.Errorf("%s: the error shows the URL: %v", host, err)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("the server was called %d times", n)
	}

	res, err := get(t, httpx.New(httpx.Options{AllowPrivate: true}), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

func TestRequestIsOurs(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://proxy.invalid:1")
	var agents []string
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		agents = r.Header["User-Agent"]
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	c := httpx.New(httpx.Options{AllowPrivate: true})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	req.Header.Set("User-Agent", "somebody else")
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("status %d: the redirect was followed", res.StatusCode)
	}
	if len(agents) != 1 || agents[0] != "Thimble" {
		t.Errorf("User-Agent = %q, want Thimble", agents)
	}
	if req.Header.Get("User-Agent") != "somebody else" {
		t.Error("the caller's request was changed")
	}
}

func TestAnswerIsCapped(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		size    int
		chunked bool
		ok      bool
	}{
		"fits": {100, false, true}, "fits in chunks": {100, true, true},
		"long": {101, false, false}, "long in chunks": {101, true, false}, "endless": {1 << 20, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.chunked {
					w.(http.Flusher).Flush()
				}
				_, _ = w.Write(make([]byte, tt.size))
			})
			var n int
			res, err := get(t, httpx.New(httpx.Options{AllowPrivate: true, MaxBody: 100}), s.URL)
			if err == nil {
				var b []byte
				b, err = io.ReadAll(res.Body)
				n = len(b)
				_ = res.Body.Close()
			}
			if tt.ok && (err != nil || n != tt.size) || !tt.ok && !errors.Is(err, httpx.ErrTooLarge) {
				t.Errorf("read %d bytes, %v", n, err)
			}
		})
	}
}

// TestConnectionsAreKept: a caller that reads an answer only in part, as JSON decoders do, does not cost a connection.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = w.Write([]byte(`{"a":1}` + strings.Repeat(" ", 100)))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := httpx.New(httpx.Options{AllowPrivate: true})
	for range 20 {
		res, err := get(t, c, s.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = res.Body.Read(make([]byte, 3))
		_ = res.Body.Close()
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for 20 calls, want 1", n)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options httpx.Options
		handler http.HandlerFunc
		want    time.Duration
	}{
		"before the answer": {httpx.Options{}, func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, 5 * time.Second},
		"within the answer": {httpx.Options{Timeout: 3 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := vendors.NewListener()
				s := &http.Server{Handler: tt.handler}
				go func() { _ = s.Serve(l) }()
				defer func() { _ = s.Close() }()
				tt.options.Dial = l.Dial
				c := httpx.New(tt.options)
				defer c.CloseIdle()

				began := time.Now()
				res, err := get(t, c, "http://provider.test/")
				if err == nil {
					_, err = io.ReadAll(res.Body)
					_ = res.Body.Close()
				}
				if took := time.Since(began); took != tt.want {
					t.Errorf("took %v, want %v", took, tt.want)
				}
				if httpx.Reason(err) != "no answer in time" {
					t.Errorf("Reason(%v) = %q", err, httpx.Reason(err))
				}
			})
		})
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	secured := httptest.NewTLSServer(http.NotFoundHandler())
	defer secured.Close()
	secured.Config.ErrorLog = nil
	ended, cancel := context.WithCancel(t.Context())
	cancel()

	c := httpx.New(httpx.Options{AllowPrivate: true})
	for address, want := range map[string]string{
		"http://" + l.Addr().String(): "the connection was refused",
		secured.URL:                   "the server's certificate or TLS was not accepted",
	} {
		if err := failure(t, c, address); httpx.Reason(err) != want {
			t.Errorf("%s: Reason(%v) = %q, want %q", address, err, httpx.Reason(err), want)
		}
	}
	req, _ := http.NewRequestWithContext(ended, http.MethodGet, secured.URL, nil)
	res, err := c.Do(req)
	if err == nil {
		_ = res.Body.Close()
	}
	if httpx.Reason(err) != "the call was given up" {
		t.Errorf("Reason(%v) = %q", err, httpx.Reason(err))
	}
	for err, want := range map[error]string{
		&net.DNSError{IsNotFound: true, Name: "secret.example"}: "the host name is not known",
		&net.DNSError{IsTimeout: true}:                          "the host name could not be looked up",
		errors.New("secret"):                                    "the connection failed",
	} {
		if got := httpx.Reason(err); got != want {
			t.Errorf("Reason(%v) = %q, want %q", err, got, want)
		}
	}
	if got := httpx.Reason(nil); got != "" {
		t.Errorf("Reason(nil) = %q", got)
	}
}
