//go:build unix

package sqldb

import (
	"net"
	"syscall"
)

// alive reports whether an idle connection still looks usable: nothing to read. The server's last words or the end of
// the stream wait there after a restart, and then a transaction of a single round trip, COMMIT included, must not be
// sent: its outcome would be unknown.
func alive(conn net.Conn) bool {
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = wrapped.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}

	quiet := false
	// Control and not Read: after a slow write pgconn leaves a goroutine reading, and Read would wait for it forever.
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EINTR // a bare errno by contract
	})
	return err == nil && quiet
}
