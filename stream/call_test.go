package stream

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

	"github.com/depthwire/depthwire/dial"
)

func text(s string) func(string) ([]byte, error) {
	return func(id string) ([]byte, error) { return []byte("do " + id + " " + s), nil }
}

func TestDo(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = says("welcome")
		answers := make([][]byte, 100)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				var err error
				if answers[i], err = h.Do(context.Background(), text(fmt.Sprint("order ", i))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i, got := range answers { // copies: the connection's buffer is used again
			if want := fmt.Sprint("order ", i); string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if v.dialled() != 1 || v.sent()[0] != "login me" {
			t.Errorf("%d connections, %q first", v.dialled(), v.sent()[0])
		}
		pass(9 * time.Second)
		if len(h.Health()) != 1 {
			t.Error("the connection did not linger")
		}
		pass(2 * time.Second)
		if len(h.Health()) != 0 {
			t.Error("the connection was kept")
		}
	})
}

// A request goes over the connection that there is.
func TestDoShares(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = says("welcome")
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		if got, err := h.Do(context.Background(), text("x")); err != nil || string(got) != "x" || v.dialled() != 1 {
			t.Errorf("%q, %v, %d connections", got, err, v.dialled())
		}
	})
}

func TestDoNotSent(t *testing.T) {
	never := func(string) ([]byte, error) { t.Error("the request was made"); return nil, nil }
	for _, tt := range []struct {
		name  string
		begin func(v *venue, h *Hub, cancel func())
		want  error // beside ErrNotSent
		in    time.Duration
	}{
		{"ctx has ended", func(_ *venue, _ *Hub, cancel func()) { cancel() }, context.Canceled, 0},
		{"ctx ends while connecting", func(v *venue, _ *Hub, cancel func()) {
			v.reply = says("")
			time.AfterFunc(time.Second, cancel)
		}, context.Canceled, time.Second},
		{"no connection", func(v *venue, _ *Hub, _ func()) { v.down = true }, nil, 0},
		{"between attempts", func(v *venue, h *Hub, _ func()) {
			v.down = true
			h.Add("a", &notes{})
			pass(2 * time.Minute)
		}, nil, 0},
		{"denied", func(v *venue, _ *Hub, _ func()) { v.reply = says("away you") }, ErrDenied, 0},
		{"login not answered", func(v *venue, _ *Hub, _ func()) { v.reply = says("") }, errLate, sendWithin},
		{"login not answered for long", func(v *venue, h *Hub, _ func()) {
			v.reply = says("")
			h.Add("a", &notes{})
			pass(5 * time.Second)
		}, errLate, 0},
		{"closed", func(_ *venue, h *Hub, _ func()) { h.Close() }, errClosed, 0},
		{"closed meanwhile", func(v *venue, h *Hub, _ func()) {
			v.reply = says("")
			time.AfterFunc(time.Second, h.Close)
		}, errClosed, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			testHub(t, doors(), func(v *venue, h *Hub) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				tt.begin(v, h, cancel)
				began := time.Now()
				_, err := h.Do(ctx, never)
				if !errors.Is(err, ErrNotSent) || errors.Is(err, ErrNoAnswer) || (tt.want != nil && !errors.Is(err, tt.want)) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(began); took > tt.in {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestDoPaced(t *testing.T) {
	c := doors()
	c.Rates = []Rate{{Max: 2, Per: 2 * time.Second}}
	testHub(t, c, func(v *venue, h *Hub) {
		v.reply = says("welcome")
		if _, err := h.Do(context.Background(), text("1")); err != nil { // with the login that is all for now
			t.Fatal(err)
		}
		began := time.Now()
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := h.Do(short, text("2")); !errors.Is(err, ErrNotSent) || time.Since(began) > 0 {
			t.Errorf("who cannot wait: %v after %v", err, time.Since(began))
		}
		if got, err := h.Do(context.Background(), text("3")); err != nil || string(got) != "3" || time.Since(began) < 2*time.Second {
			t.Errorf("who can: %q, %v after %v", got, err, time.Since(began))
		}
		if sent := strings.Join(v.sent(), ","); strings.Contains(sent, " 2") {
			t.Errorf("sent %s", sent)
		}
	})
	c.Rates = []Rate{{Max: 1, Per: time.Hour}}
	testHub(t, c, func(v *venue, h *Hub) {
		v.reply = says("welcome")
		if _, err := h.Do(context.Background(), text("1")); !errors.Is(err, ErrNotSent) {
			t.Errorf("a pace of an hour: %v", err)
		}
	})
}

func TestDoNotMade(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = says("welcome")
		why := errors.New("no key")
		if _, err := h.Do(context.Background(), func(string) ([]byte, error) { return nil, why }); !errors.Is(err, ErrNotSent) || !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
		if got, err := h.Do(context.Background(), text("x")); err != nil || string(got) != "x" || v.dialled() != 1 {
			t.Errorf("behind it: %q, %v", got, err)
		}
	})
}

func TestDoNoAnswer(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = func(msg string) []string {
			if strings.HasPrefix(msg, "login") {
				return []string{"welcome"}
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := h.Do(ctx, text("1")); !errors.Is(err, ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ctx ends: %v", err)
		}
		if _, err := h.Do(context.Background(), text("2")); !errors.Is(err, ErrNoAnswer) || !errors.Is(err, errLate) {
			t.Errorf("too late: %v", err)
		}
		time.AfterFunc(time.Second, v.cut)
		if _, err := h.Do(context.Background(), text("3")); !errors.Is(err, ErrNoAnswer) || errors.Is(err, ErrNotSent) {
			t.Errorf("connection lost: %v", err)
		}
		time.AfterFunc(time.Second, h.Close)
		if _, err := h.Do(context.Background(), text("4")); !errors.Is(err, ErrNoAnswer) || !errors.Is(err, errClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// An answer to nobody hurts nobody, and never comes to another.
func TestDoLateAnswer(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = func(msg string) []string {
			op, rest, _ := strings.Cut(msg, " ")
			if op == "login" {
				return []string{"welcome"}
			}
			if strings.HasSuffix(rest, "slow") {
				return nil
			}
			return []string{"re o1 slow", "re nobody x", "re " + rest}
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := h.Do(ctx, text("slow")); !errors.Is(err, ErrNoAnswer) {
			t.Error(err)
		}
		if got, err := h.Do(context.Background(), text("quick")); err != nil || string(got) != "quick" {
			t.Errorf("%q, %v", got, err)
		}
		if n := h.Health()[0].Unknown; n != 2 {
			t.Errorf("%d unknown, want 2", n)
		}
	})
}

// halting is a connection whose writes of requests fail, with a part of them on its way or not.
type halting struct {
	dial.Conn
	sent int
}

func (h halting) Write(ctx context.Context, msg []byte) error {
	if strings.HasPrefix(string(msg), "do") {
		return &dial.Error{Op: "write", Err: errors.New("broken pipe"), Sent: h.sent}
	}
	return h.Conn.Write(ctx, msg)
}

func TestDoWriteFails(t *testing.T) {
	for sent, want := range map[int]error{0: ErrNotSent, 5: ErrNoAnswer} {
		synctest.Test(t, func(t *testing.T) {
			v := newVenue(t)
			v.reply = says("welcome")
			c := doors()
			c.Dial = func(ctx context.Context) (dial.Conn, error) {
				conn, err := v.dial(ctx)
				return halting{conn, sent}, err
			}
			h := NewHub(c)
			if _, err := h.Do(context.Background(), text("x")); !errors.Is(err, want) {
				t.Errorf("%d bytes sent: %v", sent, err)
			}
			h.Close()
			v.cut()
			v.work.Wait()
		})
	}
}

// What is being answered when the venue says goodbye is waited for, and what comes then goes over the next connection.
func TestDoWhileLeaving(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = says("welcome")
		var conn dial.Conn
		slow := says("welcome")
		v.reply = func(msg string) []string {
			if strings.HasSuffix(msg, "slow") {
				conn = v.conns[0]
				return []string{"bye"}
			}
			return slow(msg)
		}
		var all sync.WaitGroup
		all.Go(func() {
			if got, err := h.Do(context.Background(), text("slow")); err != nil || string(got) != "done" {
				t.Errorf("under way: %q, %v", got, err)
			}
		})
		pass(time.Second)
		all.Go(func() {
			if got, err := h.Do(context.Background(), text("next")); err != nil || string(got) != "next" {
				t.Errorf("after the notice: %q, %v", got, err)
			}
		})
		pass(time.Second)
		if v.dialled() != 1 {
			t.Error("the connection was replaced over a request")
		}
		_ = conn.Write(context.Background(), []byte("re o1 done"))
		all.Wait()
		if v.dialled() != 2 {
			t.Errorf("%d connections", v.dialled())
		}
	})
}

// Whenever the connection goes: what is said not to have been sent has not reached the venue, and what was answered has, once.
func TestDoUnderDisconnects(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 4))
		testHub(t, doors(), func(v *venue, h *Hub) {
			prompt, deaf := says("welcome"), rand.New(rand.NewPCG(seed, 5))
			v.reply = func(msg string) []string {
				if strings.HasPrefix(msg, "do") && deaf.IntN(2) == 0 {
					return nil // the answer is still on its way when the connection or the patience ends
				}
				return prompt(msg)
			}
			var mu sync.Mutex
			outcome := map[string]error{}
			var all sync.WaitGroup
			for i := range 20 {
				wait, patience := time.Duration(random.IntN(3000))*time.Millisecond, time.Duration(1+random.IntN(2000))*time.Millisecond
				all.Go(func() {
					time.Sleep(wait)
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					defer cancel()
					name := fmt.Sprint("n", i)
					_, err := h.Do(ctx, text(name))
					mu.Lock()
					outcome[name] = err
					mu.Unlock()
				})
			}
			for range 5 {
				time.Sleep(time.Duration(random.IntN(800)) * time.Millisecond)
				v.set(func() { v.down = !v.down && random.IntN(3) == 0 })
				v.cut()
			}
			v.set(func() { v.down = false })
			all.Wait()
			reached := map[string]int{}
			for _, msg := range v.sent() {
				if f := strings.Fields(msg); f[0] == "do" {
					reached[f[2]]++
				}
			}
			for name, err := range outcome {
				switch n := reached[name]; {
				case n > 1:
					t.Errorf("seed %d: %s sent %d times", seed, name, n)
				case err == nil && n != 1:
					t.Errorf("seed %d: %s answered, never sent", seed, name)
				case errors.Is(err, ErrNotSent) && n != 0:
					t.Errorf("seed %d: %s was sent: %v", seed, name, err)
				case err != nil && errors.Is(err, ErrNotSent) == errors.Is(err, ErrNoAnswer):
					t.Errorf("seed %d: %s: %v", seed, name, err)
				}
			}
		})
	}
}
