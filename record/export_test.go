package record

import (
	"context"
	"fmt"

	"github.com/depthwire/depthwire/exchange"
)

// Fed is a subscription of trades that a test outside of the package makes.
type Fed func(ctx context.Context, dst *exchange.Trade) error

// NextInto makes one.
func (f Fed) NextInto(ctx context.Context, dst *exchange.Trade) error { return f(ctx, dst) }

// Err and Close have nothing to say: it lives as long as the recording.
func (f Fed) Err() error   { return nil }
func (f Fed) Close() error { return nil }

// RunFed records trades that make gives, in place of what clients watch.
func RunFed(ctx context.Context, c Config, from func(*Recorder) Fed) error {
	client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
	defer client.Close()
	s := Source{Client: client, Symbols: []string{"A"}}
	c.Sources = []Source{s}
	r := New(c)
	if err := r.o.check(); err != nil {
		return fmt.Errorf("fed: %w", err)
	}
	fed := from(r)
	return r.run(ctx, []reader{follows(r, s, Trades, false, ofTrade, (*Encoder).Trade, func(context.Context, ...string) (Fed, error) { return fed, nil })})
}

// Progress is how many records of the log of a recorder that runs are safe from the death of the machine.
func Progress(r *Recorder) uint64 { return r.Stats().Log.Durable }
