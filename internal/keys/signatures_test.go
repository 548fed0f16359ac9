package keys

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
)

func digestOf(i int) (d [32]byte) {
	copy(d[:], strconv.Itoa(i))
	return d
}

func TestRacingCallersSignOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s signatures
		release, signed := make(chan struct{}), 0
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				text, err := s.signature(digestOf(1), 1, func() (string, error) {
					signed++
					<-release
					return "text", nil
				})
				if text != "text" || err != nil {
					t.Errorf("got %q, %v", text, err)
				}
			})
		}
		synctest.Wait() // every caller has come; all wait for the first
		close(release)
		all.Wait()
		if signed != 1 {
			t.Errorf("signed %d times, want once", signed)
		}
	})
}

func TestSignaturesOfOneSecond(t *testing.T) {
	t.Parallel()
	var s signatures
	signed := 0
	get := func(input int, second int64) {
		t.Helper()
		text, err := s.signature(digestOf(input), second, func() (string, error) {
			signed++
			return strconv.Itoa(input), nil
		})
		if text != strconv.Itoa(input) || err != nil {
			t.Errorf("input %d: got %q, %v", input, text, err)
		}
	}
	for _, step := range []struct {
		input  int
		second int64
		signed int
	}{
		{1, 10, 1},
		{1, 10, 1},
		{2, 10, 2},
		{1, 11, 3}, // the last second's are forgotten
		{1, 11, 3},
		{1, 10, 3}, // a caller who was late does not bring the last second back
		{1, 11, 3},
		{2, 11, 4},
	} {
		if get(step.input, step.second); signed != step.signed {
			t.Fatalf("input %d in second %d: signed %d times, want %d", step.input, step.second, signed, step.signed)
		}
	}
}

func TestSignaturesAreBounded(t *testing.T) {
	t.Parallel()
	var s signatures
	signed := 0
	for range 2 {
		for i := range signaturesKept + 100 {
			_, _ = s.signature(digestOf(i), 1, func() (string, error) { signed++; return "", nil })
		}
	}
	if len(s.kept) != signaturesKept {
		t.Errorf("%d kept, want %d", len(s.kept), signaturesKept)
	}
	if want := signaturesKept + 200; signed != want {
		t.Errorf("signed %d times, want %d: what is not kept is signed each time", signed, want)
	}
}

func TestFailedSignatureIsNotKept(t *testing.T) {
	t.Parallel()
	var s signatures
	broken := errors.New("broken")
	_, err := s.signature(digestOf(1), 1, func() (string, error) { return "", broken })
	wantError(t, err, broken)

	func() {
		defer func() { _ = recover() }()
		_, _ = s.signature(digestOf(1), 1, func() (string, error) { panic("broken") })
	}()
	text, err := s.signature(digestOf(1), 1, func() (string, error) { return "text", nil })
	if text != "text" || err != nil {
		t.Errorf("after an error and a panic: got %q, %v", text, err)
	}
}
