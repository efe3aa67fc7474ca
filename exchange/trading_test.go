package exchange

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/stream"
)

var want = limitOrder("BTC/USDT", "60000.01", "0.1")

// script makes what happens to requests, anew for each run of a test.
type script func() func(op string) fault

func (s script) begin() func(string) fault {
	if s == nil {
		return nil
	}
	return s()
}

// once has the fault happen to the first of the requests of a kind.
func once(op string, f fault) script {
	return func() func(string) fault {
		done := false
		return func(got string) fault {
			if got != op || done {
				return fine
			}
			done = true
			return f
		}
	}
}

func always(op string, f fault) script {
	return func() func(string) fault {
		return func(got string) fault {
			if got != op && op != "" {
				return fine
			}
			return f
		}
	}
}

func both(a, b script) script {
	return func() func(string) fault {
		one, other := a(), b()
		return func(op string) fault {
			if f := one(op); f != fine {
				return f
			}
			return other(op)
		}
	}
}

// overREST takes the socket away.
func overREST(c *Client) *Client {
	v := *c.venue.Families[0]
	for _, a := range []*Action{&v.Trade.Create, &v.Trade.Cancel, &v.Trade.Edit, &v.Trade.CancelAll} {
		a.Socket = ""
	}
	*c.venue.Families[0] = v
	return c
}

func TestCreateOrder(t *testing.T) {
	for _, acks := range []bool{false, true} {
		for _, socket := range []bool{true, false} {
			inBubble(t, func(t *testing.T, d *desk) {
				d.acks = acks
				c := d.client(Options{})
				defer c.Close()
				if !socket {
					overREST(c)
				}
				o, err := c.CreateOrder(t.Context(), want)
				if err != nil || o.ID != "1" || o.Symbol != "BTC/USDT" || o.Venue != "desk" || len(o.ClientID) != 16 || !o.Price.Equal(want.Price) || !o.Size.Equal(want.Size) || o.Side != Buy || o.Type != LimitOrder {
					t.Fatalf("acks %v, socket %v: %+v, %v", acks, socket, o, err)
				}
				if acks != (o.Status == "") || (o.Source == Stream) != socket {
					t.Errorf("acks %v, socket %v: %+v", acks, socket, o)
				}
				if d.placed()[0].Client != o.ClientID || len(d.seen().dials) > 1 || (len(d.seen().dials) == 1) != socket {
					t.Errorf("the venue has %+v, %q", d.placed()[0], d.seen().dials)
				}
				mine := contracts("60000.1", "3")
				mine.ClientID = "mine-1"
				if o, err = c.CreateOrder(t.Context(), mine); err != nil || o.ClientID != "mine-1" || o.Contracts.String() != "3" || !o.Size.Equal(num("0.03")) {
					t.Errorf("contracts: %+v, %v", o, err)
				}
			})
		}
	}
}

// REST serves where the socket cannot, and only where it is certain that nothing has left there.
func TestSocketThatIsNotThere(t *testing.T) {
	for name, begin := range map[string]func(d *desk, c *Client){
		"no connection": func(d *desk, _ *Client) {
			n := 0
			d.fault = func(op string) fault {
				if op == "dial" {
					n++
				}
				return fault{heard: true, answer: true, dial: op == "dial" && n == 1}
			}
		},
		"not for this": func(_ *desk, c *Client) {
			c.venue.Families[0].Trade.Create.For = func(*Instruction) bool { return false }
		},
		"login unanswered": func(d *desk, c *Client) {
			c.venue.Families[0].Sockets["private"].Private = func(s *Session) stream.Dialect { return mumble{speech{s}} }
		},
	} {
		inBubble(t, func(t *testing.T, d *desk) {
			c := d.client(Options{})
			defer c.Close()
			begin(d, c)
			began := time.Now()
			o, err := c.CreateOrder(t.Context(), want)
			if err != nil || o.Source != REST || len(d.placed()) != 1 || time.Since(began) > 3*time.Second {
				t.Errorf("%s: %+v, %v after %v", name, o, err, time.Since(began))
			}
		})
	}
}

// mumble is a dialect whose venue does not understand its login.
type mumble struct{ speech }

func (mumble) Greet(time.Time) ([]byte, error) { return []byte(`{"op":"sub","topic":"x"}`), nil }
func (m mumble) Route(frame []byte, f *stream.Frame) error {
	if strings.Contains(string(frame), "not logged in") {
		return nil
	}
	return m.speech.Route(frame, f)
}

