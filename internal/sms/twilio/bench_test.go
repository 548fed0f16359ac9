package twilio_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms/twilio"
	"github.com/thimble-auth/thimble/test/vendors"
)

// BenchmarkSend measures the adapter alone, with the fake in the same goroutine, and with the fake behind real sockets.
func BenchmarkSend(b *testing.B) {
	m := text()
	b.Run("in process", func(b *testing.B) {
		answer := `{"sid":"SM18c9444687c240caa8b54dc9a22e14d8","num_segments":"1","status":"queued","error_code":null}`
		s := twilio.New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			return &http.Response{StatusCode: 201, Body: io.NopCloser(strings.NewReader(answer))}, nil
		})))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Send(b.Context(), m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fake in process", func(b *testing.B) {
		fake := vendors.NewTwilio()
		fake.Forget = true
		s := twilio.New(config(fake.RoundTripper()))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Send(b.Context(), m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("loopback", func(b *testing.B) {
		fake := vendors.NewTwilio()
		fake.Forget = true
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer fake.Serve(l)()
		c := config(nil)
		c.BaseURL = "http://" + l.Addr().String()
		c.HTTP = httpx.New(httpx.Options{AllowPrivate: true})
		defer c.HTTP.CloseIdle()
		s := twilio.New(c)
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := s.Send(b.Context(), m); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
