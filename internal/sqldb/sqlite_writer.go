package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	lib "modernc.org/sqlite/lib"
)

// maxGroup bounds the calls that share one commit, and with it how long the first of them waits.
const maxGroup = 256

// carefulCalls is how many calls have savepoints after one that failed when it had written already.
const carefulCalls = 4 * maxGroup

// The writer's own statements.
var (
	liteBegin    = own("BEGIN IMMEDIATE")
	liteCommit   = own("COMMIT")
	liteRollback = own("ROLLBACK")
	liteSave     = own("SAVEPOINT call")
	liteRelease  = own("RELEASE call")
	liteUndo     = own("ROLLBACK TO call")

	liteStepSave    = own("SAVEPOINT step")
	liteStepUndo    = own("ROLLBACK TO step")
	liteStepRelease = own("RELEASE step")
)

var errExited = errors.New("the function given to Write ended its goroutine")

// writer is the one goroutine that writes. Calls that wait at the same time are run one after the other, and share one
// transaction and one commit: their number follows from the load, without a timer. A call that fails leaves nothing behind. Nearly
// all fail before they have written anything; when one does not, the transaction is undone and its calls run again, and for
// some time each has a savepoint of its own, which costs a send a tenth of the writer's work.
type writer struct {
	conn  *liteConn
	disk  disk
	tally *tally
	calls chan *call
	ended chan struct{}

	gate   sync.RWMutex // held for writing to close calls
	closed bool

	careful int     // calls that are still to have savepoints
	group   []*call // the calls of the transaction that is open
	running *call   // the call whose function runs
}

// call is one Write on its way through the writer.
type call struct {
	ctx   context.Context
	tx    *Tx
	fn    func(*Tx) error
	err   error
	state atomic.Int32
	done  chan struct{}
}

// A call is taken by the writer or left by its caller, whoever is first.
const (
	waiting = iota
	taken
	left
)

func startWriter(conn *liteConn, d disk, t *tally) *writer {
	w := &writer{conn: conn, disk: d, tally: t, calls: make(chan *call, maxGroup), ended: make(chan struct{})}
	go w.loop()
	return w
}

// stop lets the calls that wait come to their end, then closes the connection.
func (w *writer) stop() {
	w.gate.Lock()
	w.closed = true
	close(w.calls)
	w.gate.Unlock()
	<-w.ended
	w.disk.stop()
	w.conn.close()
}

// do runs fn in the writer and returns when its changes are on disk.
func (w *writer) do(ctx context.Context, tx *Tx, fn func(*Tx) error) error {
	c := &call{ctx: ctx, tx: tx, fn: fn, done: make(chan struct{})}
	if err := w.send(c); err != nil {
		return err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.state.CompareAndSwap(waiting, left) {
			return ctx.Err()
		}
		// fn is running or has run: its caller's variables are the writer's until it answers, and so is the outcome.
		<-c.done
	}
	return c.err
}