func TestCreateOrderOutcomes(t *testing.T) {
	within := func(d time.Duration) func(*desk, *Client, context.Context) (context.Context, func()) {
		return func(_ *desk, _ *Client, ctx context.Context) (context.Context, func()) {
			return context.WithTimeout(ctx, d)
		}
	}
	for name, tt := range map[string]struct {
		fault   script
		begin   func(*desk, *Client, context.Context) (context.Context, func())
		outcome Outcome // empty: the order is returned
		kind    error
		placed  int
		atLeast time.Duration
		atMost  time.Duration
	}{
		"refused":              {fault: once("create", fault{code: "funds"}), outcome: NotPlaced, kind: ErrFunds},
		"too often":            {fault: once("create", fault{code: "slow"}), outcome: NotPlaced, kind: ErrRateLimit},
		"unknown code":         {fault: once("create", fault{code: "what"}), outcome: NotPlaced, kind: ErrBadRequest},
		"lost on the way":      {fault: once("create", fault{}), outcome: NotPlaced, kind: ErrNetwork, atLeast: deskWindow + margin, atMost: 10 * time.Second},
		"answer lost":          {fault: once("create", fault{heard: true}), placed: 1, atMost: time.Second},
		"heard late":           {fault: once("create", fault{heard: true, late: 4 * time.Second}), placed: 1, atLeast: 4 * time.Second, atMost: 6 * time.Second},
		"heard too late":       {fault: once("create", fault{heard: true, late: 6 * time.Second}), outcome: NotPlaced, kind: ErrNetwork, atLeast: deskWindow + margin, atMost: 10 * time.Second},
		"no answer, heard":     {fault: once("create", fault{heard: true, mute: true}), placed: 1, atMost: 21 * time.Second},
		"no answer, not heard": {fault: once("create", fault{mute: true}), outcome: NotPlaced, kind: ErrNetwork, atMost: 30 * time.Second},
		"not well, done":       {fault: once("create", fault{heard: true, code: "busy"}), placed: 1, atMost: time.Second},
		"not well, not done":   {fault: once("create", fault{code: "busy"}), outcome: NotPlaced, kind: ErrUnavailable, atLeast: deskWindow + margin, atMost: 10 * time.Second},
		"the copy is old": {fault: once("create", fault{heard: true}), begin: func(d *desk, _ *Client, ctx context.Context) (context.Context, func()) {
			d.lag = time.Second
			return ctx, func() {}
		}, placed: 1, atLeast: time.Second, atMost: 3 * time.Second},
		"nobody can be asked":       {fault: both(once("create", fault{heard: true}), always("order", fault{})), outcome: Unknown, kind: ErrNetwork, placed: 1, atMost: time.Minute},
		"open orders not to be had": {fault: both(once("create", fault{}), always("open", fault{code: "perm"})), outcome: Unknown, kind: ErrNetwork, atMost: 20 * time.Second},
		"ctx ends":                  {fault: once("create", fault{heard: true, late: 4 * time.Second}), begin: within(3 * time.Second), outcome: Unknown, kind: context.DeadlineExceeded, atLeast: 3 * time.Second, atMost: 3 * time.Second, placed: 1},
		"ctx ends without answer":   {fault: once("create", fault{heard: true, mute: true}), begin: within(3 * time.Second), outcome: Unknown, kind: context.DeadlineExceeded, atLeast: 3 * time.Second, atMost: 3 * time.Second, placed: 1},
		"ctx has ended": {begin: func(_ *desk, _ *Client, ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, outcome: NotPlaced, kind: context.Canceled},
		"never certain": {fault: once("create", fault{}), begin: func(_ *desk, c *Client, ctx context.Context) (context.Context, func()) {
			c.venue.Families[0].Trade.Expires = 0
			return ctx, func() {}
		}, outcome: Unknown, kind: ErrNetwork, atMost: 20 * time.Second},
		"no connection at all": {fault: always("", fault{dial: true}), outcome: NotPlaced, kind: ErrNetwork},
		"wrong time": {begin: func(d *desk, _ *Client, ctx context.Context) (context.Context, func()) {
			d.skew = time.Minute
			return ctx, func() {}
		}, placed: 1, atMost: 4 * time.Second},
		"wrong key": {begin: func(d *desk, _ *Client, ctx context.Context) (context.Context, func()) {
			d.key = "another"
			return ctx, func() {}
		}, outcome: NotPlaced, kind: ErrAuth},
	} {
		for _, socket := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " socket ", socket), func(t *testing.T) {
				inBubble(t, func(t *testing.T, d *desk) {
					var said chatter
					c := d.client(Options{Log: said.log()})
					defer c.Close()
					if !socket {
						overREST(c)
					}
					if _, err := c.FetchMarkets(t.Context()); err != nil {
						t.Fatal(err)
					}
					ctx, cancel := t.Context(), func() {}
					if tt.begin != nil {
						ctx, cancel = tt.begin(d, c, ctx)
					}
					defer cancel()
					d.fault = tt.fault.begin()
					began := time.Now()
					o, err := c.CreateOrder(ctx, want)
					took := time.Since(began)
					time.Sleep(time.Minute) // what is late comes now
					if len(d.placed()) != tt.placed {
						t.Errorf("%d orders, want %d", len(d.placed()), tt.placed)
					}
					var told *OrderError
					switch {
					case tt.outcome == "" && (err != nil || o.ID != "1" || o.ClientID != d.placed()[0].Client || !o.Size.Equal(want.Size)):
						t.Errorf("got %+v, %v", o, err)
					case tt.outcome != "" && (!errors.As(err, &told) || told.Outcome != tt.outcome || !errors.Is(err, tt.kind) || told.ClientID == ""):
						t.Errorf("got %v, want %s", err, tt.outcome)
					}
					if took < tt.atLeast || took > tt.atMost+3*time.Second {
						t.Errorf("took %v", took)
					}
					if tt.outcome == Unknown && Retryable(fmt.Errorf("joined: %w", errors.Join(ErrNetwork, err))) {
						t.Errorf("to be repeated: %v", err)
					}
					if _, ok := errors.AsType[*Error](err); err != nil && !ok {
						t.Errorf("no *Error in %v", err)
					}
					said.silent(t, fmt.Sprintf("%v %+v", err, err))
				})
			})
		}
	}
}

