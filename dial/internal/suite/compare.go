package suite

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// Side is one way to bring messages through a broker: publish is called by
// many goroutines, next by one, which is done with a message when it asks for the
// next.
type Side struct {
	Publish func(ctx context.Context, msg []byte) error
	Next    func(ctx context.Context) ([]byte, error)
}

const (
	perRound   = 3000
	publishers = 32
)

// Compare brings messages of 1 kB through a broker by dial and by the bare
// client library, in turns, and reports the median of the ratios of their
// processor time, and how many messages a second dial brought. An op is a
// round of both: a comparison needs several, -benchtime 7x.
func Compare(b *testing.B, address string, bare Side) {
	in, out := dialled(b, dial.Options{Mode: dial.Recv}, address), dialled(b, dial.Options{Mode: dial.Send}, address)
	ours := Side{Publish: out.Write, Next: in.Read}
	msg := numbered(1)
	var ratios, speeds []float64
	bring(b, ours, msg, perRound/10) // both have made what they make once
	bring(b, bare, msg, perRound/10)
	for range b.N {
		with, took := bring(b, ours, msg, perRound)
		without, _ := bring(b, bare, msg, perRound)
		ratios = append(ratios, with.Seconds()/without.Seconds())
		speeds = append(speeds, perRound/took.Seconds())
	}
	b.ReportMetric(median(ratios), "cpu/bare")
	b.ReportMetric(median(speeds), "msgs/s")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// bring brings so many messages, and measures it.
func bring(b *testing.B, s Side, msg []byte, messages int) (cpu, took time.Duration) {
	before, begun := processor(b), time.Now()
	var publishing sync.WaitGroup
	for p := range publishers {
		publishing.Go(func() {
			for i := p; i < messages; i += publishers {
				if err := s.Publish(b.Context(), msg); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	for range messages {
		if _, err := s.Next(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	publishing.Wait()
	return processor(b) - before, time.Since(begun)
}

// processor is the time that this process has had.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
