package exchange_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/internal/corpus"
)

// furtherCases are the books of HTX (the window of 150 levels, packed), Backpack and AllTick (five whole levels).
func furtherCases() []bookCase {
	pair, usdc := btcusdt, btcusdt
	pair.ID, pair.TickSize, pair.StepSize = "btcusdt", decimal.MustParse("0.01"), decimal.MustParse("0.00001")
	usdc.ID, usdc.Symbol, usdc.Quote, usdc.TickSize, usdc.StepSize = "BTC_USDC", "BTC/USDC", "USDC", pair.TickSize, pair.StepSize
	first := func(all [][]byte) ([]byte, [][]byte) { return all[0], all[1:] }
	return []bookCase{
		{"huobi", huobi.Venue(), "spot", pair, 2,
			func(s *corpus.Stream) ([]byte, [][]byte) { return first(s.Huobi(163200418790)) },
			func(one bool) ordinary { return &ordinaryHuobi{} }, 120},
		{"backpack", backpack.Venue(), "spot", usdc, 0,
			func(s *corpus.Stream) ([]byte, [][]byte) { return s.BackpackSnapshot(900100), s.Backpack(900100) },
			func(one bool) ordinary { return &ordinaryBackpack{} }, 0},
		{"alltick", alltick.Venue(), "non-stock", btcusdt, 0,
			func(s *corpus.Stream) ([]byte, [][]byte) { return first(s.AllTick(5)) },
			func(one bool) ordinary { return &ordinaryAllTick{} }, 20},
	}
}

func (c *bookCase) channelOf() *exchange.BookChannel {
	for _, f := range c.venue.Families {
		if f.Name == c.family {
			return &f.Push.OrderBook[c.channel]
		}
	}
	return nil
}

