package outbox

import "sync"

// Batch joins calls that come while an earlier one runs into one call: what makes group commit cheap, for work whose
// statements are alike. There is no timer: alone, a call runs at once.
type Batch[T any] struct {
	// Run does what the items ask for and writes the answers into them. It must not panic.
	Run func(items []*T)
	// Max bounds one call.
	Max int
	// Parallel is how many calls run at once; 0 is one.
	Parallel int

	mu      sync.Mutex
	waiting []*entry[T] // only while as many calls run as may
	running int
}

type entry[T any] struct {
	item *T
	// wake gets the call that this entry shall lead, or nil once its item is done.
	wake chan []*entry[T]
}

// Do has the item run, alone or with others, and returns when that is done.
func (b *Batch[T]) Do(item *T) {
	b.mu.Lock()
	if b.running < max(1, b.Parallel) {
		b.running++
		b.mu.Unlock()
		b.Run([]*T{item})
		b.next()
		return
	}
	e := &entry[T]{item: item, wake: make(chan []*entry[T], 1)}
	b.waiting = append(b.waiting, e)
	b.mu.Unlock()

	// The goroutine of a waiting item leads its own call, so that nobody runs more than one for others.
	if call := <-e.wake; call != nil {
		b.lead(call)
	}
}

func (b *Batch[T]) lead(call []*entry[T]) {
	items := make([]*T, len(call))
	for i, e := range call {
		items[i] = e.item
	}
	b.Run(items)
	b.next()
	for _, e := range call[1:] {
		e.wake <- nil
	}
}

// next passes the right to run on to the first that waits, or gives it back.
func (b *Batch[T]) next() {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(b.Max, len(b.waiting))
	if n == 0 {
		b.running--
		return
	}
	call := make([]*entry[T], n)
	copy(call, b.waiting)
	rest := copy(b.waiting, b.waiting[n:])
	clear(b.waiting[rest:])
	b.waiting = b.waiting[:rest]
	call[0].wake <- call
}
