package suite

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
)

var loopback = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// hostOf returns the host and port of the server in an address.
func hostOf(address string) string { return loopback.FindString(address) }

// swapHost puts another host and port into an address.
func swapHost(address, host string) string { return loopback.ReplaceAllString(address, host) }

// Refused dials addresses that no connection comes of. The error is of the
// kind, unless that is nil, and shows neither the password s3cret nor the path /nowhere.
func Refused(t *testing.T, kind error, addresses ...string) {
	t.Helper()
	for _, address := range addresses {
		conn, err := dial.Dial(t.Context(), address)
		if conn != nil {
			conn.Close()
		}
		if err == nil || kind != nil && !errors.Is(err, kind) {
			t.Errorf("%s: %v; want %v", address, err, kind)
		} else if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "nowhere") {
			t.Errorf("%v: it shows what it may not", err)
		}
	}
}
