package suite

import "regexp"

var loopback = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// hostOf returns the host and port of the server in an address.
func hostOf(address string) string { return loopback.FindString(address) }

// swapHost puts another host and port into an address.
func swapHost(address, host string) string { return loopback.ReplaceAllString(address, host) }
