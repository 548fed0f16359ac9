package sqldb

import (
	"fmt"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// checkpointPages is after how many pages the log is emptied into the file. With 4,000 instead of SQLite's 1,000, pages that
// many calls change are written once and not four times: sending a text took a twelfth less processor time. More would make
// a start after a crash slower, which reads the whole log. At four times as many the writer tries with each commit
// (wal_autocheckpoint): logs that never begin anew, because somebody always reads, must not fill the disk.
const checkpointPages = 4000

// checkpointer copies the log's pages into the file, and syncs both, while the writer goes on: in the writer's COMMIT, as
// SQLite would do it, it stops all calls for up to a tenth of a second. But the log begins anew only when nothing in it is
// left to copy, and the writer adds to it all the time, so the writer copies the little that came meanwhile itself, and
// syncs the file. For that to be little, the checkpointer goes twice, and syncs the file each time, which SQLite leaves to
// whoever copies the last page: the writer stops for some milliseconds instead of 15 to 50.
type checkpointer struct {
	conn  *liteConn
	log   *logSync // told of a sync that fails
	begin chan struct{}
	done  chan struct{}
	ended chan struct{}

	// The writer's own.
	running bool
	written uint32 // how many pages its connection had written by the last checkpoint
}

func startCheckpointer(conn *liteConn, log *logSync) *checkpointer {
	c := &checkpointer{
		conn: conn, log: log, begin: make(chan struct{}, 1), done: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	go c.loop()
	return c
}

func (c *checkpointer) loop() {
	defer close(c.ended)
	for range c.begin {
		for range 2 {
			c.conn.checkpoint()
			if err := c.conn.syncFile(); err != nil {
				c.log.fail(fmt.Errorf("sync the database, start the server again: %w", err))
			}
		}
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

// syncFile waits until the file's contents are on disk. It calls what SQLite calls for it, on SQLite's own handle: a handle of
// ours, when closed, would drop all locks that the process holds on the file.
func (c *liteConn) syncFile() error {
	size := int(unsafe.Sizeof(c.db))
	out := c.tls.Alloc(size)
	defer c.tls.Free(size)
	if rc := lib.Xsqlite3_file_control(c.tls, c.db, 0, lib.SQLITE_FCNTL_FILE_POINTER, out); rc != lib.SQLITE_OK {
		return c.failure(rc)
	}
	file := **(**uintptr)(unsafe.Pointer(&out))
	methods := (**(**lib.Tsqlite3_file)(unsafe.Pointer(&file))).FpMethods
	sync := (**(**lib.Tsqlite3_io_methods)(unsafe.Pointer(&methods))).FxSync
	call := *(*func(*libc.TLS, uintptr, int32) int32)(unsafe.Pointer(&struct{ uintptr }{sync}))
	if rc := call(c.tls, file, lib.SQLITE_SYNC_NORMAL); rc != lib.SQLITE_OK {
		return &sqliteError{code: rc, message: "sync the file"}
	}
	return nil
}

// pagesWritten counts the pages that this connection's commits have written, modulo 2^32.
func (c *liteConn) pagesWritten() uint32 {
	const size = int(2 * unsafe.Sizeof(int32(0)))
	out := c.tls.Alloc(size)
	defer c.tls.Free(size)
	lib.Xsqlite3_db_status(c.tls, c.db, lib.SQLITE_DBSTATUS_CACHE_WRITE, out, out+unsafe.Sizeof(int32(0)), 0)
	return uint32(**(**int32)(unsafe.Pointer(&out))) //nolint:gosec // the same bits
}