// A lost answer never makes two orders, whenever it is lost; and what is said of the order is true, then and later.
func TestNeverTwoOrders(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 100
	}
	outcomes := map[Outcome]int{}
	for seed := range seeds {
		inBubble(t, func(t *testing.T, d *desk) {
			random := rand.New(rand.NewPCG(seed, 11))
			d.lag = time.Duration(random.IntN(1000)) * time.Millisecond
			c := d.client(Options{})
			defer c.Close()
			if random.IntN(3) == 0 {
				overREST(c)
			}
			chaos := rand.New(rand.NewPCG(seed, 12))
			d.fault = func(op string) fault {
				if op == "dial" {
					return fault{dial: chaos.IntN(6) == 0}
				}
				if chaos.IntN(2) == 0 {
					return fine
				}
				return []fault{
					{},                        // lost before
					{heard: true},             // lost after
					{heard: true, mute: true}, // no answer
					{mute: true},
					{heard: true, late: time.Duration(chaos.IntN(8000)) * time.Millisecond},
					{heard: true, code: "busy"},
					{code: "busy"},
					{code: "funds"},
				}[chaos.IntN(8)]
			}
			var mu sync.Mutex
			said := map[string]error{}
			var all sync.WaitGroup
			for i := range 3 {
				wait, patience := time.Duration(random.IntN(2000))*time.Millisecond, time.Duration(1+random.IntN(40))*time.Second
				all.Go(func() {
					time.Sleep(wait)
					o := want
					o.ClientID = fmt.Sprint("mine-", i)
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					_, err := c.CreateOrder(ctx, o)
					mu.Lock()
					defer mu.Unlock()
					said[o.ClientID] = err
				})
			}
			for range 2 {
				time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
				d.cut()
			}
			all.Wait()
			time.Sleep(time.Minute)
			for id, err := range said {
				n := 0
				for _, o := range d.placed() {
					if o.Client == id {
						n++
					}
				}
				var told *OrderError
				if err != nil && !errors.As(err, &told) {
					t.Fatalf("seed %d: %v", seed, err)
				}
				switch {
				case n > 1:
					t.Errorf("seed %d: %d orders %s", seed, n, id)
				case err == nil && n != 1:
					t.Errorf("seed %d: %s is said to be there", seed, id)
				case err != nil && told.Outcome == NotPlaced && n != 0:
					t.Errorf("seed %d: %s is said not to be there: %v", seed, id, err)
				case err != nil && told.Outcome == Placed && n != 1:
					t.Errorf("seed %d: %s is said to be placed: %v", seed, id, err)
				}
				if told == nil {
					told = &OrderError{}
				}
				outcomes[told.Outcome]++
			}
		})
	}
	if outcomes[""] == 0 || outcomes[NotPlaced] == 0 || outcomes[Unknown] == 0 {
		t.Errorf("not all outcomes were met: %v", outcomes)
	}
	t.Logf("outcomes: %v", outcomes)
}

func TestCancelOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   script
		ref     func(o Order) Ref
		acks    bool
		patient time.Duration
		outcome Outcome
		kind    error
		cancels int
		status  OrderStatus
	}{
		"by id":                    {cancels: 1, status: OrderCanceled},
		"by client id":             {ref: func(o Order) Ref { return Ref{ClientID: o.ClientID} }, cancels: 1, status: OrderCanceled},
		"answered by an id":        {acks: true, cancels: 1, status: OrderCanceled},
		"unknown":                  {ref: func(Order) Ref { return Ref{ID: "77"} }, outcome: NotDone, kind: ErrOrderNotFound, cancels: 1},
		"no id":                    {ref: func(Order) Ref { return Ref{} }, outcome: NotDone, kind: ErrBadRequest},
		"refused":                  {fault: once("cancel", fault{code: "perm"}), outcome: NotDone, kind: ErrPermission},
		"lost on the way":          {fault: once("cancel", fault{}), cancels: 1, status: OrderCanceled},
		"answer lost":              {fault: once("cancel", fault{heard: true}), cancels: 1, status: OrderCanceled},
		"not well, done":           {fault: once("cancel", fault{heard: true, code: "busy"}), cancels: 1, status: OrderCanceled},
		"heard late":               {fault: once("cancel", fault{heard: true, late: time.Second}), cancels: 2, status: OrderCanceled},
		"lost again and again":     {fault: always("cancel", fault{}), outcome: Unknown, kind: ErrNetwork},
		"no answer, nobody to ask": {fault: both(always("cancel", fault{heard: true}), always("order", fault{})), outcome: Unknown, kind: ErrNetwork, cancels: 2},
		"ctx ends":                 {fault: always("cancel", fault{mute: true}), patient: time.Second, outcome: Unknown, kind: context.DeadlineExceeded},
	} {
		for _, socket := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " socket ", socket), func(t *testing.T) {
				inBubble(t, func(t *testing.T, d *desk) {
					c := d.client(Options{})
					defer c.Close()
					if !socket {
						overREST(c)
					}
					placed, err := c.CreateOrder(t.Context(), want)
					if err != nil {
						t.Fatal(err)
					}
					d.set(func() { d.fault, d.acks = tt.fault.begin(), tt.acks })
					ref := Ref{ID: placed.ID}
					if tt.ref != nil {
						ref = tt.ref(placed)
					}
					ctx, cancel := context.WithTimeout(t.Context(), max(tt.patient, time.Hour*boolean(tt.patient == 0)))
					defer cancel()
					o, err := c.CancelOrder(ctx, "BTC/USDT", ref)
					time.Sleep(time.Minute)
					var told *OrderError
					if tt.outcome != "" && (!errors.As(err, &told) || told.Outcome != tt.outcome || !errors.Is(err, tt.kind)) {
						t.Errorf("got %v, want %s", err, tt.outcome)
					}
					if tt.outcome == "" && (err != nil || o.Status != tt.status || o.ID != placed.ID || o.ClientID != placed.ClientID || o.Symbol != "BTC/USDT") {
						t.Errorf("got %+v, %v", o, err)
					}
					n := 0
					for _, op := range d.news() {
						if op == "cancel" {
							n++
						}
					}
					if n != tt.cancels {
						t.Errorf("%d cancels, want %d", n, tt.cancels)
					}
				})
			})
		}
	}
}

func boolean(b bool) time.Duration {
	if b {
		return 1
	}
	return 0
}

// What is filled, or cancelled already, cannot be cancelled.
func TestCancelTwice(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		c := d.client(Options{})
		defer c.Close()
		o, err := c.CreateOrder(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.CancelOrder(t.Context(), o.Symbol, Ref{ID: o.ID}); err != nil {
			t.Fatal(err)
		}
		var told *OrderError
		if _, err := c.CancelOrder(t.Context(), o.Symbol, Ref{ID: o.ID}); !errors.Is(err, ErrOrderNotFound) || !errors.As(err, &told) || told.Outcome != NotDone {
			t.Errorf("got %v", err)
		}
	})
}

func TestTradingNeedsTheVenue(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		c := d.client(Options{})
		c.venue.Families[0].Trade = Trading{}
		_, create := c.CreateOrder(t.Context(), want)
		_, cancel := c.CancelOrder(t.Context(), "BTC/USDT", Ref{ID: "1"})
		_, edit := c.EditOrder(t.Context(), Ref{ID: "1"}, want)
		_, all := c.CancelAllOrders(t.Context())
		_, some := c.CancelAllOrders(t.Context(), "BTC/USDT")
		for _, err := range []error{create, cancel, edit, all, some} {
			if _, told := errors.AsType[*OrderError](err); !told || !errors.Is(err, ErrNotSupported) {
				t.Errorf("got %v", err)
			}
		}
		c.Close()
		_, create = c.CreateOrder(t.Context(), want)
		if told, ok := errors.AsType[*OrderError](create); !ok || told.Outcome != NotPlaced || !errors.Is(create, ErrClosed) {
			t.Errorf("closed: %v", create)
		}
		synctest.Wait()
	})
}

func BenchmarkCreateOrder(b *testing.B) {
	d := newDesk(b)
	c := d.client(Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.CreateOrder(b.Context(), want); err != nil {
			b.Fatal(err)
		}
	}
	c.Close()
	d.close()
}
