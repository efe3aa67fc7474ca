package venuetest

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// level is one price of a side, with the number of orders that OKX tells.
type level struct{ px, sz, orders int64 }

// side is one side of the true book, best last: nearly all changes fall there,
// so that an insert moves few levels.
type side struct {
	sell   bool
	levels []level
}

// better reports whether price a is nearer to the touch than b.
func (s *side) better(a, b int64) bool {
	if s.sell {
		return a < b
	}
	return a > b
}

// best returns the level at a rank, 0 being the best.
func (s *side) rank(r int) *level { return &s.levels[len(s.levels)-1-r] }

// find returns where px is or belongs.
func (s *side) find(px int64) (int, bool) {
	return slices.BinarySearchFunc(s.levels, px, func(l level, px int64) int {
		switch {
		case l.px == px:
			return 0
		case s.better(px, l.px):
			return -1
		}
		return 1
	})
}

// set makes px have a size, 0 removing it, and returns what was there.
func (s *side) set(l level) (was level) {
	i, ok := s.find(l.px)
	switch {
	case ok && l.sz == 0:
		was = s.levels[i]
		s.levels = slices.Delete(s.levels, i, i+1)
	case ok:
		was, s.levels[i] = s.levels[i], l
	case l.sz != 0:
		s.levels = slices.Insert(s.levels, i, l)
	}
	return was
}

// top returns up to n levels, best first.
func (s *side) top(n int) []level {
	n = min(n, len(s.levels))
	out := make([]level, n)
	for i := range out {
		out[i] = *s.rank(i)
	}
	return out
}

// change is one entry of a market's history: what a level became, and was.
type change struct {
	seq  int64
	sell bool
	is   level
	was  level // sz 0: there was none
}

// trade is one match.
type trade struct {
	id, px, sz int64
	seq        int64
	at         time.Time
	sell       bool // the taker sold
}

// aggregate is what one taker order took at one price.
type aggregate struct {
	id, first, last int64
	px, sz          int64
	seq             int64
	at              time.Time
	sell            bool
}

// counter deals out sequence numbers; markets of a family may share one.
type counter struct {
	seq  int64
	step int64 // numbers are up to so far apart
}

// market is one market, its generator and its history. Under Server.mu.
type market struct {
	Market
	rng              *rand.Rand
	counter          *counter
	depth            int
	pscale, sscale   int // of prices and sizes
	pdec, sdec       int // digits after the point as written; below 0: trimmed
	tick, step, size int64
	contract         int64 // size of a contract; 1 where there are none
	cscale           int   // of contract
	ref              int64 // the price that the walk returns to
	seq              int64
	counts           map[int64]int64 // sequence by the number that a channel has of its own for it
	bids, asks       side
	history          ring[change]
	trades           ring[trade]
	aggs             ring[aggregate]
	born, bornAgg    int64 // ids of the first trade and aggregate after the start
	tradeID, aggID   int64
	day              day
	series           []*series
	resting          []*shadow // orders of accounts, in order of arrival
}

// Ids that the venues' documents show: large, and different per kind.
const (
	firstTrade = 5_400_000_000
	firstAgg   = 3_700_000_000
	warmUp     = 2_000 // changes before the start, so that there is a past
)

func newMarket(cfg Market, o Options, c *counter, intervals []interval, now time.Time) *market {
	name := fnv.New64a()
	name.Write([]byte(cfg.Family + cfg.ID))
	m := &market{
		Market: cfg, counter: c, depth: o.Depth,
		rng:     rand.New(rand.NewPCG(o.Seed, name.Sum64())),
		history: ring[change]{keep: o.History},
		trades:  ring[trade]{keep: 20_000},
		aggs:    ring[aggregate]{keep: 20_000},
		asks:    side{sell: true},
		tradeID: firstTrade, aggID: firstAgg,
	}
	m.tick, m.pscale = parseNumber(cfg.Tick)
	m.step, m.sscale = parseNumber(cfg.Step)
	m.tick, m.step = max(m.tick, 1), max(m.step, 1)
	price, scale := parseNumber(cfg.Price)
	m.ref = max(rescale(price, scale, m.pscale)/m.tick, 20) * m.tick
	if v, scale := parseNumber(cfg.Size); v > 0 {
		m.size = rescale(v, scale, m.sscale) / m.step
	}
	if m.size <= 0 {
		m.size = 500
	}
	if m.contract, m.cscale = parseNumber(cfg.ContractSize); m.contract == 0 {
		m.contract, m.cscale = 1, 0
	}
	m.seq = c.seq
	m.open(now)
	for _, iv := range intervals {
		m.series = append(m.series, &series{interval: iv, past: ring[candle]{keep: 2000}})
	}
	if cfg.Status == "" {
		m.history.items = make([]change, 0, 2*warmUp) // grown in steps it would cost as much as all else here
		m.fill()
		for i := range warmUp {
			m.change(now.Add(time.Duration(i-warmUp) * 300 * time.Millisecond))
		}
	}
	m.born, m.bornAgg = m.tradeID+1, m.aggID+1
	return m
}

