package huobi

import (
	"fmt"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
)

// way is one of the two ways of a change into a book: by its usual bytes, and as rows.
type way struct {
	market   *exchange.Market
	channel  exchange.BookChannel
	snapshot string
}

var (
	spotWay     = way{pair, asked, `{"id":"r1","rep":"market.ethusdt.mbp.150","status":"ok","ts":1,"data":{"seqNum":90,"bids":[[2604.17,3.2],[2604.11,0.75]],"asks":[[2604.31,2.6],[2604.4,7.0]]}}`}
	contractWay = way{linear, renewed, `{"ch":"market.BTC-USDT.depth.size_150.high_freq","tick":{"asks":[[61250.5,1830]],"bids":[[61250.4,905]],"event":"snapshot","ts":1,"version":90},"ts":2}`}
)

const (
	bothSides  = `{"ch":"market.ethusdt.mbp.150","ts":1788081327105,"tick":{"seqNum":105,"prevSeqNum":90,"bids":[[2604.17,0.0],[2604.12,9.9]],"asks":[[2604.4,12.0]]}}`
	noSide     = `{"ch":"market.ethusdt.mbp.150","ts":1788081327105,"tick":{"seqNum":105,"prevSeqNum":90,"bids":[],"asks":[]}}`
	bidsAlone  = `{"ch":"market.ethusdt.mbp.5","ts":1788081327122,"tick":{"seqNum":105,"prevSeqNum":90,"bids":[[2604.17,1.804671]]}}`
	asksAlone  = `{"ch":"market.ethusdt.mbp.5","ts":1788081327122,"tick":{"seqNum":105,"prevSeqNum":90,"asks":[[2604.31,0.0]]}}`
	scientific = `{"ch":"market.ethusdt.mbp.150","ts":1788081327105,"tick":{"seqNum":105,"prevSeqNum":90,"bids":[[2604.17,1.5E4]],"asks":[]}}`
	versioned  = `{"ch":"market.BTC-USDT.depth.size_150.high_freq","tick":{"asks":[[61250.5,1702],[61250.7,20]],"bids":[],` +
		`"ch":"market.BTC-USDT.depth.size_150.high_freq","event":"update","id":131596447230,"mrid":131596447230,"ts":1788081327362,"version":91},"ts":1788081327363}`
)

// start returns a book, and how to bring a frame into it by rows.
func (w way) start(t testing.TB) (s *book.Sync, in *exchange.Scope, apply func(b []byte) error) {
	s = newSync(w.channel.Sync.Rule, w.market, -1)
	in = &exchange.Scope{Market: w.market, Args: exchange.Args{Depth: 150}}
	apply = func(b []byte) error {
		us, err := books(nil, in, b)
		if err != nil {
			s.Reset(book.Syncing)
		}
		for i := range us {
			if err == nil {
				err = s.Apply(&us[i])
			}
		}
		return err
	}
	if err := apply([]byte(w.snapshot)); err != nil || s.State() != book.Live {
		t.Fatal(err)
	}
	return s, in, apply
}

// compare brings b into two books, and returns what the exact way said.
func (w way) compare(t testing.TB, b []byte) book.Verdict {
	got, in, apply := w.start(t)
	want, _, tolerant := w.start(t)
	v, err := w.channel.Merge(got, in, b)
	if v == book.Keep {
		err = apply(b)
	}
	told := tolerant(b)
	if v == book.Skip { // the rest of an old frame is not looked at
		want, _, _ = w.start(t)
	} else if (err == nil) != (told == nil) {
		t.Fatalf("%q: %v, want %v", b, err, told)
	}
	if a, b := sayBook(got)+fmt.Sprint(got.Time()), sayBook(want)+fmt.Sprint(want.Time()); a != b {
		t.Fatalf("got  %s\nwant %s", a, b)
	}
	return v
}

func TestMergeForms(t *testing.T) {
	for frame, want := range map[string]book.Verdict{
		bothSides: book.Apply, noSide: book.Apply, bidsAlone: book.Apply, asksAlone: book.Apply, scientific: book.Keep, stepPair: book.Keep, refresh: book.Keep,
	} {
		if v := spotWay.compare(t, []byte(frame)); v != want {
			t.Errorf("%s: %v", frame, v)
		}
	}
	for frame, want := range map[string]book.Verdict{versioned: book.Apply, contractWay.snapshot: book.Keep, stepSwap: book.Keep} {
		if v := contractWay.compare(t, []byte(frame)); v != want {
			t.Errorf("%s: %v", frame, v)
		}
	}
}

// TestMergeMutations puts every byte that means something at every place of a frame.
func TestMergeMutations(t *testing.T) {
	for frame, w := range map[string]way{bothSides: spotWay, asksAlone: spotWay, versioned: contractWay} {
		for i := range frame {
			for _, c := range []byte("{}[],:\"\\.-eE09 t\x00") {
				w.compare(t, []byte(frame[:i]+string([]byte{c})+frame[i+1:]))
				w.compare(t, []byte(frame[:i]+string([]byte{c})+frame[i:]))
			}
			w.compare(t, []byte(frame[:i]))
			w.compare(t, []byte(frame[:i]+frame[i+1:]))
		}
	}
}

// FuzzMerge: both ways make the same book, whatever the bytes.
func FuzzMerge(f *testing.F) {
	for _, frame := range []string{bothSides, noSide, bidsAlone, asksAlone, scientific, versioned, stepSwap} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		spotWay.compare(t, b)
		contractWay.compare(t, b)
	})
}

func BenchmarkMerge(b *testing.B) {
	for name, w := range map[string]way{"spot": spotWay, "contract": contractWay} {
		frame := []byte(map[string]string{"spot": bothSides, "contract": versioned}[name])
		s, in, _ := w.start(b)
		again := book.NewSync(book.Config{Rule: func(book.At, *book.Update) book.Verdict { return book.Apply }, Tick: w.market.TickSize, Step: w.market.StepSize})
		u, err := books(nil, in, []byte(w.snapshot))
		if err != nil || again.Apply(&u[0]) != nil || s == nil {
			b.Fatal(err)
		}
		b.Run(name+"/exact", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v, err := w.channel.Merge(again, in, frame); v != book.Apply {
					b.Fatal(v, err)
				}
			}
		})
		b.Run(name+"/rows", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if u, err = books(u[:0], in, frame); err != nil || again.Apply(&u[0]) != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
