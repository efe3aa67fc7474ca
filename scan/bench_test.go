package scan_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/scan"
)

// level and depth are what the benchmarks decode a frame into.
type level struct{ price, size decimal.Decimal }

type depth struct {
	floats      [2][]floatLevel // what the others make of the levels
	symbol      []byte
	time        time.Time
	first, last int64
	bids, asks  []level
}

// depthFrames returns n distinct frames of Binance's depth stream: as many
// levels as real ones have (a mean of 7.7), prices near a walking touch. Short
// loops over few frames would be learned by the branch predictor.
func depthFrames(n int) (frames [][]byte, size int) {
	r := rand.New(rand.NewPCG(1, 2))
	touch, id, at := int64(6825010), int64(55123456789), int64(1732247000123)
	side := func(b []byte, dir int64) []byte {
		price := touch
		for k, levels := 0, int(r.ExpFloat64()*4.4); k < levels; k++ {
			if k > 0 {
				b = append(b, ',')
			}
			price += dir * (1 + int64(r.ExpFloat64()*30))
			lots := int64(r.ExpFloat64() * 8e7)
			if r.IntN(5) == 0 {
				lots = 0
			}
			b = fmt.Appendf(b, `["%d.%02d000000","%d.%08d"]`, price/100, price%100, lots/1e8, lots%1e8)
		}
		return b
	}
	for range n {
		touch += int64(r.NormFloat64() * 20)
		at += 100
		first := id + 1
		id += 1 + int64(r.IntN(40))
		b := fmt.Appendf(nil, `{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":%d,"s":"BTCUSDT","U":%d,"u":%d,"b":[`, at, first, id)
		b = append(side(b, -1), `],"a":[`...)
		b = append(side(b, +1), `]}}`...)
		frames = append(frames, b)
		size += len(b)
	}
	return frames, size / n
}

func (d *depth) scan(s *scan.Scanner) error {
	for key := range s.Object() {
		switch string(key) {
		case "stream":
			s.Text()
		case "data":
			for key := range s.Object() {
				switch string(key) {
				case "e":
					s.Text()
				case "E":
					d.time = s.Milli()
				case "s":
					d.symbol = s.Text()
				case "U":
					d.first = s.Int()
				case "u":
					d.last = s.Int()
				case "b":
					d.bids = levels(s, d.bids[:0])
				case "a":
					d.asks = levels(s, d.asks[:0])
				}
			}
		}
	}
	return s.End()
}

func levels(s *scan.Scanner, dst []level) []level {
	for range s.Array() {
		price, size := s.Pair()
		dst = append(dst, level{price, size})
	}
	return dst
}

// scanPlain is scan in the plain form of the loops.
func (d *depth) scanPlain(s *scan.Scanner) error {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			break
		}
		switch string(key) {
		case "stream":
			s.Text()
		case "data":
			d.data(s)
		}
	}
	return s.End()
}

func (d *depth) data(s *scan.Scanner) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return
		}
		switch string(key) {
		case "e":
			s.Text()
		case "E":
			d.time = s.Milli()
		case "s":
			d.symbol = s.Text()
		case "U":
			d.first = s.Int()
		case "u":
			d.last = s.Int()
		case "b":
			d.bids = levelsPlain(s, d.bids[:0])
		case "a":
			d.asks = levelsPlain(s, d.asks[:0])
		}
	}
}

func levelsPlain(s *scan.Scanner, dst []level) []level {
	for n := 0; s.NextItem(n); n++ {
		price, size := s.Pair()
		dst = append(dst, level{price, size})
	}
	return dst
}

func BenchmarkScan(b *testing.B) {
	frames, size := depthFrames(4264)
	b.Logf("mean frame: %d bytes", size)
	run := func(name string, f func(frame []byte) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				if err := f(frames[i%len(frames)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	var s scan.Scanner
	var d depth
	run("depthwire", func(frame []byte) error { s.Reset(frame); return d.scan(&s) })
	run("depthwire-plain", func(frame []byte) error { s.Reset(frame); return d.scanPlain(&s) })
	run("skip", func(frame []byte) error { s.Reset(frame); s.Skip(); return s.End() })
	run("gjson", func(frame []byte) error { d.gjson(frame); return nil })
	run("encoding-json", d.json)
}

type floatLevel struct{ price, size float64 }

func (d *depth) json(frame []byte) error {
	var m struct {
		Stream string
		Data   struct {
			Event  string      `json:"e"`
			Time   int64       `json:"E"`
			Symbol string      `json:"s"`
			First  int64       `json:"U"`
			Last   int64       `json:"u"`
			Bids   [][2]string `json:"b"`
			Asks   [][2]string `json:"a"`
		}
	}
	if err := json.Unmarshal(frame, &m); err != nil {
		return err
	}
	for i, side := range [][][2]string{m.Data.Bids, m.Data.Asks} {
		out := make([]floatLevel, 0, len(side))
		for _, l := range side {
			p, err := strconv.ParseFloat(l[0], 64)
			if err != nil {
				return err
			}
			q, err := strconv.ParseFloat(l[1], 64)
			if err != nil {
				return err
			}
			out = append(out, floatLevel{p, q})
		}
		d.floats[i] = out
	}
	return nil
}

func (d *depth) gjson(frame []byte) {
	data := gjson.GetBytes(frame, "data")
	d.first, d.last = data.Get("U").Int(), data.Get("u").Int()
	for i, side := range []string{"b", "a"} {
		out := make([]floatLevel, 0, 8)
		data.Get(side).ForEach(func(_, l gjson.Result) bool {
			pair := l.Array()
			out = append(out, floatLevel{pair[0].Float(), pair[1].Float()})
			return true
		})
		d.floats[i] = out
	}
}
