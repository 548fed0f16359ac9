package httpx

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ErrBase means that an address is none that credentials may be sent to.
var ErrBase = errors.New("it must be https://host, or http:// and a loopback address")

// Base reads the address below which an API is: https://HOST with or without a path, or http:// where HOST is this
// machine. It has no credentials, query or fragment. The error is ErrBase.
func Base(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, ErrBase
	}
	// Credentials go with every call; they must not cross a network in the clear.
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, ErrBase
	}
	u.Path = "/" + strings.Trim(u.Path, "/")
	return u, nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// RetryAfter reads the pause that an answer asks for, at most an hour, in the header's form of whole seconds (RFC 9110
// §10.2.3). 0 is none: a date is not worth a clock here.
func RetryAfter(h http.Header) time.Duration {
	const most = 3600
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, most)) * time.Second
}
