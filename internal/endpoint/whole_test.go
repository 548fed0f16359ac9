package endpoint

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// counted counts how often the connections of a listener are written to.
type counted struct {
	net.Listener
	writes *atomic.Int64
}

func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countedConn{c, l.writes}, err
}

type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countedConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// serveSizes answers /n with n bytes as answer does, through SendWhole.
func serveSizes(t *testing.T) (url string, writes *atomic.Int64) {
	t.Helper()
	writes = new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Content-Length", strconv.Itoa(n))
		holdBack(r.Context())
		_, _ = io.WriteString(w, strings.Repeat("x", n))
	}))
	s.Listener = SendWhole(s.Config, counted{s.Listener, writes})
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, writes
}

func TestAnswersLeaveWhole(t *testing.T) {
	t.Parallel()
	url, writes := serveSizes(t)
	client := &http.Client{}
	for _, n := range []int{0, 1, 2048, 3900, 3970, 3980, 3990, 4000, 4096, 8192, 40_000} {
		writes.Store(0)
		if got := get(t, client, fmt.Sprintf("%s/%d", url, n)); got != n {
			t.Errorf("of %d bytes %d came", n, got)
		}
		if made := writes.Load(); made != 1 {
			t.Errorf("%d bytes were written %d times, want once", n, made)
		}
	}
	if got := get(t, client, url+"/200000"); got != 200_000 {
		t.Errorf("of an answer that is too large to be held back, %d bytes came", got)
	}
}

// Each size between what fits into net/http's buffer and what does not must come to its end, also when the connection
// ends with the answer.
func TestAnswersEndWithTheConnection(t *testing.T) {
	t.Parallel()
	url, _ := serveSizes(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for n := 3900; n <= 4200; n += 7 {
		if got := get(t, client, fmt.Sprintf("%s/%d", url, n)); got != n {
			t.Errorf("of %d bytes %d came", n, got)
		}
	}
}

func get(t *testing.T, client *http.Client, url string) int {
	t.Helper()
	resp, err := client.Get(url) //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return len(body)
}

// Two requests in one packet: the second answer must not wait for a third request.
func TestPipelinedAnswersLeave(t *testing.T) {
	t.Parallel()
	url, _ := serveSizes(t)
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")) //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, strings.Repeat("GET /5000 HTTP/1.1\r\nHost: x\r\n\r\n", 2)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	for range 2 {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); n != 5000 || err != nil {
			t.Fatalf("%d bytes, %v", n, err)
		}
		_ = resp.Body.Close()
	}
}

// A client who does not read must not keep the server from closing its connection.
func TestCloseDoesNotWaitForAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe() // nobody reads theirs
		defer func() { _ = theirs.Close() }()
		c := &conn{Conn: ours}
		wrote := make(chan error, 1)
		go func() {
			_, err := c.Write([]byte("x"))
			wrote <- err
		}()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-wrote; err == nil {
			t.Error("the write succeeded")
		}
	})
}
