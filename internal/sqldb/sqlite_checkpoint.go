package sqldb

import (
	"unsafe"

	lib "modernc.org/sqlite/lib"
)

// checkpointPages is after how many pages the log is emptied into the file. With 4,000 instead of SQLite's 1,000, pages that
// many calls change are written once and not four times: sending a text took a twelfth less processor time. More would make
// a start after a crash slower, which reads the whole log. At four times as many the writer tries with each commit
// (wal_autocheckpoint): logs that never begin anew, because somebody always reads, must not fill the disk.
const checkpointPages = 4000

// checkpointer copies the log's pages into the file, and syncs both, while the writer goes on: in the writer's COMMIT, as
// SQLite would do it, it stops all calls for up to a tenth of a second. But the log begins anew only when nothing in it is
// left to copy, and the writer adds to it all the time, so the writer copies the little that came meanwhile itself.
type checkpointer struct {
	conn  *liteConn
	begin chan struct{}
	done  chan struct{}
	ended chan struct{}

	// The writer's own.
	running bool
	written uint32 // how many pages its connection had written by the last checkpoint
}

func startCheckpointer(conn *liteConn) *checkpointer {
	c := &checkpointer{conn: conn, begin: make(chan struct{}, 1), done: make(chan struct{}, 1), ended: make(chan struct{})}
	go c.loop()
	return c
}

func (c *checkpointer) loop() {
	defer close(c.ended)
	for range c.begin {
		c.conn.checkpoint()
		c.done <- struct{}{}
	}
}

func (c *checkpointer) stop() {
	close(c.begin)
	<-c.ended
	c.conn.close()
}

// committed is called by the writer after each commit of its connection.
func (c *checkpointer) committed(conn *liteConn) {
	switch pages := conn.pagesWritten() - c.written; {
	case pages < checkpointPages:
		return
	case !c.running:
		c.running = true
		c.begin <- struct{}{}
		return
	case pages >= 2*checkpointPages: // faster than the disk
		<-c.done
	default:
		select {
		case <-c.done:
		default:
			return
		}
	}
	c.running = false
	conn.checkpoint()
	c.written = conn.pagesWritten()
}

// checkpoint copies as many pages of the log to the file as no reader needs where they are. It waits for nobody. What it
// cannot do is left in the log, where it is as safe, for the next time.
func (c *liteConn) checkpoint() {
	_ = lib.Xsqlite3_wal_checkpoint_v2(c.tls, c.db, 0, lib.SQLITE_CHECKPOINT_PASSIVE, 0, 0)
}

// pagesWritten counts the pages that this connection's commits have written, modulo 2^32.
func (c *liteConn) pagesWritten() uint32 {
	const size = int(2 * unsafe.Sizeof(int32(0)))
	out := c.tls.Alloc(size)
	defer c.tls.Free(size)
	lib.Xsqlite3_db_status(c.tls, c.db, lib.SQLITE_DBSTATUS_CACHE_WRITE, out, out+unsafe.Sizeof(int32(0)), 0)
	return uint32(**(**int32)(unsafe.Pointer(&out))) //nolint:gosec // the same bits
}
