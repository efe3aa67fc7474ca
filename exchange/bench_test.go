package exchange_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/internal/corpus"
)

// The corpora of the benchmarks: so many frames, in batches as they are found in the
// receive buffer of a busy socket. More of them would not stay in a cache of 1 MB, where
// what has just been received is; fewer would be learned by the branch predictor.
const (
	corpusFrames = 2048
	corpusBatch  = 16
)

// received puts frames one behind the other, as they lie in a receive buffer.
func received(frames [][]byte) [][]byte {
	var buffer []byte
	for _, f := range frames {
		buffer = append(buffer, f...)
	}
	out := make([][]byte, len(frames))
	for i, f := range frames {
		out[i], buffer = buffer[:len(f):len(f)], buffer[len(f):]
	}
	return out
}

type bookCase struct {
	name    string
	venue   *exchange.Venue
	family  string
	market  exchange.Market
	channel int
	frames  func(*corpus.Stream) (snapshot []byte, frames [][]byte)
	client  func(onestruct bool) ordinary
	levels  int // that the channel has at most; 0: any number
}

var btcusdt = exchange.Market{
	ID: "BTCUSDT", Symbol: "BTC/USDT", Kind: exchange.Spot, Base: "BTC", Quote: "USDT", Active: true,
	TickSize: decimal.MustParse("0.01000000"), StepSize: decimal.MustParse("0.00001000"),
}

func bookCases() []bookCase {
	linear, okxSpot := btcusdt, btcusdt
	linear.Symbol, linear.TickSize, linear.StepSize = "BTC/USDT:USDT", decimal.MustParse("0.01"), decimal.MustParse("0.00001")
	okxSpot.ID, okxSpot.TickSize, okxSpot.StepSize = "BTC-USDT", decimal.MustParse("0.01"), decimal.MustParse("0.00001")
	return append([]bookCase{
		{"binance-spot", binance.Venue(), "spot", btcusdt, 1,
			func(s *corpus.Stream) ([]byte, [][]byte) { return s.BinanceSnapshot(1000), s.BinanceSpot(1000) },
			func(one bool) ordinary { return &ordinaryBinance{one: one} }, 0},
		{"binance-linear", binance.Venue(), "linear", linear, 1,
			func(s *corpus.Stream) ([]byte, [][]byte) { return s.BinanceSnapshot(1000), s.BinanceLinear(1000) },
			func(one bool) ordinary { return &ordinaryBinance{one: one} }, 0},
		{"okx", okx.Venue(), "spot", okxSpot, 2,
			func(s *corpus.Stream) ([]byte, [][]byte) { all := s.OKX(1000); return all[0], all[1:] },
			func(one bool) ordinary { return &ordinaryOKX{one: one} }, 0},
	}, furtherCases()...)
}

// of draws the book and what happens to it, no deeper than the channel goes.
func (c *bookCase) of(seed uint64, levels, messages int) *corpus.Stream {
	if c.levels > 0 {
		levels = min(levels, c.levels)
	}
	return corpus.New(seed, levels, messages)
}

// BenchmarkFrameToBook brings raw frames of a venue the whole way but the network:
// routed, checked for sequence, parsed, merged, and with each batch the best prices published
// to one reader. "ordinary" is the client that one writes in an afternoon: encoding/json, once
// for the wrapper, which tells what is in it, and once for that; ParseFloat; a sorted slice.
// "onestruct" is the same where nothing but deltas comes on the socket, so that one struct will
// do for both.
func BenchmarkFrameToBook(b *testing.B) {
	for _, c := range bookCases() {
		for _, levels := range []int{20, 120, 400, 1000, 5000} {
			if c.levels > 0 && levels > c.levels {
				continue
			}
			snapshot, frames := c.frames(c.of(1, levels, corpusFrames))
			frames = received(frames)
			for _, fused := range []bool{true, false} {
				if fused && c.channelOf().Merge == nil {
					continue
				}
				way := map[bool]string{true: "exact", false: "tolerant"}[fused]
				b.Run(fmt.Sprintf("%s/%d/%s", c.name, levels, way), func(b *testing.B) {
					benchLine(b, c, fused, snapshot, frames)
				})
			}
			b.Run(fmt.Sprintf("%s/%d/ordinary", c.name, levels), func(b *testing.B) {
				benchOrdinary(b, c.client(false), snapshot, frames)
			})
			b.Run(fmt.Sprintf("%s/%d/onestruct", c.name, levels), func(b *testing.B) {
				benchOrdinary(b, c.client(true), snapshot, frames)
			})
		}
	}
}

