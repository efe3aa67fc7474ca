package corpus

import (
	"slices"
	"strconv"
)

// Tick and lot of the corpora: prices have 2 decimals, sizes 5.
const (
	PriceScale = 2
	SizeScale  = 5
)

// BinanceSpot writes the messages as frames of a combined spot stream, ids in
// sequence after first.
func (s *Stream) BinanceSpot(first int64) [][]byte {
	frames := make([][]byte, len(s.Messages))
	id := first
	for i, m := range s.Messages {
		from := id + 1
		id += int64(len(m.Bids) + len(m.Asks))
		b := []byte(`{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":`)
		b = strconv.AppendInt(b, 1763776800160+int64(i)*100, 10)
		b = append(b, `,"s":"BTCUSDT","U":`...)
		b = strconv.AppendInt(b, from, 10)
		b = append(b, `,"u":`...)
		b = strconv.AppendInt(b, id, 10)
		b = append(b, `,"b":`...)
		b = eightDecimals(b, sorted(m.Bids, -1))
		b = append(b, `,"a":`...)
		b = eightDecimals(b, sorted(m.Asks, 1))
		frames[i] = append(b, "}}"...)
	}
	return frames
}

// BinanceSnapshot writes the book as the answer of the REST call, as of id.
func (s *Stream) BinanceSnapshot(id int64) []byte {
	b := append([]byte(`{"lastUpdateId":`), strconv.FormatInt(id, 10)...)
	b = append(b, `,"bids":`...)
	b = eightDecimals(b, s.Bids)
	b = append(b, `,"asks":`...)
	b = eightDecimals(b, s.Asks)
	return append(b, '}')
}

// eightDecimals is how Binance spot writes levels.
func eightDecimals(b []byte, levels []Level) []byte {
	b = append(b, '[')
	for i, l := range levels {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `["`...)
		b = Number(b, l.Price, PriceScale)
		b = append(b, `000000","`...)
		b = Number(b, l.Size, SizeScale)
		b = append(b, `000"]`...)
	}
	return append(b, ']')
}

// BinanceLinear writes the messages as frames of a combined USD-M stream; ids
// have holes, and each frame names the one before.
func (s *Stream) BinanceLinear(first int64) [][]byte {
	frames := make([][]byte, len(s.Messages))
	id := first
	for i, m := range s.Messages {
		before, from := id, id+17
		id = from + int64(len(m.Bids)+len(m.Asks))*31
		at := strconv.FormatInt(1763776800121+int64(i)*100, 10)
		b := []byte(`{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":` + at + `,"T":` + at + `,"s":"BTCUSDT","U":`)
		b = strconv.AppendInt(b, from, 10)
		b = append(b, `,"u":`...)
		b = strconv.AppendInt(b, id, 10)
		b = append(b, `,"pu":`...)
		b = strconv.AppendInt(b, before, 10)
		b = append(b, `,"b":`...)
		b = stepDecimals(b, sorted(m.Bids, 1))
		b = append(b, `,"a":`...)
		b = stepDecimals(b, sorted(m.Asks, 1))
		frames[i] = append(b, `,"ps":"BTCUSDT","st":1}}`...)
	}
	return frames
}

func stepDecimals(b []byte, levels []Level) []byte {
	b = append(b, '[')
	for i, l := range levels {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `["`...)
		b = Number(b, l.Price, PriceScale)
		b = append(b, `","`...)
		b = Number(b, l.Size, SizeScale)
		b = append(b, `"]`...)
	}
	return append(b, ']')
}

// OKX writes the book and the messages as frames of the books channel: the first is
// the snapshot.
func (s *Stream) OKX(first int64) [][]byte {
	frames := make([][]byte, 0, len(s.Messages)+1)
	frames = append(frames, okx(s.Bids, s.Asks, "snapshot", 1789389296105, -1, first))
	id := first
	for i, m := range s.Messages {
		before := id
		id += 7
		frames = append(frames, okx(sorted(m.Bids, -1), sorted(m.Asks, 1), "update", 1789389296205+int64(i)*100, before, id))
	}
	return frames
}

func okx(bids, asks []Level, action string, at, before, id int64) []byte {
	b := []byte(`{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"` + action + `","data":[{"asks":`)
	b = four(b, asks)
	b = append(b, `,"bids":`...)
	b = four(b, bids)
	b = append(b, `,"ts":"`...)
	b = strconv.AppendInt(b, at, 10)
	b = append(b, `","checksum":0,"prevSeqId":`...)
	b = strconv.AppendInt(b, before, 10)
	b = append(b, `,"seqId":`...)
	b = strconv.AppendInt(b, id, 10)
	return append(b, "}]}"...)
}

// four is how OKX writes levels: trimmed, with two more fields.
func four(b []byte, levels []Level) []byte {
	b = append(b, '[')
	for i, l := range levels {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `["`...)
		b = Trimmed(b, l.Price, PriceScale)
		b = append(b, `","`...)
		b = Trimmed(b, l.Size, SizeScale)
		b = append(b, `","0","`...)
		b = strconv.AppendInt(b, min(l.Size, 1+l.Size%9), 10)
		b = append(b, `"]`...)
	}
	return append(b, ']')
}

func sorted(levels []Level, way int64) []Level {
	s := slices.Clone(levels)
	slices.SortFunc(s, func(a, b Level) int { return int(way * (a.Price - b.Price)) })
	return s
}
