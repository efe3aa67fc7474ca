package venuetest

import (
	"math"
	"time"
)

// interval is a length of candles as one venue names it.
type interval struct {
	name   string
	length time.Duration // 0: months
	months int
	zone   time.Duration // the day begins that much before UTC's
}

const (
	dayLong  = 24 * time.Hour
	weekLong = 7 * dayLong
)

// open returns the opening time, in ms, of the candle that ms lies in.
func (iv interval) open(ms int64) int64 {
	zone := iv.zone.Milliseconds()
	ms += zone
	if iv.months > 0 {
		t := time.UnixMilli(ms).UTC()
		return time.Date(t.Year(), (t.Month()-1)/time.Month(iv.months)*time.Month(iv.months)+1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() - zone
	}
	length, monday := iv.length.Milliseconds(), int64(0)
	if iv.length == weekLong {
		monday = 4 * dayLong.Milliseconds() // 1970-01-01 was a Thursday
	}
	return (ms-monday)/length*length + monday - zone
}

// shift returns the opening time n candles after (before, when negative) open.
func (iv interval) shift(open int64, n int) int64 {
	if iv.months > 0 {
		zone := iv.zone.Milliseconds()
		return time.UnixMilli(open+zone).UTC().AddDate(0, n*iv.months, 0).UnixMilli() - zone
	}
	return open + int64(n)*iv.length.Milliseconds()
}

// candle is one bar. Volumes: size, quote at moneyScale, coin at moneyScale.
type candle struct {
	open                  int64 // ms
	o, h, l, c            int64
	size, quote, coin     int64
	takerSize, takerQuote int64
	count                 int64
	firstTrade, lastTrade int64
	changed               int64 // counts changes, for streams
}

func flat(open, px int64) candle {
	return candle{open: open, o: px, h: px, l: px, c: px, firstTrade: -1, lastTrade: -1}
}

// series is the candles of one interval since the start, built from trades.
type series struct {
	interval interval
	past     ring[candle] // closed
	now      candle
	end      int64 // when now closes, ms
}

// roll closes candles until the one that ms lies in is open.
func (s *series) roll(ms int64, m *market) {
	if ms < s.end {
		return
	}
	open := s.interval.open(ms)
	if s.now.open == 0 {
		s.now = flat(open, m.path(open))
	}
	if n := 3 * s.past.keep; s.interval.shift(s.now.open, n) < open {
		s.now = flat(s.interval.shift(open, -n), s.now.c) // a long silence: the older flat ones are not kept anyway
	}
	for s.now.open < open {
		s.past.add(s.now)
		s.now = flat(s.interval.shift(s.now.open, 1), s.now.c)
	}
	s.end = s.interval.shift(s.now.open, 1)
}

// add counts a trade of a market: when it was, in ms, and what it is worth, in money and in the base.
func (s *series) add(t *trade, m *market, ms, quote, coin int64) {
	s.roll(ms, m)
	c := &s.now
	if c.count == 0 {
		c.firstTrade = t.id
		if s.past.last() == nil {
			c.o, c.h, c.l = t.px, t.px, t.px
		}
	}
	c.h, c.l, c.c = max(c.h, t.px), min(c.l, t.px), t.px
	c.size, c.quote, c.coin = c.size+t.sz, c.quote+quote, c.coin+coin
	if !t.sell {
		c.takerSize, c.takerQuote = c.takerSize+t.sz, c.takerQuote+quote
	}
	c.count++
	c.changed++
	c.lastTrade = t.id
}

// bars returns the candles of an interval by the venue's name.
func (m *market) bars(name string) *series {
	for _, s := range m.series {
		if s.interval.name == name {
			return s
		}
	}
	return nil
}

// at returns the candle that opens at open: a real one, or of the time before
// the server began, an invented one that is always the same.
func (s *series) at(open int64, m *market) candle {
	if open == s.now.open {
		return s.now
	}
	kept := s.past.items
	if len(kept) > 0 && open >= kept[0].open {
		lo, hi := 0, len(kept)
		for lo < hi {
			if mid := (lo + hi) / 2; kept[mid].open < open {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if lo < len(kept) {
			return kept[lo]
		}
	}
	return s.invent(open, m)
}

func (s *series) invent(open int64, m *market) candle {
	end := s.interval.shift(open, 1)
	c := flat(open, m.path(open))
	c.c = m.path(end)
	wick := int64(float64(m.ref/m.tick)*0.001*noise(open, 7)) * m.tick
	c.h, c.l = max(c.o, c.c)+wick, max(min(c.o, c.c)-wick, m.tick)
	c.count = 1 + int64(noise(open, 8)*float64(end-open)/500)
	c.size = c.count * m.size * m.step / 4
	c.quote, c.coin = m.quote(c.c, c.size), m.coin(c.c, c.size)
	c.takerSize = c.size / m.step / 2 * m.step
	c.takerQuote = m.quote(c.c, c.takerSize)
	c.lastTrade = firstTrade - 1 - (m.day.begin.UnixMilli()-end)/500
	c.firstTrade = c.lastTrade - c.count + 1
	return c
}

// path is the invented price at a time before the start.
func (m *market) path(ms int64) int64 {
	move := 0.0
	for i, p := range []struct {
		long int64
		part float64
	}{{86_400_000, 0.01}, {3_600_000, 0.003}, {60_000, 0.0005}, {1000, 0.0001}} {
		n, frac := ms/p.long, float64(ms%p.long)/float64(p.long)
		a, b := noise(n, i), noise(n+1, i)
		move += p.part * (a + (b-a)*frac - 0.5)
	}
	return max(int64(math.Round(float64(m.ref/m.tick)*(1+move))), 1) * m.tick
}

// noise is a fixed random number in [0, 1) for n.
func noise(n int64, salt int) float64 {
	x := uint64(n)*0x9e3779b97f4a7c15 + uint64(salt)*0xd1b54a32d192ed03
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// day is the rolling 24 h statistic: the last day of the invented past, and what
// was traded since.
type day struct {
	begin                       time.Time // of the server
	open, high, low, last, prev int64
	lastSize                    int64
	size, quote, coin           int64
	count                       int64
	changed                     int64
}

// open sets the statistic to what the invented past makes of it.
func (m *market) open(now time.Time) {
	ms := now.UnixMilli()
	d := day{begin: now, open: m.path(ms - dayLong.Milliseconds()), prev: m.path(ms - dayLong.Milliseconds() - 1000)}
	d.last, d.lastSize = m.ref, m.size*m.step
	d.high, d.low = max(d.open, d.last)+m.ref/m.tick/100*m.tick, max(min(d.open, d.last)-m.ref/m.tick/100*m.tick, m.tick)
	d.count = 3_000_000
	d.size = 3000 * m.size * m.step
	d.quote, d.coin = m.quote(m.ref, d.size), m.coin(m.ref, d.size)
	m.day = d
}

func (d *day) add(t *trade, quote, coin int64) {
	d.high, d.low = max(d.high, t.px), min(d.low, t.px)
	d.last, d.lastSize = t.px, t.sz
	d.size += t.sz
	d.quote += quote
	d.coin += coin
	d.count++
	d.changed++
}
