package aws_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/internal/sms/aws"
	"github.com/thimble-auth/thimble/test/vendors"
)

// BenchmarkSend measures the adapter alone, and with the fake in the same goroutine.
func BenchmarkSend(b *testing.B) {
	m := text()
	b.Run("in process", func(b *testing.B) {
		s := aws.New(config(roundTrip(func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			answer := io.NopCloser(strings.NewReader(`{"MessageId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"}`))
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: answer}, nil
		})))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Send(b.Context(), m); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fake in process", func(b *testing.B) {
		fake := vendors.NewAWS()
		fake.Forget = true
		s := aws.New(config(fake.RoundTripper()))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Send(b.Context(), m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