// unpacked is what the ordinary client does with a frame that is packed.
func unpacked(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

type ordinaryHuobi struct{ floatBook }

func (o *ordinaryHuobi) snapshot(b []byte) error {
	o.bids, o.asks = nil, nil
	return o.frame(b)
}

func (o *ordinaryHuobi) frame(b []byte) error {
	type picture struct {
		SeqNum, PrevSeqNum int64
		Bids, Asks         [][2]json.Number
	}
	var m struct {
		Ch   string
		TS   int64
		Tick picture
		Data picture
	}
	text, err := unpacked(b)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	if m.Ch == "" {
		m.Tick = m.Data
	}
	plain := func(levels [][2]json.Number) (out [][]string) {
		for _, l := range levels {
			out = append(out, []string{string(l[0]), string(l[1])})
		}
		return out
	}
	return o.apply(plain(m.Tick.Bids), plain(m.Tick.Asks))
}

type ordinaryBackpack struct{ floatBook }

func (o *ordinaryBackpack) snapshot(b []byte) error {
	var m struct{ Bids, Asks [][]string }
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	o.bids, o.asks = nil, nil
	return o.apply(m.Bids, m.Asks)
}

func (o *ordinaryBackpack) frame(b []byte) error {
	var m struct {
		Stream string
		Data   struct {
			First int64      `json:"U"`
			Last  int64      `json:"u"`
			Bids  [][]string `json:"b"`
			Asks  [][]string `json:"a"`
		}
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	return o.apply(m.Data.Bids, m.Data.Asks)
}

type ordinaryAllTick struct{ floatBook }

func (o *ordinaryAllTick) snapshot(b []byte) error { return o.frame(b) }

func (o *ordinaryAllTick) frame(b []byte) error {
	type level struct{ Price, Volume string }
	var m struct {
		Data struct {
			Code       string
			Bids, Asks []level
		}
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	plain := func(levels []level) (out [][]string) {
		for _, l := range levels {
			out = append(out, []string{l.Price, l.Volume})
		}
		return out
	}
	o.bids, o.asks = o.bids[:0], o.asks[:0]
	return o.apply(plain(m.Data.Bids), plain(m.Data.Asks))
}

// readerCase is a stream of trades or best prices on its way to a reader.
type readerCase struct {
	name   string
	of     bookCase
	trades bool
	frames func([]corpus.Print) [][]byte
	read   func([]byte) (float64, error) // as the ordinary client does
}

func readerCases() []readerCase {
	books := furtherCases()
	return []readerCase{
		{"huobi/trades", books[0], true, corpus.HuobiTrades, func(b []byte) (float64, error) {
			var m struct {
				Tick struct {
					Data []struct{ Price, Amount float64 }
				}
			}
			text, err := unpacked(b)
			if err != nil {
				return 0, err
			}
			err = json.Unmarshal(text, &m)
			return m.Tick.Data[0].Price, err
		}},
		{"huobi/bidask", books[0], false, corpus.HuobiBidAsk, func(b []byte) (float64, error) {
			var m struct {
				Tick struct{ Bid, BidSize, Ask, AskSize float64 }
			}
			text, err := unpacked(b)
			if err != nil {
				return 0, err
			}
			err = json.Unmarshal(text, &m)
			return m.Tick.Bid, err
		}},
		{"backpack/trades", books[1], true, corpus.BackpackTrades, func(b []byte) (float64, error) {
			var m struct {
				Data struct {
					Price string `json:"p"`
					Size  string `json:"q"`
				}
			}
			if err := json.Unmarshal(b, &m); err != nil {
				return 0, err
			}
			return strconv.ParseFloat(m.Data.Price, 64)
		}},
		{"backpack/bidask", books[1], false, corpus.BackpackBidAsk, func(b []byte) (float64, error) {
			var m struct{ Data map[string]any }
			if err := json.Unmarshal(b, &m); err != nil {
				return 0, err
			}
			return strconv.ParseFloat(m.Data["b"].(string), 64)
		}},
		{"alltick/trades", books[2], true, corpus.AllTickTrades, func(b []byte) (float64, error) {
			var m struct {
				Data struct{ Price, Volume string }
			}
			if err := json.Unmarshal(b, &m); err != nil {
				return 0, err
			}
			return strconv.ParseFloat(m.Data.Price, 64)
		}},
	}
}

// reader makes the way of the frames to one reader, who counts what he gets.
func (c *readerCase) reader(t testing.TB) (reel *exchange.Reel, got *int, end func()) {
	t.Helper()
	client, reel := exchange.Plays(c.of.venue, c.of.family, c.of.market, corpusBatch)
	got = new(int)
	if c.trades {
		sub, err := client.WatchTrades(t.Context(), c.of.market.Symbol)
		if err != nil {
			t.Fatal(err)
		}
		sub.OnEvent(func(v *exchange.Trade) {
			if v.Price.Sign() > 0 && v.Size.Sign() > 0 && v.Side != "" && v.Break == nil {
				*got++
			}
		})
	} else {
		sub, err := client.WatchBidAsk(t.Context(), c.of.market.Symbol)
		if err != nil {
			t.Fatal(err)
		}
		sub.OnEvent(func(v *exchange.BidAsk) {
			if v.Bid.Cmp(v.Ask) < 0 && v.BidSize.Sign() > 0 {
				*got++
			}
		})
	}
	return reel, got, func() { client.Close() }
}

// BenchmarkFrameToReader brings frames of trades and of best prices from the receive buffer to one reader:
// unpacked, routed, parsed, checked for what is missing, published. "ordinary" is encoding/json, and
// compress/gzip where frames are packed.
func BenchmarkFrameToReader(b *testing.B) {
	for _, c := range readerCases() {
		b.Run(c.name+"/exact", func(b *testing.B) {
			reel, got, end := c.reader(b)
			defer end()
			first := int64(0)
			next := func() [][]byte {
				frames := received(c.frames(corpus.Prints(1, first, corpusFrames)))
				first += corpusFrames
				return frames
			}
			reel.Play(next())
			if *got < corpusFrames/corpusBatch {
				b.Fatalf("%d values of %d frames", *got, corpusFrames)
			}
			frames := next()
			inCycles(b, frames, func() {
				copy(frames, next())
			}, func(part [][]byte) { reel.Play(part) })
		})
		b.Run(c.name+"/ordinary", func(b *testing.B) {
			sum := 0.0
			inCycles(b, received(c.frames(corpus.Prints(1, 0, corpusFrames))), func() {}, func(part [][]byte) {
				for _, f := range part {
					price, err := c.read(f)
					if err != nil {
						b.Fatal(err)
					}
					sum += price
				}
			})
		})
	}
}

// On the steady way of a frame nothing is allocated, what is packed unpacked included: not to the book, and not
// to readers, but the id of a trade where the venue's is no number that can be made when it is asked for. Time is
// virtual: it stands while frames are read, and so no heartbeat falls among them, however slow the machine.
func TestSteadyWayAllocatesNothing(t *testing.T) {
	for _, c := range bookCases() {
		snapshot, frames := c.frames(c.of(1, 400, corpusFrames))
		for _, fused := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				line := exchange.NewLine(c.venue, c.family, c.market, c.channel, fused, corpusBatch)
				defer line.Close()
				line.View(t.Context(), 1).OnEvent(func(*exchange.OrderBook) {})
				steady(t, fmt.Sprintf("book of %s, fused %v", c.name, fused), 0, len(frames), func() { line.Begin(snapshot) }, func() { line.Play(frames) })
			})
		}
	}
	for _, c := range readerCases() {
		synctest.Test(t, func(t *testing.T) {
			reel, got, end := c.reader(t)
			defer end()
			ids := 0.0
			if c.trades {
				ids = 1
			}
			var frames [][]byte
			var n int64
			steady(t, c.name, ids, corpusFrames, func() {
				frames = c.frames(corpus.Prints(1, n, corpusFrames))
				n += corpusFrames
			}, func() { reel.Play(frames) })
			if *got < corpusFrames/corpusBatch {
				t.Errorf("%s: %d values of %d frames", c.name, *got, corpusFrames)
			}
		})
	}
}

// steady checks how much a run over so many frames allocates, the least of a few times, which the first that is good ends: at
// first all memory is made. What is less than one in a hundred frames is memory that grows, or the runtime's own.
func steady(t *testing.T, what string, most float64, frames int, prepare, run func()) {
	t.Helper()
	least := math.Inf(1)
	for n := 0; n < 6 && least > most+0.01; n++ {
		prepare()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run()
		runtime.ReadMemStats(&after)
		least = min(least, float64(after.Mallocs-before.Mallocs)/float64(frames))
	}
	if least > most+0.01 {
		t.Errorf("%s: %.2f allocations a frame, want %v", what, least, most)
	}
}
