package book

import "github.com/depthwire/depthwire/decimal"

// Begin is Apply for a parser that merges levels while it reads them: u says all but the
// levels. Apply: SetBid and SetAsk follow for each level, then End, or Abort if the frame
// breaks. Skip: nothing follows. Keep: the levels are needed together; parse the whole
// Update and give it to Sync.Apply, which tells why.
func (s *Sync) Begin(u *Update) Verdict {
	if u.Snapshot || s.refreshing {
		return Keep
	}
	if s.state == Syncing {
		if s.waiting.max == 0 {
			return Skip
		}
		return Keep
	}
	// What Rule is given a pointer to cannot stay on the caller's stack. It looks at the
	// head only; a whole copy would cost 10 ns.
	r := &s.replayed
	r.First, r.Last, r.Prev, r.Time = u.First, u.Last, u.Prev, u.Time
	v := s.judge(s.at, s.heard, r)
	switch v {
	case Skip:
		s.heard = u.Last
		return Skip
	case Apply:
		s.heard, s.open = u.Last, headOf(u)
		return Apply
	}
	return Keep
}

// SetBid sets the size at a price, each a coefficient and how many of its digits are
// after the point. What is wrong with them is told by End.
func (s *Sync) SetBid(price uint64, priceScale int, size uint64, sizeScale int) {
	b := &s.book
	if uint(priceScale) < scales && uint(sizeScale) < scales {
		p, z := &b.price.at[priceScale], &b.size.at[sizeScale]
		ticks, lots := p.quotient(price), z.quotient(size)
		if ticks < p.limit && lots < z.limit {
			b.bids.set(int64(ticks*p.mul), int64(lots*z.mul))
			return
		}
	}
	b.setBid(Level{decimal.FromParts(false, price, priceScale), decimal.FromParts(false, size, sizeScale)})
}

// SetAsk is SetBid for the other side.
func (s *Sync) SetAsk(price uint64, priceScale int, size uint64, sizeScale int) {
	b := &s.book
	if uint(priceScale) < scales && uint(sizeScale) < scales {
		p, z := &b.price.at[priceScale], &b.size.at[sizeScale]
		ticks, lots := p.quotient(price), z.quotient(size)
		if ticks < p.limit && lots < z.limit {
			b.asks.set(-int64(ticks*p.mul), int64(lots*z.mul))
			return
		}
	}
	b.setAsk(Level{decimal.FromParts(false, price, priceScale), decimal.FromParts(false, size, sizeScale)})
}

// Lot is a level in digits: a coefficient each for price and size, and how many of its digits are after the point.
type Lot struct {
	Price, Size           uint64
	PriceScale, SizeScale int32
}

// SetLots is SetBid and SetAsk for many levels.
func (s *Sync) SetLots(bids, asks []Lot) {
	b := &s.book
	for i := range bids {
		l := &bids[i]
		if ticks, lots, ok := b.whole(l); ok {
			b.bids.set(ticks, lots)
		} else {
			b.setBid(l.level())
		}
	}
	for i := range asks {
		l := &asks[i]
		if ticks, lots, ok := b.whole(l); ok {
			b.asks.set(-ticks, lots)
		} else {
			b.setAsk(l.level())
		}
	}
}

// whole returns a level in ticks and lots, where it is whole numbers of both.
func (b *Book) whole(l *Lot) (ticks, lots int64, ok bool) {
	if uint32(l.PriceScale) >= scales || uint32(l.SizeScale) >= scales {
		return 0, 0, false
	}
	p, z := &b.price.at[l.PriceScale], &b.size.at[l.SizeScale]
	t, n := p.quotient(l.Price), z.quotient(l.Size)
	return int64(t * p.mul), int64(n * z.mul), t < p.limit && n < z.limit
}

func (l *Lot) level() Level {
	return Level{decimal.FromParts(false, l.Price, int(l.PriceScale)), decimal.FromParts(false, l.Size, int(l.SizeScale))}
}

// End ends what Begin began. Its errors are those of Apply.
func (s *Sync) End() error {
	if !s.open.begun {
		return s.Abort()
	}
	return s.finish()
}

// Abort drops the book because what Begin began broke inside, and returns ErrGap.
func (s *Sync) Abort() error {
	s.drop()
	return ErrGap
}

// applyLevels merges the levels of a delta.
func (s *Sync) applyLevels(u *Update) {
	for _, l := range u.Bids {
		price, priceScale, ok := l.Price.Parts()
		size, sizeScale, whole := l.Size.Parts()
		if ok && whole {
			s.SetBid(price, priceScale, size, sizeScale)
		} else {
			s.book.setBid(l)
		}
	}
	for _, l := range u.Asks {
		price, priceScale, ok := l.Price.Parts()
		size, sizeScale, whole := l.Size.Parts()
		if ok && whole {
			s.SetAsk(price, priceScale, size, sizeScale)
		} else {
			s.book.setAsk(l)
		}
	}
}

