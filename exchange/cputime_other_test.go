//go:build !unix

package exchange_test

import "time"

// cpuClock reports nothing where the system does not tell.
type cpuClock struct{ used time.Duration }

func (*cpuClock) start() {}
func (*cpuClock) stop()  {}
