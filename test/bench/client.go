package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"time"
)

// client is one keep-alive connection that knows just enough of HTTP/1.1 (RFC 9112) to read our own server's answers:
// a status line, headers, a body of the length that Content-Length says.
type client struct {
	conn net.Conn
	in   []byte // what was read
	body []byte // the last answer's, part of in
}

// answerWithin is how long the server may take: it breaks connections itself before that.
const answerWithin = 30 * time.Second

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: make([]byte, 16<<10)}, nil
}

func (c *client) close() { _ = c.conn.Close() }

// do sends the bytes of a request and gives the status of its answer.
func (c *client) do(request []byte) (status int, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}

	have := 0
	for {
		if have == len(c.in) {
			c.in = append(c.in, make([]byte, len(c.in))...)
		}
		n, err := c.conn.Read(c.in[have:])
		have += n
		whole, length, bad := parseAnswer(c.in[:have])
		if bad != nil {
			return 0, bad
		}
		if whole > 0 && have >= whole {
			c.body = c.in[whole-length : whole]
			return statusOf(c.in), nil
		}
		if err != nil {
			return 0, err
		}
	}
}

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
)

// parseAnswer gives the length of the whole answer and of its body, 0 while the headers are not complete.
func parseAnswer(b []byte) (whole, body int, err error) {
	end := bytes.Index(b, headEnd)
	if end < 0 {
		return 0, 0, nil
	}
	at := bytes.Index(b[:end+2], contentLength)
	if at < 0 || !bytes.HasPrefix(b, []byte("HTTP/1.1 ")) {
		return 0, 0, fmt.Errorf("not an answer that this client can read: %.100q", b)
	}
	for _, c := range b[at+len(contentLength) : end+1] {
		if c < '0' || c > '9' {
			break
		}
		body = body*10 + int(c-'0')
	}
	return end + len(headEnd) + body, body, nil
}

func statusOf(b []byte) int {
	status := 0
	for _, c := range b[len("HTTP/1.1 "):][:3] {
		status = status*10 + int(c-'0')
	}
	return status
}

// dialAll opens n connections.
func dialAll(address string, n int) ([]*client, error) {
	all := make([]*client, 0, n)
	for range n {
		c, err := dial(address)
		if err != nil {
			closeAll(all)
			return nil, errors.Join(errors.New("connect to the server"), err)
		}
		all = append(all, c)
	}
	return all, nil
}

func closeAll(all []*client) {
	for _, c := range all {
		c.close()
	}
}
