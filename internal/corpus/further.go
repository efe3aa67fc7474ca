package corpus

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strconv"
)

// Huobi writes the book and the messages as frames of the mbp.150 channel of btcusdt, packed as the
// venue does: the first is the answer to the question for a snapshot.
func (s *Stream) Huobi(first int64) [][]byte {
	frames := make([][]byte, 0, len(s.Messages)+1)
	frames = append(frames, huobi(s.Bids, s.Asks, `{"id":"7","rep":"market.btcusdt.mbp.150","status":"ok","ts":1788081327188,"data":{"seqNum":`, first, 0))
	id := first
	for i, m := range s.Messages {
		before := id
		id += 15
		head := `{"ch":"market.btcusdt.mbp.150","ts":` + strconv.FormatInt(1788081327205+int64(i)*100, 10) + `,"tick":{"seqNum":`
		frames = append(frames, huobi(sorted(m.Bids, -1), sorted(m.Asks, 1), head, id, before))
	}
	return pack(frames)
}

func huobi(bids, asks []Level, head string, id, before int64) []byte {
	b := strconv.AppendInt([]byte(head), id, 10)
	if before > 0 {
		b = strconv.AppendInt(append(b, `,"prevSeqNum":`...), before, 10)
	}
	b = doubles(append(b, `,"bids":`...), bids)
	b = doubles(append(b, `,"asks":`...), asks)
	return append(b, "}}"...)
}

// pack makes a gzip member of each frame.
func pack(frames [][]byte) [][]byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	for i, f := range frames {
		out.Reset()
		z.Reset(&out)
		z.Write(f) // into memory: it cannot fail
		z.Close()
		frames[i] = bytes.Clone(out.Bytes())
	}
	return frames
}

// doubles is how HTX writes levels: numbers as Java prints them.
func doubles(b []byte, levels []Level) []byte {
	b = append(b, '[')
	for i, l := range levels {
		if i > 0 {
			b = append(b, ',')
		}
		b = double(append(b, '['), l.Price, PriceScale)
		b = double(append(b, ','), l.Size, SizeScale)
		b = append(b, ']')
	}
	return append(b, ']')
}

// double writes units of 10^-scale as Java prints a double.
func double(b []byte, units int64, scale int) []byte {
	unit := int64(1)
	for range scale {
		unit *= 10
	}
	if units > 0 && units*1000 < unit {
		text := string(Trimmed(nil, units, 0))
		exponent := len(text) - 1 - scale
		for len(text) > 1 && text[len(text)-1] == '0' {
			text = text[:len(text)-1]
		}
		if len(text) == 1 {
			text += "0"
		}
		b = append(append(append(b, text[0], '.'), text[1:]...), 'E')
		return strconv.AppendInt(b, int64(exponent), 10)
	}
	from := len(b)
	b = Trimmed(b, units, scale)
	if bytes.IndexByte(b[from:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}

// Backpack writes the messages as frames of the depth stream of BTC_USDC, ids in sequence after first.
func (s *Stream) Backpack(first int64) [][]byte {
	frames := make([][]byte, len(s.Messages))
	for i, m := range s.Messages {
		at, id := strconv.FormatInt(1790000000100000+int64(i)*20_011, 10), strconv.FormatInt(first+1+int64(i), 10)
		b := []byte(`{"data":{"E":` + at + `,"T":` + at + `,"U":` + id + `,"a":`)
		b = stepDecimals(b, sorted(m.Asks, 1))
		b = stepDecimals(append(b, `,"b":`...), sorted(m.Bids, -1))
		frames[i] = append(b, `,"e":"depth","s":"BTC_USDC","u":`+id+`},"stream":"depth.BTC_USDC"}`...)
	}
	return frames
}

// BackpackSnapshot writes the book as the answer of the REST call, as of id: the best bid comes last.
func (s *Stream) BackpackSnapshot(id int64) []byte {
	b := stepDecimals([]byte(`{"asks":`), s.Asks)
	b = stepDecimals(append(b, `,"bids":`...), sorted(s.Bids, 1))
	return append(b, `,"lastUpdateId":"`+strconv.FormatInt(id, 10)+`","timestamp":1790000000000000}`...)
}

// AllTick writes the best depth levels a side, after no message and after each, as pushes of BTCUSDT.
func (s *Stream) AllTick(depth int) [][]byte {
	bids, asks := slices.Clone(s.Bids), slices.Clone(s.Asks)
	frames := [][]byte{allTick(bids, asks, depth, 0)}
	for i, m := range s.Messages {
		bids, asks = merged(bids, m.Bids, -1), merged(asks, m.Asks, 1)
		frames = append(frames, allTick(bids, asks, depth, int64(i)+1))
	}
	return frames
}

// merged brings levels into a side, best first.
func merged(side, levels []Level, way int64) []Level {
	for _, l := range levels {
		i, found := slices.BinarySearchFunc(side, l, func(a, b Level) int { return int(way * (a.Price - b.Price)) })
		switch {
		case l.Size == 0 && found:
			side = slices.Delete(side, i, i+1)
		case l.Size == 0:
		case found:
			side[i] = l
		default:
			side = slices.Insert(side, i, l)
		}
	}
	return side
}

func allTick(bids, asks []Level, depth int, n int64) []byte {
	b := []byte(`{"cmd_id":22999,"data":{"code":"BTCUSDT","seq":`)
	b = strconv.AppendInt(b, 118840044+n, 10)
	b = strconv.AppendInt(append(b, `,"tick_time":`...), 1789560003127+n*100, 10)
	for i, side := range [][]Level{bids, asks} {
		b = append(b, []string{`,"bids":[`, `,"asks":[`}[i]...)
		for j, l := range side[:min(depth, len(side))] {
			if j > 0 {
				b = append(b, ',')
			}
			b = Number(append(b, `{"price":"`...), l.Price, PriceScale)
			b = Trimmed(append(b, `","volume":"`...), l.Size, SizeScale)
			b = append(b, `"}`...)
		}
		b = append(b, ']')
	}
	return append(b, "}}"...)
}
