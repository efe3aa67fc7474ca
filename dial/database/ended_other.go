//go:build !linux

package database

import "net"

// ended reports whether the peer has closed a connection: here the system is
// not asked, and the statement finds out.
func ended(net.Conn) bool { return false }
