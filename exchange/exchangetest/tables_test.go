package exchangetest

import (
	"maps"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
)

// Tables that contradict themselves are told by the field that is wrong, before a client is made.
func TestTables(t *testing.T) {
	channels := func(f *exchange.Family, change func(*exchange.BookChannel)) {
		own := f.Push.OrderBook[0]
		change(&own)
		f.Push.OrderBook = []exchange.BookChannel{own}
	}
	for _, c := range []struct {
		want   string // part of what is said; empty: nothing is wrong
		change func(f *exchange.Family)
	}{
		{"", nil},
		{`Push.Trades is of the socket "streem"; there are ["account" "stream"]`, func(f *exchange.Family) { f.Push.Trades.Socket = "streem" }},
		{"Push.Ticker has Parse: true, Topic: false", func(f *exchange.Family) { f.Push.Ticker.Topic = nil }},
		{`socket "stream" lacks`, func(f *exchange.Family) {
			own := *f.Sockets["stream"]
			own.Dialect = nil
			f.Sockets = maps.Clone(f.Sockets)
			f.Sockets["stream"] = &own
		}},
		{"no Intervals", func(f *exchange.Family) { f.Intervals = nil }},
		{"Push.OrderBook[0]: depths []", func(f *exchange.Family) {
			channels(f, func(ch *exchange.BookChannel) { ch.Depths = nil })
		}},
		{"deltas without a Rule", func(f *exchange.Family) {
			channels(f, func(ch *exchange.BookChannel) { ch.Sync.Rule = nil })
		}},
		{"without a Window", func(f *exchange.Family) {
			channels(f, func(ch *exchange.BookChannel) { ch.Sync.Window = 0 })
		}},
		{"no stream.Asker", func(f *exchange.Family) {
			channels(f, func(ch *exchange.BookChannel) { ch.Sync.Source = exchange.ByRequest })
		}},
		{"no Pull.OrderBook", func(f *exchange.Family) { f.Pull.OrderBook = exchange.Call[book.Update]{} }},
	} {
		var said strings.Builder
		for _, err := range broken(c.change).sound() {
			said.WriteString(err.Error() + "\n")
		}
		if got := said.String(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("got %q, want %q in it", got, c.want)
		}
	}
}
