//go:build unix

package exchange_test

import (
	"syscall"
	"time"
)

// cpuClock adds up the processor time of the whole process: the time on the wall lies when
// others use the machine.
type cpuClock struct{ began, used time.Duration }

func (c *cpuClock) start() { c.began = cpuUsed() }
func (c *cpuClock) stop()  { c.used += cpuUsed() - c.began }

func cpuUsed() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
