package okx

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// frames returns n distinct updates of books, with about as many levels as recorded ones
// have (a mean of 24.9; those 24.7), near the touch. Few frames in a short loop would be
// learned by the branch predictor.
func frames(n int) (all [][]byte, size int) {
	r := rand.New(rand.NewPCG(3, 4))
	touch, id, at := int64(302471), int64(48930221754), int64(1789389296105)
	side := func(b []byte, dir int64) []byte {
		price := touch
		for k, levels := 0, int(r.ExpFloat64()*13); k < levels; k++ {
			if k > 0 {
				b = append(b, ',')
			}
			price += dir * (1 + int64(r.ExpFloat64()*20))
			text := decimal.New(price, 1)
			if price%10 == 0 {
				text = decimal.New(price/10, 0)
			}
			if r.IntN(5) < 2 {
				b = fmt.Appendf(b, `["%s","0","0","0"]`, text)
				continue
			}
			size := decimal.New(1+r.Int64N(99999999), 8)
			if r.IntN(5) > 1 {
				size = decimal.New(1+r.Int64N(500), 2*r.IntN(2))
			}
			b = fmt.Appendf(b, `["%s","%s","0","%d"]`, text, size, 1+r.IntN(9))
		}
		return b
	}
	for range n {
		at += 100
		prev := id
		id += 1 + int64(r.IntN(40))
		b := []byte(`{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[`)
		b = append(side(b, +1), `],"bids":[`...)
		b = append(side(b, -1), `],`...)
		b = fmt.Appendf(b, `"ts":"%d","checksum":0,"prevSeqId":%d,"seqId":%d}]}`, at, prev, id)
		all = append(all, b)
		size += len(b)
	}
	return all, size / n
}

var benchMarket = &exchange.Market{
	ID: "BTC-USDT", Symbol: "BTC/USDT", Kind: exchange.Spot, TickSize: decimal.MustParse("0.1"), StepSize: decimal.MustParse("0.00000001"),
}

func BenchmarkRoute(b *testing.B) {
	all, size := frames(4096)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	d := newDialect()
	var f stream.Frame
	i := 0
	for b.Loop() {
		f.Topic = nil
		if err := d.Route(all[i&4095], &f); err != nil || f.Topic == nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkMerge is one update of the book of 400 levels, from the frame to the book that
// has it: read straight into it, and by way of an Update.
func BenchmarkMerge(b *testing.B) {
	all, size := frames(4096)
	in := &exchange.Scope{Market: benchMarket, Args: exchange.Args{Depth: window}}
	for _, straight := range []bool{true, false} {
		name := "straight"
		if !straight {
			name = "tolerant"
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			s := book.NewSync(book.Config{Rule: linked, Tick: benchMarket.TickSize, Step: benchMarket.StepSize, Depth: window, MaxPending: -1, Sum: checksum})
			var rows []book.Update
			i := 0
			for b.Loop() {
				if i&4095 == 0 { // the numbers begin anew, and so do the levels
					b.StopTimer()
					s.Reset(book.Syncing)
					rows, _ = parseBook(rows[:0], in, frame("snapshot", -1, 48930221754, 0, level("1000000", "1"), level("1", "1")))
					if err := s.Apply(&rows[0]); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				if straight {
					v, err := mergeBook(s, in, all[i&4095])
					if err != nil {
						b.Fatal(err)
					}
					if i++; v == book.Apply {
						continue
					}
					i--
				}
				rows, _ = parseBook(rows[:0], in, all[i&4095])
				if err := s.Apply(&rows[0]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkDecodeDelta(b *testing.B) {
	all, size := frames(4096)
	in := &exchange.Scope{Market: benchMarket}
	for name, parse := range map[string]exchange.Parser[book.Update]{"tolerant": parseBook, "whole": parseWhole} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			var rows []book.Update
			i := 0
			for b.Loop() {
				var err error
				if rows, err = parse(rows[:0], in, all[i&4095]); err != nil || len(rows) != 1 {
					b.Fatal(err)
				}
				i++
			}
		})
	}
	b.Run("encodingjson", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			var m struct {
				Action string `json:"action"`
				Data   []struct {
					Asks [][4]string `json:"asks"`
					Bids [][4]string `json:"bids"`
					Ts   string      `json:"ts"`
					Sum  int64       `json:"checksum"`
					Prev int64       `json:"prevSeqId"`
					Last int64       `json:"seqId"`
				} `json:"data"`
			}
			if err := json.Unmarshal(all[i&4095], &m); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
}

func BenchmarkChecksum(b *testing.B) {
	b.ReportAllocs()
	s := newSync("0.1", "0.01")
	rows, err := parseBook(nil, &exchange.Scope{}, frame("snapshot", -1, 10, 0, ladder(40, 1000, +1), ladder(40, 1000, -1)))
	if err != nil || s.Apply(&rows[0]) != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		checksum(s.Book())
	}
}

// BenchmarkOrderUpdate is one change of an order, from the frame to the value. What is allocated is its texts.
func BenchmarkOrderUpdate(b *testing.B) {
	frame := []byte(pushedOrder)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	d, in := newPrivate(nil), &exchange.Scope{Market: pair}
	var f stream.Frame
	var dst []exchange.Order
	for b.Loop() {
		if err := d.Route(frame, &f); err != nil || f.Topic == nil {
			b.Fatal(err)
		}
		var err error
		if dst, err = parseOrders(dst[:0], in, f.Data); err != nil || len(dst) != 1 {
			b.Fatal(err)
		}
	}
}
