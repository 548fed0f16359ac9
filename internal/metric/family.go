package metric

import (
	"maps"
	"sync"
	"sync/atomic"
)

// family keeps the children of a vector by what its callers know of them. A child that was used before is found without
// a lock, without a text being made, and without asking the vector. K holds values of closed sets, whose number is
// bounded.
type family[K comparable, C any] struct {
	// bound gives the key whose values are all in their sets; make asks the vector for its child.
	bound func(K) K
	make  func(K) C

	lock  sync.Mutex // of who adds a child
	known atomic.Pointer[map[K]C]
}

func newFamily[K comparable, C any](bound func(K) K, child func(K) C) *family[K, C] {
	f := &family[K, C]{bound: bound, make: child}
	f.known.Store(&map[K]C{})
	return f
}

// child gives the child of the key. A key with values of no set is never kept, and shares the child of those.
func (f *family[K, C]) child(key K) C {
	if c, ok := (*f.known.Load())[key]; ok {
		return c
	}
	return f.add(f.bound(key))
}

// as is the bound of keys that can only have values of closed sets.
func as[K comparable](key K) K { return key }

func (f *family[K, C]) add(key K) C {
	f.lock.Lock()
	defer f.lock.Unlock()
	known := *f.known.Load()
	if c, ok := known[key]; ok {
		return c
	}
	more := maps.Clone(known)
	c := f.make(key)
	more[key] = c
	f.known.Store(&more)
	return c
}
