package recordtest

import (
	"slices"
	"testing"
	"time"

	"github.com/depthwire/depthwire/record"
)

// Race writes the same batches with a sink and with a bare loop over the same driver into a place of its own, by turns, so
// that what else the machine does falls on both. It reports rows a second of both and what the sink has of the bare loop's speed,
// in percent: by the clock and, where the system tells it, by the processor time of this process. One op is one batch of n rows, written by both.
func Race(b *testing.B, n int, tables []*record.Table, sink, bare func(*record.Batch) error) {
	b.Helper()
	m := NewMaker(1)
	m.Plain = true
	var wall, processor [2]time.Duration
	var parts []float64
	from, turn := uint64(0), 0
	for b.Loop() {
		batch := m.Batch(Log(1), from, n, tables...)
		from = batch.To
		var took [2]time.Duration
		for i := range 2 {
			who := (turn + i) % 2
			began, used := time.Now(), processorTime()
			if err := [2]func(*record.Batch) error{sink, bare}[who](batch); err != nil {
				b.Fatal(err)
			}
			took[who] = time.Since(began)
			wall[who] += took[who]
			processor[who] += processorTime() - used
		}
		parts = append(parts, float64(took[1])/float64(took[0]))
		turn++
	}
	slices.Sort(parts)
	b.ReportMetric(float64(from)/wall[0].Seconds(), "sink-rows/s")
	b.ReportMetric(float64(from)/wall[1].Seconds(), "bare-rows/s")
	b.ReportMetric(100*parts[len(parts)/2], "%wall")
	if processor[0] > 0 {
		b.ReportMetric(100*float64(processor[1])/float64(processor[0]), "%cpu")
	}
}