func benchLine(b *testing.B, c bookCase, fused bool, snapshot []byte, frames [][]byte) {
	line := exchange.NewLine(c.venue, c.family, c.market, c.channel, fused, corpusBatch)
	defer line.Close()
	published := 0
	sub := line.View(b.Context(), 1)
	sub.OnEvent(func(o *exchange.OrderBook) {
		if bid, ask := o.Best(); bid.Price.Cmp(ask.Price) < 0 {
			published++
		}
	})
	for range 2 { // the second time the book has been at the end before
		published = 0
		line.Run(snapshot, frames)
		if published < len(frames)/corpusBatch {
			b.Fatalf("%d states published of %d frames", published, len(frames))
		}
	}
	inCycles(b, frames, func() { line.Begin(snapshot) }, func(part [][]byte) { line.Play(part) })
}

// inCycles runs b.N frames in cycles of the corpus. Each begins with the same book, which is
// not timed.
func inCycles(b *testing.B, frames [][]byte, begin func(), run func([][]byte)) {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	b.SetBytes(int64(size / len(frames)))
	b.ReportAllocs()
	clock := cpuClock{}
	b.ResetTimer()
	for n := 0; n < b.N; n += len(frames) {
		b.StopTimer()
		begin()
		part := frames[:min(len(frames), b.N-n)]
		b.StartTimer()
		clock.start()
		run(part)
		clock.stop()
		b.StopTimer()
	}
	b.ReportMetric(float64(clock.used)/float64(b.N), "cpu-ns/op")
}

// BenchmarkSlowReader is the way of a frame with somebody beside it, on a core of his own, who
// takes one state of 20 levels while the reader of every batch is given a hundred. "busy" is the
// same man when he takes nothing: what lies between the two is what a slow reader costs the others.
func BenchmarkSlowReader(b *testing.B) {
	c := bookCases()[0]
	snapshot, frames := c.frames(corpus.New(1, 1000, corpusFrames))
	frames = received(frames)
	for _, reads := range []bool{false, true} {
		b.Run(map[bool]string{false: "busy", true: "reads"}[reads], func(b *testing.B) {
			line := exchange.NewLine(c.venue, c.family, c.market, c.channel, true, corpusBatch)
			defer line.Close()
			line.View(b.Context(), 1).OnEvent(func(*exchange.OrderBook) {})
			line.Run(snapshot, frames)
			ctx, stop := context.WithCancel(b.Context())
			var beside sync.WaitGroup
			beside.Go(func() {
				for ctx.Err() == nil {
					if reads { // as a Fetch does: who waited in Next would be woken in each cycle, by the handing over of frames
						line.Read(20)
					}
					for began := time.Now(); time.Since(began) < 100*corpusBatch*300*time.Nanosecond; { // he has something else to do
					}
				}
			})
			inCycles(b, frames, func() { line.Begin(snapshot) }, func(part [][]byte) { line.Play(part) })
			stop()
			beside.Wait()
		})
	}
}

// ordinary is the usual client.
type ordinary interface {
	frame(b []byte) error
	snapshot(b []byte) error
	best() (bid, ask float64)
}

func benchOrdinary(b *testing.B, o ordinary, snapshot []byte, frames [][]byte) {
	sum := 0.0
	inCycles(b, frames, func() {
		if err := o.snapshot(snapshot); err != nil {
			b.Fatal(err)
		}
	}, func(part [][]byte) {
		for _, f := range part {
			if err := o.frame(f); err != nil {
				b.Fatal(err)
			}
			bid, _ := o.best()
			sum += bid
		}
	})
	if sum == 0 {
		b.Fatal("no book")
	}
}

type floatLevel struct{ price, size float64 }

// floatBook keeps both sides sorted, best first.
type floatBook struct {
	bids, asks []floatLevel
	last       int64
}

func (f *floatBook) best() (bid, ask float64) {
	if len(f.bids) == 0 || len(f.asks) == 0 {
		return 0, 0
	}
	return f.bids[0].price, f.asks[0].price
}

func (f *floatBook) side(side []floatLevel, levels [][]string, descending bool) ([]floatLevel, error) {
	for _, l := range levels {
		price, err := strconv.ParseFloat(l[0], 64)
		if err != nil {
			return nil, err
		}
		size, err := strconv.ParseFloat(l[1], 64)
		if err != nil {
			return nil, err
		}
		i := sort.Search(len(side), func(i int) bool {
			if descending {
				return side[i].price <= price
			}
			return side[i].price >= price
		})
		found := i < len(side) && side[i].price == price
		switch {
		case size == 0 && found:
			side = slices.Delete(side, i, i+1)
		case size == 0:
		case found:
			side[i].size = size
		default:
			side = slices.Insert(side, i, floatLevel{price, size})
		}
	}
	return side, nil
}

