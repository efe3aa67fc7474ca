package stream

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// TestRoom: topics count on their list; one for which no connection has room is refused, alone, and has
// room when another has gone.
func TestRoom(t *testing.T) {
	list := func(topic string) string { return topic[:1] }
	testHub(t, Config{MaxTopics: 2, MaxConns: 2, List: list}, func(v *venue, h *Hub) {
		sinks := make(map[string]*notes)
		for _, topic := range []string{"a1", "b1", "a2", "b2", "a3", "b3", "a4", "a5"} {
			sinks[topic] = new(notes)
			h.Add(topic, sinks[topic])
		}
		pass(time.Second)
		for topic, sink := range sinks {
			if got, want := sink.String(), map[bool]string{true: "refused", false: "up"}[topic == "a5"]; got != want {
				t.Errorf("%s: %q, want %q", topic, got, want)
			}
		}
		if n := v.dialled(); n != 2 {
			t.Errorf("%d connections", n)
		}
		h.Remove("a2", sinks["a2"])
		var again notes
		h.Add("a5", &again)
		pass(time.Second)
		if got := again.String(); got != "up" {
			t.Errorf("when there is room: %q", got)
		}
	})
}

// TestDenied: a venue that will not have the connection is not asked again.
func TestDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := 0
		h := NewHub(Config{
			Dialect: func() Dialect { return words{every: 20 * time.Second} },
			Dial: func(context.Context) (dial.Conn, error) {
				dialled++
				return nil, fmt.Errorf("%w: who are you?", ErrDenied)
			},
		})
		var a notes
		h.Add("a", &a)
		pass(time.Hour)
		if got := a.String(); got != "refused" || dialled != 1 {
			t.Errorf("%q after %d attempts", got, dialled)
		}
		h.Close()
	})
}

// TestGate: requests wait until they may be sent.
func TestGate(t *testing.T) {
	var open atomic.Bool
	testHub(t, Config{Gate: open.Load}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(5 * time.Second)
		if got := strings.Join(v.sent(), ";"); got != "" {
			t.Errorf("sent %q", got)
		}
		open.Store(true)
		pass(time.Second)
		if got := a.String(); got != "up" {
			t.Errorf("%q", got)
		}
	})
}

// TestCalm: where markets close, heartbeats that are answered are life enough; without an answer the
// connection is replaced.
func TestCalm(t *testing.T) {
	testHub(t, Config{Calm: true, Quiet: 45 * time.Second}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		v.say("a", "1")
		pass(6 * time.Hour)
		if n := v.dialled(); n != 1 || strings.Contains(a.String(), "down") {
			t.Errorf("%d connections, %q", n, a.String())
		}
		v.set(func() { v.silent = true })
		pass(2 * time.Minute)
		if n := v.dialled(); n < 2 || !strings.Contains(a.String(), "down:disconnect") {
			t.Errorf("%d connections, %q", n, a.String())
		}
	})
}

// TestBeatKeepsThePace: a heartbeat that is due just after a message waits for its turn.
func TestBeatKeepsThePace(t *testing.T) {
	testHub(t, Config{Rates: []Rate{{Max: 1, Per: 1100 * time.Millisecond}}}, func(v *venue, h *Hub) {
		var a, b notes
		h.Add("a", &a)
		pass(19*time.Second + 900*time.Millisecond)
		h.Add("b", &b)
		pass(500 * time.Millisecond)
		if got := strings.Join(v.sent(), ";"); got != "sub a;sub b" {
			t.Errorf("sent %q", got)
		}
		pass(1200 * time.Millisecond)
		if got := strings.Join(v.sent(), ";"); got != "sub a;sub b;ping" {
			t.Errorf("sent %q", got)
		}
	})
}

// curious is the made-up protocol with questions that nobody answers.
type curious struct {
	words
	n *int
}

func (d curious) Ask(topic string, _, _ time.Time) Request {
	*d.n++
	return Request{Frame: []byte("ask " + topic), ID: fmt.Sprint(*d.n), Topics: []string{topic}}
}

// TestUnanswered: questions that nobody answers are forgotten with the next.
func TestUnanswered(t *testing.T) {
	var n int
	testHub(t, Config{Dialect: func() Dialect { return curious{words{every: 20 * time.Second}, &n} }}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		v.set(func() { v.mute["a"] = true })
		for range 50 {
			h.Ask("a", time.Time{}, time.Time{})
			h.Ask("a", time.Time{}, time.Time{}) // at once: the same question
			pass(time.Second)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if waiting := len(h.sessions[0].requests); n != 50 || waiting != 1 {
			t.Errorf("%d questions, %d of them remembered", n, waiting)
		}
	})
}

// TestNoRoomToMove: what one connection may not say for long, and no other can, waits for its time.
func TestNoRoomToMove(t *testing.T) {
	testHub(t, Config{Quiet: time.Hour, MaxConns: 1, Rates: []Rate{{Max: 2, Per: time.Minute, Requests: true}}}, func(v *venue, h *Hub) {
		sinks := make([]notes, 4)
		for i := range sinks {
			h.Add(fmt.Sprint("topic-that-needs-a-message-of-its-own-", i), &sinks[i])
		}
		pass(10 * time.Second)
		if n := v.dialled(); n != 1 {
			t.Errorf("%d connections", n)
		}
		pass(2 * time.Minute)
		for i := range sinks {
			if got := sinks[i].String(); got != "up" {
				t.Errorf("%d: %q", i, got)
			}
		}
	})
}

// TestCalmOutOfRhythm: where silence is no sign, that of a topic with a rhythm is; once.
func TestCalmOutOfRhythm(t *testing.T) {
	testHub(t, Config{Calm: true, Quiet: 45 * time.Second}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		for range 100 {
			pass(time.Second)
			v.say("a", "1")
		}
		pass(46 * time.Second)
		if n := v.dialled(); n != 2 || !strings.HasSuffix(a.String(), "down:disconnect up") {
			t.Errorf("%d connections, %q", n, a.String())
		}
		pass(6 * time.Hour)
		if n := v.dialled(); n != 2 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestPatienceEnds: after silences that were the market's, a lively connection is judged as it was before.
func TestPatienceEnds(t *testing.T) {
	testHub(t, Config{Quiet: 45 * time.Second}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(30 * time.Minute) // quiet: 16 times as long in the end
		for range 700 {
			pass(time.Second)
			v.say("a", "1")
		}
		before := v.dialled()
		pass(46 * time.Second)
		if n := v.dialled(); n != before+1 {
			t.Errorf("%d connections after %d", n, before)
		}
	})
}

// TestLostIsNotSubscribed: what a connection carried that was lost is not told as subscribed.
func TestLostIsNotSubscribed(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		v.set(func() { v.down = true })
		v.cut()
		pass(time.Second)
		if s := h.Health()[0]; s.Connected || s.Topics[0].State != Waiting {
			t.Errorf("%+v", s)
		}
	})
}