// renumber makes the trades' ids larger by n, of those before the start too.
func (m *market) renumber(n int64) {
	m.tradeID, m.born = m.tradeID+n, m.born+n
	for i := range m.trades.items {
		m.trades.items[i].id += n
	}
	for i := range m.aggs.items {
		m.aggs.items[i].first += n
		m.aggs.items[i].last += n
	}
}

// fill makes the first book: uneven gaps, sizes over two orders of magnitude.
func (m *market) fill() {
	gap := max(m.ref/m.tick/50_000, 1)
	for _, s := range []*side{&m.bids, &m.asks} {
		px := m.ref
		s.levels = make([]level, 0, m.depth+m.depth/8)
		for range m.depth {
			move := (1 + m.rng.Int64N(2*gap)) * m.tick
			if !s.sell {
				move = -move
			}
			if px += move; px < m.tick {
				break
			}
			s.levels = append(s.levels, level{px, m.amount(), 1 + m.rng.Int64N(9)})
		}
		slices.Reverse(s.levels)
	}
}

// amount is a random size of a level: mostly small, sometimes large.
func (m *market) amount() int64 {
	lots := float64(m.size) * math.Exp(m.rng.NormFloat64()*1.5-0.5)
	return (1 + int64(min(lots, 1e3*float64(m.size)))) * m.step
}

// distance is a random rank with the locality of real books: half of the changes
// within 10 levels of the touch, three quarters within 38, nine tenths within 88.
func (m *market) distance() int {
	return int(math.Exp(math.Log(14) + 1.5*m.rng.NormFloat64()))
}

// set changes one level, under a new sequence number.
func (m *market) set(s *side, px, sz int64) {
	m.counter.seq += 1 + m.rng.Int64N(m.counter.step)
	m.seq = m.counter.seq
	l := level{px, sz, 1 + m.rng.Int64N(9)}
	if sz == 0 {
		l.orders = 0
	}
	m.history.add(change{m.seq, s.sell, l, s.set(l)})
}

// change lets one thing happen: an order comes, goes or grows, or a taker trades.
func (m *market) change(now time.Time) {
	if m.Status != "" {
		return
	}
	s, other := &m.bids, &m.asks
	if m.rng.IntN(2) == 0 {
		s, other = other, s
	}
	if m.rng.IntN(12) == 0 {
		m.take(now)
		return
	}
	if m.wide() && m.rng.IntN(4) == 0 {
		m.insert(s, other, 0)
		return
	}
	thin := len(s.levels) < m.depth
	r := min(m.distance(), len(s.levels)-1)
	switch p := m.rng.Float64(); {
	case len(s.levels) < 10 || thin && p < 0.4 || !thin && p < 0.25:
		m.insert(s, other, max(r, 0))
	case thin && p < 0.6 || !thin && p < 0.65:
		m.set(s, s.rank(r).px, 0)
	default:
		m.set(s, s.rank(r).px, m.amount())
	}
}

// wide reports whether the spread is wider than gaps between levels usually are.
func (m *market) wide() bool {
	bid, ask := m.touch()
	return bid.sz == 0 || ask.sz == 0 || (ask.px-bid.px)/m.tick > m.ref/m.tick/50_000+2
}

// insert puts a new price in front of the level at a rank or, where prices are
// dense, of the next one with room; the last resort is behind the whole side. At
// the touch it leans against the walk.
func (m *market) insert(s, other *side, r int) {
	up := int64(1)
	if s.sell {
		up = -1
	}
	if len(s.levels) == 0 {
		m.set(s, m.ref-up*20*m.tick, m.amount())
		return
	}
	for ; r < len(s.levels); r++ {
		behind, before := s.rank(r).px, m.ref
		switch {
		case r > 0:
			before = s.rank(r - 1).px
		case len(other.levels) > 0:
			before = other.rank(0).px
		}
		room := (before-behind)*up/m.tick - 1
		if r == 0 && (behind-m.ref)*up*50 > m.ref {
			room = 0 // 2 % beyond the reference: no further
		}
		if room > 0 {
			m.set(s, behind+up*m.tick*(1+m.rng.Int64N(room)), m.amount())
			return
		}
	}
	if px := s.levels[0].px - up*m.tick; px > 0 {
		m.set(s, px, m.amount())
	}
}

