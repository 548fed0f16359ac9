package httpx_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/internal/httpx"
)

func TestBase(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://api.example":       "https://api.example/",
		"https://api.example/":      "https://api.example/",
		"https://api.example/v2//":  "https://api.example/v2",
		"http://127.0.0.1:8081":     "http://127.0.0.1:8081/",
		"http://[::1]:8081/x":       "http://[::1]:8081/x",
		"http://localhost":          "http://localhost/",
		"http://api.example":        "",
		"http://10.0.0.1":           "",
		"http://localhost.example":  "",
		"ftp://127.0.0.1":           "",
		"https://":                  "",
		"https://a:b@api.example":   "",
		"https://api.example?a=b":   "",
		"https://api.example#here":  "",
		"api.example":               "",
		"":                          "",
		"https://api.example:port/": "",
	} {
		u, err := httpx.Base(text)
		if want == "" {
			if err == nil {
				t.Errorf("Base(%s) = %s, want an error", text, u)
			}
			continue
		}
		if err != nil || u.String() != want {
			t.Errorf("Base(%s) = %v, %v, want %s", text, u, err, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "3601": time.Hour, "Fri, 31 Dec 1999 23:59:59 GMT": 0,
	} {
		if got := httpx.RetryAfter(http.Header{"Retry-After": {text}}); got != want {
			t.Errorf("RetryAfter(%q) = %v, want %v", text, got, want)
		}
	}
}
