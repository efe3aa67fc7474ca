// Package memory lets the examples of dial, which take an address and nothing
// else, be tested with servers in memory, whose time is that of testing/synctest.
package memory

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/depthwire/depthwire/dial"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

var current atomic.Pointer[dialFunc]

// Address returns a WebSocket address in the form in which dial.Dial reaches
// it, until the test ends, by d. One test at a time may have one.
func Address(t testing.TB, address string, d dialFunc) string {
	if !current.CompareAndSwap(nil, &d) {
		t.Fatal("another test has a server in memory")
	}
	t.Cleanup(func() { current.Store(nil) })
	return strings.Replace(address, "ws://", "memory://", 1)
}

func init() {
	dial.Register("memory", func(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
		o.DialContext = *current.Load()
		o.Payload, o.Reconnect = "", false // which dial itself does for every scheme
		return o.Dial(ctx, "ws://"+rest)
	})
}
