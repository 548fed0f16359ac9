package keys

import (
	"crypto/sha256"
	"sync"
)

const signaturesKept = 10_000

// signatures keeps the signatures of one second, by the SHA-256 of their whole signing input, which names the key.
// PKCS #1 v1.5 is deterministic and claims change once a second, so callers with the same claims get the same bytes,
// and of callers that race only one signs. The zero value is ready.
type signatures struct {
	mu     sync.Mutex
	second int64
	kept   map[[sha256.Size]byte]*signature
}

// signature is one that is there or being made.
type signature struct {
	done chan struct{} // closed when encoded and err are set
	text string
	err  error
}

// signature gives the kept signature or makes one. second is the time now; a newer one forgets all that is kept.
func (s *signatures) signature(
	digest [sha256.Size]byte, second int64, sign func() (string, error),
) (string, error) {
	entry, mine := s.entry(digest, second)
	if entry == nil {
		return sign()
	}
	if !mine {
		<-entry.done
		return entry.text, entry.err
	}

	entry.err = errSigning // what the others see should sign panic
	defer func() {
		if entry.err != nil {
			s.forget(digest, entry)
		}
		close(entry.done)
	}()
	entry.text, entry.err = sign()
	return entry.text, entry.err
}

// entry gives the place for a signature, and whether the caller is the one to fill it. It is nil when all are taken.
func (s *signatures) entry(digest [sha256.Size]byte, second int64) (entry *signature, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.kept == nil || second > s.second {
		// A new map, not an emptied one: a burst must not hold its memory for good.
		s.second, s.kept = second, map[[sha256.Size]byte]*signature{}
	}
	if entry := s.kept[digest]; entry != nil {
		return entry, false
	}
	if len(s.kept) >= signaturesKept {
		return nil, true
	}
	entry = &signature{done: make(chan struct{})}
	s.kept[digest] = entry
	return entry, true
}

func (s *signatures) forget(digest [sha256.Size]byte, entry *signature) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[digest] == entry {
		delete(s.kept, digest)
	}
}