func (b *Book) setBid(l Level) {
	if key, lots, ok := b.fit(l); ok {
		b.bids.set(key, lots)
	} else if b.admit(l) {
		b.bidTree.set(l, b.keepZero)
	}
}

func (b *Book) setAsk(l Level) {
	if key, lots, ok := b.fit(l); ok {
		b.asks.set(-key, lots)
	} else if b.admit(l) {
		b.askTree.set(l, b.keepZero)
	}
}

// fit returns a level in ticks and lots, refining the lots where that makes it fit.
func (b *Book) fit(l Level) (ticks, lots int64, ok bool) {
	if b.trees {
		return 0, 0, false
	}
	ticks, ok = b.price.units(l.Price)
	if !ok {
		return 0, 0, false
	}
	if lots, ok = b.size.units(l.Size); ok || !b.refine(l.Size) {
		return ticks, lots, ok
	}
	lots, ok = b.size.units(l.Size)
	return ticks, lots, ok
}

// admit decides about a level that does not fit the ladders: whether a tree takes it.
func (b *Book) admit(l Level) bool {
	noSize := l.Size.Absent() && !b.keepZero
	if noSize || l.Price.Absent() || l.Price.Sign() < 0 || l.Size.Sign() < 0 {
		b.bad = true
		return false
	}
	if b.trees {
		return true
	}
	if l.Size.IsZero() {
		return false // no ladder can have had it
	}
	b.useTrees()
	return true
}

// refine makes the lots small enough for size, whose digits go beyond the step: that
// happens, and would not be worth a tree.
func (b *Book) refine(size decimal.Decimal) bool {
	coef, scale, ok := size.Parts()
	if !ok {
		return false
	}
	_, scale = trim(coef, scale)
	by, ok := scaleUp(1, scale-b.size.scale)
	if !ok || scale <= b.size.scale {
		return false
	}
	g := b.size
	if !g.refine(scale) || !b.bids.fits(by, g.top()) || !b.asks.fits(by, g.top()) {
		return false
	}
	b.bids.multiply(int64(by))
	b.asks.multiply(int64(by))
	b.size = g
	return true
}

// load makes the book what a snapshot says.
func (b *Book) load(u *Update) {
	b.clear()
	b.bad = false
	if !b.loadLadders(u) {
		b.clear()
		b.useTrees()
		b.loadTree(b.bidTree, u.Bids)
		b.loadTree(b.askTree, u.Asks)
	}
	bids, asks := b.Len()
	if u.Limit > 0 && len(u.Bids) >= u.Limit {
		b.bidBound, _ = b.nth(bids - 1)
	}
	if u.Limit > 0 && len(u.Asks) >= u.Limit {
		_, b.askBound = b.nth(asks - 1)
	}
}

// loadLadders reports whether the increments are known and all levels fit.
func (b *Book) loadLadders(u *Update) (ok bool) {
	b.trees = false
	if b.price, ok = newGrid(b.tick); !ok || b.keepZero {
		return false
	}
	if b.size, ok = newSizeGrid(b.step); !ok {
		return false
	}
	for i := range u.Bids {
		key, lots, ok := b.fit(u.Bids[i])
		if !ok {
			return false
		}
		if lots != 0 {
			b.bids.far.push(key, lots)
		}
	}
	for i := range u.Asks {
		key, lots, ok := b.fit(u.Asks[i])
		if !ok {
			return false
		}
		if lots != 0 {
			b.asks.far.push(-key, lots)
		}
	}
	b.bids.load()
	b.asks.load()
	return true
}

func (b *Book) loadTree(t tree, levels []Level) {
	for _, l := range levels {
		if b.admit(l) && (b.keepZero || !l.Size.IsZero()) {
			t.set(l, b.keepZero)
		}
	}
}

// useTrees moves the levels from the ladders to trees, where they stay until the next snapshot.
func (b *Book) useTrees() {
	if b.bidTree.levels == nil {
		b.bidTree, b.askTree = newTree(true), newTree(false)
	}
	for l := range b.Bids() {
		b.bidTree.set(l, false)
	}
	for l := range b.Asks() {
		b.askTree.set(l, false)
	}
	b.bids.clear()
	b.asks.clear()
	b.price, b.size = grid{}, grid{}
	b.trees = true
}

// clear removes all levels and keeps the memory.
func (b *Book) clear() {
	b.bids.clear()
	b.asks.clear()
	if b.bidTree.levels != nil {
		b.bidTree.levels.Clear(true)
		b.askTree.levels.Clear(true)
	}
	b.bidBound, b.askBound = decimal.Decimal{}, decimal.Decimal{}
}
