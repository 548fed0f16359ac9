package notify

import "sync"

// bell wakes those of this process who wait for a message in the inbox.
type bell struct {
	mu      sync.Mutex
	waiting map[*listener]struct{}
}

type listener struct {
	recipient string // "" for any
	rung      chan struct{}
}

// Arrived tells those who wait that there is a message to the recipient to read. It never blocks.
func (s *Service) Arrived(recipient string) {
	s.bell.mu.Lock()
	defer s.bell.mu.Unlock()
	for l := range s.bell.waiting {
		if l.recipient != "" && l.recipient != recipient {
			continue
		}
		select {
		case l.rung <- struct{}{}:
		default: // it has not looked since the last time
		}
	}
}

// Listen gives a channel that gets a value after a message to the recipient, or to anybody for "", has arrived by way of
// this process, until stop is called. Several that arrive before it is read are one value.
func (s *Service) Listen(recipient string) (rung <-chan struct{}, stop func()) {
	l := &listener{recipient, make(chan struct{}, 1)}
	s.bell.mu.Lock()
	defer s.bell.mu.Unlock()
	if s.bell.waiting == nil {
		s.bell.waiting = map[*listener]struct{}{}
	}
	s.bell.waiting[l] = struct{}{}
	return l.rung, func() {
		s.bell.mu.Lock()
		defer s.bell.mu.Unlock()
		delete(s.bell.waiting, l)
	}
}
