package huobi

import (
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// TestAllocations: a message costs no memory on its way to the values.
func TestAllocations(t *testing.T) {
	d, in := newDialect(), &exchange.Scope{Market: pair, Args: exchange.Args{Interval: "1m", Depth: 150}}
	frame := []byte(stepPair)
	f := stream.Frame{Data: frame}
	read, prices := make([]book.Update, 0, 1), make([]exchange.Ticker, 0, 1)
	for name, run := range map[string]func() error{
		"route":  func() error { return d.Route(frame, &f) },
		"book":   func() (err error) { read, err = books(read[:0], in, f.Data); return err },
		"ticker": func() (err error) { prices, err = tickers(prices[:0], in, f.Data); return err },
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := run(); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
