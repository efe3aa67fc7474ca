package database

import (
	"net"
	"syscall"
)

// established is the state of a connection that stands, TCP_ESTABLISHED of
// Linux's net/tcp_states.h.
const established = 1

// ended reports whether the peer has closed a connection, or reset it. What it
// sent before, and nobody has read, does not hide that.
func ended(conn net.Conn) bool {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false // a tunnel
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	state := byte(established)
	err = raw.Control(func(fd uintptr) {
		// the first four bytes of struct tcp_info; the first is its state
		if info, err := syscall.GetsockoptInet4Addr(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO); err == nil {
			state = info[0]
		}
	})
	return err != nil || state != established
}
