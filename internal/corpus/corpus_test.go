package corpus

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestFramesHaveTheShapeOfTraffic(t *testing.T) {
	s := New(1, 1000, 4096)
	for name, frames := range map[string][][]byte{"spot": s.BinanceSpot(1), "linear": s.BinanceLinear(1), "okx": s.OKX(1)[1:]} {
		size := 0
		for _, f := range frames {
			if !json.Valid(f) {
				t.Fatalf("%s: not JSON: %s", name, f)
			}
			size += len(f)
		}
		if mean := size / len(frames); mean < 250 || mean > 550 {
			t.Errorf("%s: %d bytes on average", name, mean)
		}
	}
	levels := 0
	for _, m := range s.Messages {
		levels += len(m.Bids) + len(m.Asks)
	}
	if mean := float64(levels) / float64(len(s.Messages)); mean < 6.5 || mean > 9 {
		t.Errorf("%.1f levels a message, want about 7.7", mean)
	}
}

// The book that the messages make keeps its depth and never crosses.
func TestBookKeepsItsShape(t *testing.T) {
	s := New(3, 400, 5000)
	bids, asks := map[int64]int64{}, map[int64]int64{}
	set := func(side map[int64]int64, levels []Level) {
		for _, l := range levels {
			if l.Size == 0 {
				delete(side, l.Price)
			} else {
				side[l.Price] = l.Size
			}
		}
	}
	set(bids, s.Bids)
	set(asks, s.Asks)
	for i, m := range s.Messages {
		set(bids, m.Bids)
		set(asks, m.Asks)
		best := int64(0)
		for p := range bids {
			best = max(best, p)
		}
		for p := range asks {
			if p <= best {
				t.Fatalf("message %d: bid %d, ask %d", i, best, p)
			}
		}
	}
	if len(bids) < 360 || len(bids) > 440 || len(asks) < 360 || len(asks) > 440 {
		t.Errorf("%d bids, %d asks at the end, want about 400", len(bids), len(asks))
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	a, b := New(5, 50, 20).OKX(1), New(5, 50, 20).OKX(1)
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			t.Fatal("differ")
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		units       int64
		scale       int
		full, short string
	}{{6825010, 2, "68250.10", "68250.1"}, {6825000, 2, "68250.00", "68250"}, {5, 5, "0.00005", "0.00005"}, {0, 2, "0.00", "0"}, {12, 0, "12", "12"}} {
		if got := string(Number(nil, c.units, c.scale)); got != c.full {
			t.Errorf("got %s, want %s", got, c.full)
		}
		if got := string(Trimmed(nil, c.units, c.scale)); got != c.short {
			t.Errorf("got %s, want %s", got, c.short)
		}
	}
}
