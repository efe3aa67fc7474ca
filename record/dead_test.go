package record_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

var arrive = flag.Int("arrive", 100_000, "how many values come while the sink is down")

// down is a sink that takes nothing until it is back, and then counts.
type down struct {
	back atomic.Bool
	rows atomic.Int64
}

func (s *down) Write(_ context.Context, b *record.Batch) error {
	if !s.back.Load() {
		return errors.New("down: not yet")
	}
	if r := b.Of(record.TradeTable); r != nil {
		s.rows.Add(int64(r.Len()))
	}
	return nil
}

func (s *down) Close() error { return nil }

// What a recorder of one sink may hold of trades: two buffers of the log, and a batch.
const (
	buffer = 1 << 20
	batch  = 10_000
	bound  = 2*buffer + batch*400
)

// While its sink is down a recorder's memory does not grow with what comes: that is on disk, and all of it gets to the sink when it is
// back.
func TestMemoryWhileSinkIsDown(t *testing.T) {
	s := &down{}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var before, after runtime.MemStats
	came := make(chan struct{})
	var run sync.WaitGroup
	var err error
	run.Go(func() {
		n := 0
		o := record.Config{Dir: t.TempDir(), Drain: 5 * time.Minute, Sinks: []record.Target{{Name: "down", Sink: s, Rows: batch}}, Log: wal.Options{Segment: 4 << 20, Buffer: buffer}}
		err = record.RunFed(ctx, o, func(*record.Recorder) record.Fed {
			return func(ctx context.Context, dst *exchange.Trade) error {
				switch n++; n {
				case 1:
					runtime.GC()
					runtime.ReadMemStats(&before)
				case *arrive + 1:
					runtime.GC()
					runtime.ReadMemStats(&after)
					close(came)
					<-ctx.Done()
					return ctx.Err()
				}
				*dst = exchange.Trade{Stamp: exchange.Stamp{Venue: "test", Symbol: "A", Received: time.Now()}, ID: fmt.Sprint(n), Price: decimal.New(int64(n), 2)}
				return nil
			}
		})
	})
	<-came
	held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	if held > bound+bound/10 {
		t.Errorf("%d KiB are held after %d values, %d are the bound", held>>10, *arrive, bound>>10)
	}
	t.Logf("%d KiB are held of %d", held>>10, bound>>10)
	s.back.Store(true)
	stop()
	run.Wait()
	if err != nil || s.rows.Load() != int64(*arrive) {
		t.Errorf("%d rows of %d, %v", s.rows.Load(), *arrive, err)
	}
}
