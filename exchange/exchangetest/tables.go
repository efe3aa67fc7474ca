package exchangetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// tables finds what contradicts itself in the tables of a family: a client would stumble over it far from its cause.
func tables(f *exchange.Family) error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf(f.Name+": "+format, args...))
	}
	for _, ch := range pushes(f) {
		if !ch.parse && !ch.topic && ch.socket == "" {
			continue // not offered
		}
		if !ch.parse || !ch.topic {
			wrong("%s has Parse: %t, Topic: %t", ch.name, ch.parse, ch.topic)
		}
		if f.Sockets[ch.socket] == nil {
			wrong("%s is of the socket %q; there are %q", ch.name, ch.socket, slices.Sorted(maps.Keys(f.Sockets)))
		}
	}
	for name, s := range f.Sockets {
		if s == nil || (s.Dialect == nil) == (s.Private == nil) || s.Name == "" || s.URL == "" || s.Quiet <= 0 {
			wrong("socket %q lacks a Dialect, an Endpoint or Quiet", name)
		}
	}
	for i := range f.Push.OrderBook {
		ch := &f.Push.OrderBook[i]
		if err := kept(f, ch); err != nil {
			wrong("Push.OrderBook[%d]: %w", i, err)
		}
	}
	if len(f.Intervals) == 0 && (f.Pull.Candles.Parse != nil || f.Push.Candles.Parse != nil) {
		wrong("there are candles, and no Intervals")
	}
	return errors.Join(errs...)
}

// kept finds what is missing for the books of a channel.
func kept(f *exchange.Family, ch *exchange.BookChannel) error {
	deltas, call := ch.Sync.Source != exchange.EveryMessage, f.Pull.OrderBook.Parse != nil
	switch {
	case len(ch.Depths) == 0 || ch.Depths[0] <= 0 || !slices.IsSorted(ch.Depths):
		return fmt.Errorf("depths %v", ch.Depths)
	case deltas && ch.Sync.Rule == nil:
		return errors.New("deltas without a Rule")
	case !call && (ch.Sync.Source == exchange.ByCall || !deltas && ch.Sync.AfterDelta):
		return errors.New("snapshots are asked for, and there is no Pull.OrderBook")
	case ch.Sync.Source == exchange.ByCall && ch.Sync.Window <= 0:
		return errors.New("snapshots ByCall without a Window")
	}
	if s := f.Sockets[ch.Socket]; ch.Sync.Source == exchange.ByRequest && s != nil && s.Dialect != nil {
		if _, ok := s.Dialect().(stream.Asker); !ok {
			return errors.New("snapshots ByRequest, and the dialect is no stream.Asker")
		}
	}
	return nil
}

// pushed is what all channels have.
type pushed struct {
	name, socket string
	topic, parse bool
}

func channelOf[T any](name string, ch *exchange.Channel[T]) pushed {
	return pushed{"Push." + name, ch.Socket, ch.Topic != nil, ch.Parse != nil}
}

func pushes(f *exchange.Family) []pushed {
	p := &f.Push
	all := []pushed{
		channelOf("Ticker", &p.Ticker), channelOf("BidAsk", &p.BidAsk), channelOf("Trades", &p.Trades), channelOf("Candles", &p.Candles),
		channelOf("Funding", &p.Funding), channelOf("MarkPrice", &p.MarkPrice),
		channelOf("OpenInterest", &p.OpenInterest), channelOf("Liquidations", &p.Liquidations),
	}
	for i := range p.OrderBook {
		all = append(all, channelOf(fmt.Sprintf("OrderBook[%d]", i), &p.OrderBook[i].Channel))
	}
	return all
}