// take lets a taker trade against the best levels of one side.
func (m *market) take(now time.Time) {
	if len(m.bids.levels) < 20 || len(m.asks.levels) < 20 {
		m.insert(&m.bids, &m.asks, 0)
		return
	}
	lean := 0.5 + 10*float64(m.bids.rank(0).px-m.ref)/float64(m.ref)
	sell := m.rng.Float64() < lean
	s := &m.asks
	if sell {
		s = &m.bids
	}
	rest := max(s.rank(0).sz/m.step*int64(1+m.rng.IntN(130))/100, 1) * m.step
	for range 3 {
		l := *s.rank(0)
		sz := min(rest, l.sz)
		m.set(s, l.px, l.sz-sz)
		m.match(now, l.px, sz, sell)
		if rest -= sz; rest <= 0 {
			return
		}
	}
}

// match records what a taker took at one price, in one to three trades.
func (m *market) match(now time.Time, px, sz int64, sell bool) {
	m.aggID++
	a := aggregate{m.aggID, m.tradeID + 1, 0, px, sz, m.seq, now, sell}
	for left := sz; left > 0; {
		part := left
		if lots := left / m.step; lots > 1 && m.tradeID-a.first < 1 && m.rng.IntN(3) == 0 {
			part = (1 + m.rng.Int64N(lots-1)) * m.step
		}
		left -= part
		m.tradeID++
		t := trade{m.tradeID, px, part, m.seq, now, sell}
		m.trades.add(t)
		ms, quote, coin := now.UnixMilli(), m.quote(px, part), m.coin(px, part)
		m.day.add(&t, quote, coin)
		for _, s := range m.series {
			s.add(&t, m, ms, quote, coin)
		}
	}
	a.last = m.tradeID
	m.aggs.add(a)
}

// at returns the book as it was at seq, by undoing the changes after it.
func (m *market) at(seq int64) (Book, bool) {
	kept := m.history.items
	oldest := m.seq
	if len(kept) > 0 {
		oldest = kept[0].seq
	}
	if seq > m.seq || seq < oldest {
		return Book{}, false
	}
	bids, asks := m.bids, m.asks
	bids.levels, asks.levels = slices.Clone(bids.levels), slices.Clone(asks.levels)
	for i := len(kept) - 1; i >= 0 && kept[i].seq > seq; i-- {
		s, was := &bids, kept[i].was
		if kept[i].sell {
			s = &asks
		}
		was.px = kept[i].is.px
		s.set(was)
	}
	return Book{m.Symbol, seq, m.pscale, m.sscale, plain(bids), plain(asks)}, true
}

// count notes that a channel calls the state at seq n; its numbers grow by one.
func (m *market) count(n, seq int64) {
	if m.counts == nil {
		m.counts = make(map[int64]int64)
	}
	m.counts[n] = seq
	delete(m.counts, n-int64(m.history.keep))
}

// counted returns the sequence number of the state that a channel calls n, which is n where it has no numbers of its own.
func (m *market) counted(n int64) int64 {
	if seq, ok := m.counts[n]; ok {
		return seq
	}
	return n
}

// reset has the market count anew: what was before is no longer addressable, old numbers come again.
func (m *market) reset() {
	m.counter.seq = 1
	m.history.first, m.history.items = m.history.next(), nil
	m.counts = nil
}

func plain(s side) []Level {
	out := make([]Level, len(s.levels))
	for i := range out {
		l := s.rank(i)
		out[i] = Level{l.px, l.sz}
	}
	return out
}

// quote is the money that a size is worth at a price, at moneyScale. Of an
// inverse contract that is its face value.
func (m *market) quote(px, sz int64) int64 {
	if m.Family == "inverse" {
		return product(sz, m.contract, m.sscale+m.cscale, moneyScale)
	}
	return product(product(px, sz, m.pscale+m.sscale, moneyScale), m.contract, moneyScale+m.cscale, moneyScale)
}

// coin is the amount of the base that a size stands for, at moneyScale.
func (m *market) coin(px, sz int64) int64 {
	if m.Family == "inverse" {
		return int64(float64(m.quote(px, sz)) / float64(px) * float64(pow10[m.pscale]))
	}
	return product(sz, m.contract, m.sscale+m.cscale, moneyScale)
}
