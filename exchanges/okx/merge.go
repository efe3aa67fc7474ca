package okx

import (
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
)

// mergeBook brings an update of books straight into the book, where it is byte for byte in the
// form that the venue sends (section 4.4): a quarter less time than parseBook and Apply. All of
// it is read before the book is touched: what is unusual anywhere is left to parseBook.
func mergeBook(s *book.Sync, _ *exchange.Scope, b []byte) (book.Verdict, error) {
	arg := usual(b)
	if arg == nil {
		return book.Keep, nil
	}
	x := exact{b: b, i: len(`{"arg":`) + len(arg)}
	var levels [96]parts
	x.word(`,"action":"update","data":[{"asks":[`)
	asks := x.levels(levels[:0:len(levels)])
	x.word(`,"bids":[`)
	bids := x.levels(asks[len(asks):])
	u := x.update()
	if x.i != len(b) {
		return book.Keep, nil
	}
	v := s.Begin(&u)
	if v != book.Apply {
		return v, nil
	}
	for i := range asks {
		p := &asks[i]
		s.SetAsk(p.price, int(p.priceScale), p.size, int(p.sizeScale))
	}
	for i := range bids {
		p := &bids[i]
		s.SetBid(p.price, int(p.priceScale), p.size, int(p.sizeScale))
	}
	return v, s.End()
}

// parts is a level as whole numbers.
type parts struct {
	price, size           uint64
	priceScale, sizeScale uint8
}

// exact is a cursor over a frame of one form. i is beyond the end when the frame is not
// of it, or has more levels than there is room for.
type exact struct {
	b []byte
	i int
}

func (x *exact) fail() { x.i = len(x.b) + 1 }

// word reads what must stand there.
func (x *exact) word(w string) {
	if len(x.b)-x.i < len(w) || string(x.b[x.i:x.i+len(w)]) != w {
		x.fail()
		return
	}
	x.i += len(w)
}

// levels reads ["64121","0.5","0","4"],… and the bracket behind them, into the room of dst.
func (x *exact) levels(dst []parts) []parts {
	b, i := x.b, x.i
	x.fail() // until all is read
	if i < len(b) && b[i] == ']' {
		x.i = i + 1
		return dst[:0]
	}
	for n := 0; n < cap(dst); n++ {
		dst = dst[:n+1]
		p := &dst[n]
		const least = len(`["1","1","0","1"]]`)
		if len(b)-i < least || b[i] != '[' || b[i+1] != '"' {
			return dst
		}
		p.price, p.priceScale, i = plainNumber(b, i+2)
		if len(b)-i < 3 || b[i] != '"' || b[i+1] != ',' || b[i+2] != '"' {
			return dst
		}
		p.size, p.sizeScale, i = plainNumber(b, i+3)
		if len(b)-i < 10 || string(b[i:i+7]) != `","0","` {
			return dst
		}
		for i += 7; i < len(b) && b[i]-'0' <= 9; i++ { // orders
		}
		if len(b)-i < 3 || b[i] != '"' || b[i+1] != ']' {
			return dst
		}
		i += 3
		switch b[i-1] {
		case ',':
		case ']':
			x.i = i
			return dst
		default:
			return dst
		}
	}
	return dst
}

// plainNumber reads a number of at most 18 digits; end is beyond the end of b when there is none.
func plainNumber(b []byte, from int) (coef uint64, scale uint8, end int) {
	i := from
	for ; i < len(b) && b[i]-'0' <= 9; i++ { // digit by digit: the branch predictor knows how many there are
		coef = coef*10 + uint64(b[i]-'0')
	}
	digits := i - from
	if digits == 0 || digits > 1 && b[from] == '0' {
		return 0, 0, len(b) + 1
	}
	if i < len(b) && b[i] == '.' {
		point := i + 1
		for i++; i < len(b) && b[i]-'0' <= 9; i++ {
			coef = coef*10 + uint64(b[i]-'0')
		}
		if i == point {
			return 0, 0, len(b) + 1
		}
		digits += i - point
		scale = uint8(i - point)
	}
	if digits > 18 {
		return 0, 0, len(b) + 1
	}
	return coef, scale, i
}

// number reads a whole number.
func (x *exact) number() int64 {
	negative := x.i < len(x.b) && x.b[x.i] == '-'
	if negative {
		x.i++
	}
	coef, scale, end := plainNumber(x.b, x.i)
	x.i = end
	switch {
	case scale != 0:
		x.fail()
	case negative:
		return -int64(coef)
	}
	return int64(coef)
}

// update reads what stands behind the levels, to the end of the frame. A first update,
// which is a snapshot, and a time that is none are unusual.
func (x *exact) update() (u book.Update) {
	x.word(`,"ts":"`)
	ms := x.number()
	x.word(`","checksum":`)
	u.Checksum = uint32(x.number())
	u.HasChecksum = u.Checksum != 0
	x.word(`,"prevSeqId":`)
	u.Prev = x.number()
	x.word(`,"seqId":`)
	u.Last = x.number()
	x.word(`}]}`)
	if u.Time = time.UnixMilli(ms).UTC(); ms <= 0 || u.Prev < 0 {
		x.fail()
	}
	return u
}