func (f *floatBook) apply(bids, asks [][]string) (err error) {
	if f.bids, err = f.side(f.bids, bids, true); err != nil {
		return err
	}
	f.asks, err = f.side(f.asks, asks, false)
	return err
}

type ordinaryBinance struct {
	floatBook
	one bool
}

type binanceDelta struct {
	Event  string     `json:"e"`
	Time   int64      `json:"E"`
	Symbol string     `json:"s"`
	First  int64      `json:"U"`
	Last   int64      `json:"u"`
	Prev   int64      `json:"pu"`
	Bids   [][]string `json:"b"`
	Asks   [][]string `json:"a"`
}

func (o *ordinaryBinance) frame(b []byte) error {
	var d binanceDelta
	if o.one {
		var m struct {
			Stream string        `json:"stream"`
			Data   *binanceDelta `json:"data"`
		}
		m.Data = &d
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
	} else {
		var m struct {
			Stream string          `json:"stream"`
			Data   json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
		if err := json.Unmarshal(m.Data, &d); err != nil {
			return err
		}
	}
	if d.Last <= o.last {
		return nil
	}
	o.last = d.Last
	return o.apply(d.Bids, d.Asks)
}

func (o *ordinaryBinance) snapshot(b []byte) error {
	var m struct { // once in a cycle: not timed
		Last int64      `json:"lastUpdateId"`
		Bids [][]string `json:"bids"`
		Asks [][]string `json:"asks"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	o.bids, o.asks, o.last = nil, nil, m.Last
	return o.apply(m.Bids, m.Asks)
}

type ordinaryOKX struct {
	floatBook
	one bool
}

func (o *ordinaryOKX) snapshot(b []byte) error { return o.frame(b) }

type okxBook struct {
	Asks, Bids [][]string
	TS         string
	Checksum   int32
	PrevSeqID  int64
	SeqID      int64
}

func (o *ordinaryOKX) frame(b []byte) error {
	var books []okxBook
	action := ""
	if o.one {
		var m struct {
			Arg    struct{ Channel, InstID string }
			Action string
			Data   []okxBook
		}
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
		books, action = m.Data, m.Action
	} else {
		var m struct {
			Arg    struct{ Channel, InstID string }
			Action string
			Data   json.RawMessage
		}
		if err := json.Unmarshal(b, &m); err != nil {
			return err
		}
		if err := json.Unmarshal(m.Data, &books); err != nil {
			return err
		}
		action = m.Action
	}
	if action == "snapshot" {
		o.bids, o.asks = nil, nil
	}
	return o.apply(books[0].Bids, books[0].Asks)
}

// The lines of the benchmark end with the book that a plain reading of the same frames gives.
func TestLinesAgreeWithOrdinaryClient(t *testing.T) {
	for _, c := range bookCases() {
		for _, fused := range []bool{true, false} {
			snapshot, frames := c.frames(c.of(7, 400, 1000))
			line := exchange.NewLine(c.venue, c.family, c.market, c.channel, fused, corpusBatch)
			sub := line.View(t.Context(), 0)
			var got exchange.OrderBook
			states := map[book.State]int{}
			sub.OnEvent(func(o *exchange.OrderBook) {
				if states[o.State]++; o.State != book.Live {
					return
				}
				got = *o
				got.Bids, got.Asks = slices.Clone(o.Bids), slices.Clone(o.Asks)
			})
			line.Run(snapshot, frames)
			line.Close()
			o := c.client(fused)
			if err := o.snapshot(snapshot); err != nil {
				t.Fatal(err)
			}
			for _, f := range frames {
				if err := o.frame(f); err != nil {
					t.Fatal(err)
				}
			}
			var want *floatBook
			switch o := o.(type) {
			case *ordinaryBinance:
				want = &o.floatBook
			case *ordinaryOKX:
				want = &o.floatBook
			case *ordinaryHuobi:
				want = &o.floatBook
			case *ordinaryBackpack:
				want = &o.floatBook
			case *ordinaryAllTick:
				want = &o.floatBook
			}
			if states[book.Live] < len(frames)/corpusBatch {
				t.Errorf("%s fused %v: states %v", c.name, fused, states)
			}
			compareSides(t, c.name+" bids", got.Bids, want.bids)
			compareSides(t, c.name+" asks", got.Asks, want.asks)
		}
	}
}

func compareSides(t *testing.T, what string, got []exchange.Level, want []floatLevel) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d levels, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if got[i].Price.Float64() != want[i].price || got[i].Size.Float64() != want[i].size {
			t.Errorf("%s %d: %s × %s, want %v × %v", what, i, got[i].Price, got[i].Size, want[i].price, want[i].size)
			return
		}
	}
}
