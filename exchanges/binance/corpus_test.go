package binance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

var (
	spotBTC = &exchange.Market{
		ID: "BTCUSDT", Symbol: "BTC/USDT", Family: spot, Kind: exchange.Spot, Base: "BTC", Quote: "USDT", Active: true,
		TickSize: decimal.MustParse("0.01"), StepSize: decimal.MustParse("0.00001"),
	}
	linearBTC = &exchange.Market{
		ID: "BTCUSDT", Symbol: "BTC/USDT:USDT", Family: linear, Kind: exchange.Swap, Base: "BTC", Quote: "USDT", Settle: "USDT", Active: true,
		TickSize: decimal.MustParse("0.10"), StepSize: decimal.MustParse("0.001"),
	}
)

// corpus is a snapshot and the frames that follow it, as the venue writes them: made by
// rank from the best price as real changes are (half of them among the best ten levels,
// one in ten beyond the hundredth), on either side of a price that is never crossed, so that they
// can be played again and again.
type corpus struct {
	snapshot book.Update
	frames   [][]byte
	size     float64 // mean bytes of a frame
	levels   float64 // mean levels of a frame
}

func newCorpus(n, depth int, futures bool) *corpus {
	r := rand.New(rand.NewPCG(7, 9))
	c := &corpus{snapshot: book.Update{Snapshot: true, Last: 81_234_567_890}}
	const mid = 6_825_010
	unit := int64(1) // hundredths in a tick
	if futures {
		unit = 10
	}
	prices := [2][]int64{}
	for k := range prices {
		price := mid + int64(k)*unit
		for range depth * 5 / 4 {
			prices[k] = append(prices[k], price)
			price += int64(2*k-1) * unit * (1 + int64(r.ExpFloat64()*3))
		}
	}
	text := func(ticks, lots int64) (string, string) {
		if futures {
			return fmt.Sprintf("%d.%02d", ticks/100, ticks%100), fmt.Sprintf("%d.%03d", lots/1e5, lots%1e5/1e2)
		}
		return fmt.Sprintf("%d.%02d000000", ticks/100, ticks%100), fmt.Sprintf("%d.%05d000", lots/1e5, lots%1e5)
	}
	lots := func() int64 { return 1 + int64(math.Exp(r.NormFloat64()*1.6)*20_000) }
	for k := range prices {
		for range depth {
			price, size := text(prices[k][len(c.snapshot.Bids)*(1-k)+len(c.snapshot.Asks)*k], lots())
			l := book.Level{Price: decimal.MustParse(price), Size: decimal.MustParse(size)}
			if k == 0 {
				c.snapshot.Bids = append(c.snapshot.Bids, l)
			} else {
				c.snapshot.Asks = append(c.snapshot.Asks, l)
			}
		}
	}
	id, at := c.snapshot.Last, int64(1_763_776_800_160)
	for len(c.frames) < n {
		prev := id
		sides := [2]string{}
		count := 0
		for k := range sides {
			var ls []string
			rank := 0
			for range int(r.ExpFloat64() * 4.3) {
				if rank += int(math.Exp(math.Log(3) + r.NormFloat64()*1.9)); rank >= len(prices[k]) {
					break
				}
				size := lots()
				if r.IntN(9) < 2 {
					size = 0
				}
				p, z := text(prices[k][rank], size)
				ls = append(ls, `["`+p+`","`+z+`"]`)
			}
			count += len(ls)
			sides[k] = strings.Join(ls, ",")
		}
		if count == 0 {
			continue // nothing is sent when nothing changes
		}
		id += int64(count + r.IntN(30))
		at += 100
		var f string
		if futures {
			f = fmt.Sprintf(`{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":%d,"T":%d,"s":"BTCUSDT","U":%d,"u":%d,"pu":%d,"b":[%s],"a":[%s],"ps":"BTCUSDT","st":1}}`, at, at-9, prev+7, id+7, prev, sides[0], sides[1])
			id += 7
		} else {
			f = fmt.Sprintf(`{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":%d,"s":"BTCUSDT","U":%d,"u":%d,"b":[%s],"a":[%s]}}`, at, prev+1, id, sides[0], sides[1])
		}
		c.frames = append(c.frames, []byte(f))
		c.size += float64(len(f)) / float64(n)
		c.levels += float64(count) / float64(n)
	}
	return c
}

// data cuts the wrapper off a frame.
func data(frame []byte) []byte {
	return frame[len(`{"stream":"btcusdt@depth@100ms","data":`) : len(frame)-1]
}

// newSync is a book as the client makes it.
func newSync(m *exchange.Market, rule book.Rule) *book.Sync {
	return book.NewSync(book.Config{Rule: rule, Tick: m.TickSize, Step: m.StepSize})
}

// again is a rule under which a corpus may begin anew, at the cost of the true one.
func again(rule book.Rule) book.Rule {
	return func(at book.At, u *book.Update) book.Verdict {
		_ = rule(at, u)
		return book.Apply
	}
}
