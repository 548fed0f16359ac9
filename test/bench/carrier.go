package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/thimble-auth/thimble/test/vendors"
)

// carrier stands in for Twilio's API as test/vendors does, at a tenth of its cost, because it runs on the same
// processors as what is measured. It still refuses whatever is not a request for one text: method, path, credentials and
// each field of the form.
type carrier struct {
	listener net.Listener
	delay    atomic.Int64 // nanoseconds before each answer
	refused  atomic.Int64
	complain atomic.Pointer[string] // what was wrong with the last one refused
	arrived  func(phone, code string, at time.Time)
}

const (
	carrierPath = "/2010-04-01/Accounts/" + vendors.TwilioAccount + "/Messages.json"
	codeLength  = 6
)

func startCarrier(arrived func(phone, code string, at time.Time)) (*carrier, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &carrier{listener: listener, arrived: arrived}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go c.serve(conn)
		}
	}()
	return c, nil
}

func (c *carrier) url() string { return "http://" + c.listener.Addr().String() }

// slowly runs f while the carrier takes its time over each text.
func (c *carrier) slowly(f func() error) error {
	c.delay.Store(int64(slowProvider))
	defer c.delay.Store(0)
	return f()
}

func (c *carrier) close() { _ = c.listener.Close() }

func (c *carrier) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 4<<10)
	var body, out []byte
	for {
		var problem string
		var err error
		if body, problem, err = readRequest(in, body); err != nil {
			return
		}
		var phone, code string
		if problem == "" {
			phone, code, problem = readText(body)
		}
		if problem == "" {
			c.arrived(phone, code, time.Now())
			if d := time.Duration(c.delay.Load()); d > 0 {
				<-time.After(d)
			}
			out = created(out[:0], phone)
		} else {
			c.refused.Add(1)
			c.complain.Store(&problem)
			out = append(out[:0], refusal...)
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

var authorization = "Basic " +
	base64.StdEncoding.EncodeToString([]byte(vendors.TwilioAccount+":"+vendors.TwilioToken))

// readRequest reads one request and says what is wrong with its head.
func readRequest(in *bufio.Reader, buf []byte) (body []byte, problem string, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return buf, "", err
	}
	if string(line) != "POST "+carrierPath+" HTTP/1.1\r\n" {
		problem = "method or path"
	}
	length, authorized, form := 0, false, false
	for {
		line, err = in.ReadSlice('\n')
		if err != nil {
			return buf, "", err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := bytes.Cut(line[:len(line)-2], []byte(": "))
		switch string(name) {
		case "Content-Length":
			length, _ = strconv.Atoi(string(value))
		case "Authorization":
			authorized = string(value) == authorization
		case "Content-Type":
			form = string(value) == "application/x-www-form-urlencoded"
		}
	}
	if !authorized || !form || length <= 0 || length > 4096 {
		problem = "credentials, content type or length"
	}
	if cap(buf) < length {
		buf = make([]byte, length)
	}
	buf = buf[:length]
	_, err = io.ReadFull(in, buf)
	return buf, problem, err
}

// readText takes the form apart and gives the number without its plus, and the code in the text.
func readText(form []byte) (phone, code, problem string) {
	given := 0
	for pair := range strings.SplitSeq(string(form), "&") {
		name, escaped, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(escaped)
		if err != nil {
			return "", "", "an escape"
		}
		ok := false
		switch name {
		case "To":
			phone, ok = strings.CutPrefix(value, "+")
			ok = ok && len(phone) >= 7 && len(phone) <= 15 && strings.Trim(phone, "0123456789") == ""
		case "From":
			ok = value == vendors.TwilioFrom
		case "Body":
			code, ok = codeIn(value), len(value) < 160
			ok = ok && code != ""
		case "ValidityPeriod":
			seconds, err := strconv.Atoi(value)
			ok = err == nil && seconds >= 1 && seconds <= 36000
		case "StatusCallback":
			ok = strings.HasPrefix(value, "http://")
		}
		if !ok {
			return "", "", "the field " + name
		}
		given++
	}
	if given != 5 {
		return "", "", "the number of fields"
	}
	return phone, code, ""
}

// codeIn gives the first six digits in a row.
func codeIn(text string) string {
	run := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			run = 0
			continue
		}
		if run++; run == codeLength {
			return text[i+1-codeLength : i+1]
		}
	}
	return ""
}

// The answers, with the fields of the documentation's own example (see test/vendors).
const (
	createdHead = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
	createdBody = `{"account_sid": "` + vendors.TwilioAccount + `", "api_version": "2010-04-01", ` +
		`"body": "a code", "date_created": "Thu, 24 Aug 2023 05:01:45 +0000", "date_sent": null, ` +
		`"date_updated": "Thu, 24 Aug 2023 05:01:45 +0000", "direction": "outbound-api", "error_code": null, ` +
		`"error_message": null, "from": "` + vendors.TwilioFrom + `", "num_media": "0", "num_segments": "1", ` +
		`"price": null, "price_unit": "USD", "messaging_service_sid": null, ` +
		`"sid": "SM%032d", "status": "queued", "subresource_uris": {"media": ` +
		`"/2010-04-01/Accounts/` + vendors.TwilioAccount + `/Messages/SM/Media.json"}, "to": "+%s", ` +
		`"uri": "/2010-04-01/Accounts/` + vendors.TwilioAccount + `/Messages/SM.json"}`
	refusalBody = `{"code": 20422, "message": "Invalid parameter", "more_info": "", "status": 400}`
)

var (
	refusal = fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(refusalBody), refusalBody)
	lastSID atomic.Int64
)

func created(out []byte, phone string) []byte {
	sid := lastSID.Add(1)
	length := len(createdBody) - len("%032d") - len("%s") + 32 + len(phone)
	out = fmt.Appendf(out, createdHead, length)
	return fmt.Appendf(out, createdBody, sid, phone)
}