func (w *writer) send(c *call) error {
	w.gate.RLock()
	defer w.gate.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.calls <- c:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

func (w *writer) loop() {
	normal := false
	defer func() {
		if !normal { // runtime.Goexit in a function, such as t.Fatal: nothing stops it, but others need not suffer.
			w.exited()
			go w.loop()
		}
	}()
	for c := range w.calls {
		w.together(c)
	}
	normal = true
	close(w.ended)
}

// together runs the call, and those that wait by then, in one transaction.
func (w *writer) together(c *call) {
	if !c.take() {
		return
	}
	if err := w.begin(); err != nil {
		c.answer(err)
		return
	}

	whole := true
	for c != nil && whole {
		w.group = append(w.group, c)
		whole = w.member(c)
		if whole {
			c = w.next()
		}
	}
	if whole && w.run(liteCommit) == nil {
		w.tally.groups.add(int64(len(w.group)))
		w.committed(w.group...)
		w.forget()
		return
	}

	// SQLite has undone everything, or cannot commit it, or one call is to be undone without the others. Who is to blame is
	// found by running each call alone.
	w.rollback()
	w.apart()
}

// begin opens a transaction, unless what is committed does not reach the disk any more.
func (w *writer) begin() error {
	if err := w.disk.err(); err != nil {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return w.run(liteBegin)
}

// committed answers the calls once their changes are on disk, and does not wait for it.
func (w *writer) committed(calls ...*call) {
	if w.disk.log != nil {
		w.disk.log.add(calls...)
		w.disk.checkpoints.committed(w.conn)
		return
	}
	for _, c := range calls {
		c.answer(c.err)
	}
}

// member runs a call. It reports whether the transaction is still there and nothing in it is of a call that failed: on a
// full disk, an I/O error or an interrupt SQLite undoes the whole transaction and not just the savepoint.
func (w *writer) member(c *call) bool {
	if w.careful > 0 {
		w.careful--
		return w.saved(c)
	}
	before := w.conn.work()
	c.err = w.call(c)
	if !w.conn.inTransaction() {
		return false
	}
	if c.err != nil && w.conn.work() != before {
		w.careful = carefulCalls
		return false
	}
	return true
}

// saved is member with a savepoint.
func (w *writer) saved(c *call) bool {
	if w.run(liteSave) != nil {
		return false
	}
	c.err = w.call(c)
	if !w.conn.inTransaction() {
		return false
	}
	if c.err != nil && w.run(liteUndo) != nil {
		return false
	}
	return w.run(liteRelease) == nil
}

// next takes the next call that waits and has not been left, nil if there is none or the group is full.
func (w *writer) next() *call {
	yielded := false
	for len(w.group) < maxGroup {
		select {
		case c := <-w.calls: // nil when closed
			if c == nil || c.take() {
				return c
			}
		default:
			if yielded {
				return nil
			}
			// Callers who were answered a moment ago are about to call again: letting them run first makes groups larger
			// (BenchmarkWrite with 32 callers: 1.4 times) and costs a lonely caller nothing.
			yielded = true
			runtime.Gosched()
		}
	}
	return nil
}

// apart runs each call of the group in a transaction of its own.
func (w *writer) apart() {
	for len(w.group) > 0 {
		c := w.group[0]
		w.group = w.group[1:]
		if c.err = w.alone(c); c.err != nil {
			c.answer(c.err)
			continue
		}
		w.committed(c)
	}
	w.forget()
}

func (w *writer) alone(c *call) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	defer w.rollback()
	if err := w.call(c); err != nil {
		return err
	}
	err := w.run(liteCommit)
	if e, ok := errors.AsType[*sqliteError](err); ok && e.code&0xff == lib.SQLITE_IOERR {
		// What reached the disk may count after a crash.
		return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
	}
	return err
}

func (w *writer) call(c *call) error {
	w.running = c
	c.tx.begin(&liteSession{w.conn})
	err := c.tx.run(c.fn)
	w.running = nil
	return err
}

// exited goes on after a call's function has ended the writer's goroutine.
func (w *writer) exited() {
	w.rollback()
	c := w.running
	w.running = nil
	for i, other := range w.group {
		if other == c {
			w.group = append(w.group[:i], w.group[i+1:]...)
			break
		}
	}
	if c != nil {
		c.answer(errExited)
	}
	w.apart()
}

func (w *writer) run(s *Stmt) error {
	return named(s, w.conn.run(s, nil, nil))
}

// rollback undoes what is open. It cannot fail in a way that leaves the transaction open.
func (w *writer) rollback() {
	if w.conn.inTransaction() {
		_ = w.run(liteRollback)
	}
}

// forget empties the group and lets go of its calls.
func (w *writer) forget() {
	clear(w.group)
	w.group = w.group[:0]
}

// take claims the call for the writer, unless its caller has left.
func (c *call) take() bool {
	if c.ctx.Err() != nil && c.state.CompareAndSwap(waiting, left) {
		c.answer(c.ctx.Err())
		return false
	}
	return c.state.CompareAndSwap(waiting, taken)
}

func (c *call) answer(err error) {
	c.err = err
	close(c.done)
}
