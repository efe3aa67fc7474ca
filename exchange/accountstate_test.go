package exchange

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/stream"
)

// All orders in which three changes, their pushes and one question to REST can come: what is known in the end is what is true.
func TestPushesAndAnswers(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(1_000_000 + ms)) }
	changes := []int{10, 20, 30} // when; the state is then 1, 2, 3
	state := func(ms int) (n int) {
		for _, c := range changes {
			if c <= ms {
				n++
			}
		}
		return n
	}
	type step struct {
		ms int
		do func()
	}
	grid := []int{1, 9, 11, 14, 19, 21, 24, 29, 31, 36, 45}
	for _, timed := range []bool{true, false} {
		for _, lag := range []int{1, 4, 12, 25} {
			for a, asked := range grid {
				for r, read := range grid[a:] {
					for _, came := range grid[a+r:] {
						name := fmt.Sprintf("timed %v, pushed after %d, asked %d, read %d, answered %d", timed, lag, asked, read, came)
						funds := &balanceState{known: map[balanceKey]*keptBalance{}}
						orders := &orderState{open: map[orderKey]*keptOrder{}, done: remember[orderKey, decimal.Decimal](8)}
						held := &positionState{}
						filled := -1
						tell := func(n, ms int, o origin) {
							b, p := Balance{Account: "x", Asset: "A", Free: decimal.New(int64(n%3), 0), Total: decimal.New(int64(n%3), 0)}, Position{Side: Long, Size: decimal.New(int64(n%3), 0)}
							v := Order{ID: "1", Status: OrderOpen, Filled: decimal.New(int64(n), 0), Size: decimal.New(3, 0)}
							if n == 3 {
								v.Status = OrderClosed
							}
							if timed {
								b.Time, p.Time, v.Time = at(ms), at(ms), at(ms)
							}
							b.Symbol, p.Symbol, v.Symbol = "", "A/B", "A/B"
							if o.pushed() || n%3 > 0 {
								funds.take(nil, &b, o)
								held.take(nil, &p, o)
							} else {
								funds.gone(nil, nil, o, true)
								held.gone(nil, nil, o, func(string) bool { return true })
							}
							for _, v := range orders.take(nil, &v, o) {
								if got := int(v.Filled.Float64()); got <= filled {
									t.Fatalf("%s: order went from %d to %d", name, filled, got)
								} else {
									filled = got
								}
							}
						}
						steps := []step{{came, func() { tell(state(read), changes[max(state(read)-1, 0)], origin{asked: at(asked), at: at(asked)}) }}}
						for i, c := range changes {
							steps = append(steps, step{c + lag, func() { tell(i+1, c, origin{at: at(c + lag), call: unlisted}) }})
						}
						slices.SortStableFunc(steps, func(x, y step) int { return x.ms - y.ms })
						for _, s := range steps {
							s.do()
						}
						if left := funds.all(nil); len(left) != 0 {
							t.Errorf("%s: balance %v", name, left[0].Total)
						}
						if left := held.all(nil); len(left) != 0 {
							t.Errorf("%s: position %v", name, left[0].Size)
						}
						if len(orders.open) != 0 || filled != 3 {
							t.Errorf("%s: order %d open, filled %d", name, len(orders.open), filled)
						}
					}
				}
			}
		}
	}
}

func TestPositionSides(t *testing.T) {
	one := func(side PositionSide, mode MarginMode, n int64, net bool) *Position {
		p := &Position{Side: side, MarginMode: mode, Size: decimal.New(n, 0), net: net}
		p.Symbol = "A/B"
		return p
	}
	for _, c := range []struct {
		name  string
		steps []*Position
		want  string
	}{
		{"both sides are held", []*Position{one(Long, "", 1, false), one(Short, "", 2, false)}, "long1 short2"},
		{"one side is held", []*Position{one(Long, "", 1, true), one(Short, "", 2, true)}, "long1 long0 short2"},
		{"closed by side", []*Position{one(Long, "", 1, false), one(Short, "", 2, false), one(Long, "", 0, false)}, "long1 short2 long0"},
		{"closed", []*Position{one(Long, "", 1, true), one("", "", 0, false)}, "long1 long0"},
		{"closed twice", []*Position{one(Long, "", 1, false), one(Long, "", 0, false), one(Long, "", 0, false)}, "long1 long0"},
		{"two modes", []*Position{one(Long, CrossMargin, 1, false), one(Long, IsolatedMargin, 2, false), one(Long, CrossMargin, 0, false)}, "long1 long2 long0"},
		{"a mode that is told once", []*Position{one(Long, CrossMargin, 1, false), one(Long, "", 2, false)}, "long1 long2"},
	} {
		s, got := &positionState{}, ""
		for i, p := range c.steps {
			for _, v := range s.take(nil, p, origin{at: time.Unix(int64(i), 0)}) {
				got += " " + string(v.Side) + v.Size.String()
			}
		}
		if got != " "+c.want {
			t.Errorf("%s: got%s, want %s", c.name, got, c.want)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := remember[int, int](3)
	for i := range 10 {
		m.put(i, i)
		m.put(i, i+1)
	}
	if _, ok := m.get(6); ok || len(m.known) != 3 || len(m.ring) != 3 {
		t.Errorf("%+v", m)
	}
	if v, ok := m.get(9); !ok || v != 10 {
		t.Errorf("%+v", m)
	}
}

// orderUpdates returns what brings one update of an order from the frame to the reader.
func orderUpdates(tb testing.TB) func() {
	bank := newBank()
	c := bank.client(bank.venue())
	tb.Cleanup(func() { c.Close() })
	f := c.venue.Families[0]
	_ = c.replace([][]Market{{{ID: "AB", Symbol: "A/B", Kind: Spot, Family: "f", family: f}}}, []error{nil})
	shelf := c.accounts.orders
	k := shelf.keep(f, shelf.kind.channel(f), nil, "")
	v := k.view(nil)
	sub := stream.Subscribe(tb.Context(), nil, v.feed)
	k.join(v)
	for whole := false; !whole; runtime.Gosched() { // what comes while REST is asked is kept until it has answered
		k.turn.Lock()
		whole = k.whole
		k.turn.Unlock()
	}
	var frames [][]byte
	for i := range 1000 {
		o := order{id: 123456789, size: 100000, filled: i, market: "AB", side: "buy", word: "open", created: time.Unix(1, 0), changed: time.Unix(int64(i), 0)}
		frames = append(frames, []byte(o.row()))
	}
	received, i := time.Now(), 0
	var got Order
	return func() {
		if i%1000 == 0 {
			k.turn.Lock()
			k.state.(*orderState).open[orderKey{"A/B", "123456789"}] = &keptOrder{Order: Order{Status: OrderOpen, Filled: decimal.New(-1, 0)}}
			k.turn.Unlock()
		}
		if err := k.Data(frames[i%1000], received); err != nil {
			tb.Fatal(err)
		}
		k.Flush()
		if err := sub.NextInto(tb.Context(), &got); err != nil {
			tb.Fatal(err)
		}
		i++
	}
}

// The way of an order's update from the frame to the reader: what is allocated are the value's own strings, ID, ClientID and State.
func BenchmarkOrderUpdate(b *testing.B) {
	update := orderUpdates(b)
	b.ReportAllocs()
	for b.Loop() {
		update()
	}
}

func TestOrderUpdateAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(900, orderUpdates(t)); n > 3 {
		t.Errorf("%g allocations, want those of three strings", n)
	}
}
