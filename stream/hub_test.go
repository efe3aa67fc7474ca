package stream

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestHubSubscribesAndDelivers(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		var a, b, also notes
		h.Add("a", &a)
		h.Add("b", &b)
		h.Add("a", &also)
		pass(time.Second)
		v.say("a", "1")
		v.say("b", "2")
		if got := a.String(); got != "up 1 |" {
			t.Errorf("a: %q", got)
		}
		if got := also.String(); got != "up 1 |" {
			t.Errorf("second sink of a: %q", got)
		}
		if got := b.String(); got != "up 2 |" {
			t.Errorf("b: %q", got)
		}
		if got := strings.Join(v.sent(), ";"); got != "sub a b" && got != "sub a;sub b" {
			t.Errorf("sent %q", got)
		}
		h.Remove("a", &also)
		pass(time.Second)
		if strings.Contains(strings.Join(v.sent(), ";"), "unsub") {
			t.Error("unsubscribed although a sink is left")
		}
		h.Remove("a", &a)
		pass(time.Second)
		if sent := v.sent(); sent[len(sent)-1] != "unsub a" {
			t.Errorf("sent %q, want unsub a at the end", sent)
		}
	})
}

func TestHubReconnects(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		v.say("a", "1")
		v.cut()
		pass(time.Millisecond) // at once
		v.say("a", "2")
		if got := a.String(); got != "up 1 | down:disconnect up 2 |" {
			t.Errorf("got %q", got)
		}
		v.set(func() { v.down = true })
		v.cut()
		before := v.dialled()
		pass(10 * time.Minute)
		tries := v.dialled() - before
		if tries < 20 || tries > 120 { // a cap of 30 s, half of it on average
			t.Errorf("%d attempts in 10 minutes", tries)
		}
		if n := strings.Count(a.String(), "down"); n != 2 {
			t.Errorf("told %d times of two losses", n)
		}
		v.set(func() { v.down = false })
		pass(35 * time.Second)
		v.say("a", "3")
		if got := a.String(); !strings.HasSuffix(got, "up 3 |") {
			t.Errorf("got %q", got)
		}
	})
}

func TestBackoff(t *testing.T) {
	b := Backoff{Base: 500 * time.Millisecond, Cap: 30 * time.Second}
	for n, most := range []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
		if got := b.Wait(n, 0.999999); got > most || got < most*9/10 {
			t.Errorf("attempt %d: at most %s, want %s", n, got, most)
		}
		if got := b.Wait(n, 0); got != 0 {
			t.Errorf("attempt %d: at least %s, want 0", n, got)
		}
	}
	if got := b.Wait(1000, 0.999999); got > b.Cap {
		t.Errorf("attempt 1000: %s", got)
	}
}

func TestRefusedTopicHurtsItselfOnly(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		v.set(func() { v.refuse["b"] = true })
		var a, b notes
		h.Add("a", &a)
		h.Add("b", &b)
		pass(time.Minute)
		v.say("a", "1")
		if got := a.String(); !strings.HasSuffix(got, "1 |") {
			t.Errorf("a: %q", got)
		}
		if got := b.String(); got != "refused" {
			t.Errorf("b: %q", got)
		}
		for _, topic := range h.Health()[0].Topics {
			if want := map[string]TopicState{"a": Subscribed, "b": Refused}[topic.Topic]; topic.State != want {
				t.Errorf("%s is %s, want %s", topic.Topic, topic.State, want)
			}
		}
	})
}

// Who comes to a topic that is refused has the venue asked anew, though others who were told so have not gone yet.
func TestRefusedTopicIsAskedAnew(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		v.set(func() { v.refuse["a"] = true })
		var one, two, three notes
		h.Add("a", &one)
		pass(time.Second)
		h.Add("a", &two)
		pass(time.Second)
		if got := two.String(); got != "refused" {
			t.Errorf("while it is refused: %q", got)
		}
		v.set(func() { v.refuse["a"] = false })
		h.Add("a", &three)
		pass(time.Second)
		v.say("a", "1")
		if got := three.String(); got != "up 1 |" {
			t.Errorf("when it is not: %q", got)
		}
		if topic := h.Health()[0].Topics[0]; topic.State != Subscribed || topic.Err != nil {
			t.Errorf("%+v", topic)
		}
	})
}

func TestUnansweredIsAskedAgainAndReported(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		v.set(func() { v.mute["a"] = true })
		var a, b notes
		h.Add("a", &a)
		h.Add("b", &b)
		pass(time.Second)
		for range 24 { // b speaks: the connection is not silent
			v.say("b", "x")
			pass(2500 * time.Millisecond)
		}
		asked := 0
		for _, m := range v.sent() {
			if strings.HasPrefix(m, "sub") && strings.Contains(m+" ", " a ") {
				asked++
			}
		}
		if asked < 2 || asked > 5 {
			t.Errorf("asked %d times in a minute", asked)
		}
		if !strings.Contains(a.String(), "down:silence") {
			t.Errorf("not reported: %q", a.String())
		}
		v.set(func() { delete(v.mute, "a") })
		for range 60 {
			v.say("b", "x")
			pass(2 * time.Second)
		}
		v.say("a", "1")
		if got := a.String(); !strings.HasSuffix(got, "up 1 |") {
			t.Errorf("got %q", got)
		}
	})
}

// A topic that has been speaking every 100 ms and falls silent while others go on is
// noticed after 3 s and asked for again within one more.
func TestSilentTopicIsRenewed(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		var a, b notes
		h.Add("a", &a)
		h.Add("b", &b)
		pass(time.Second)
		for range 50 {
			v.say("a", "x")
			v.say("b", "x")
			pass(100 * time.Millisecond)
		}
		began := time.Now()
		for !strings.Contains(a.String(), "down:silence") {
			v.say("b", "x")
			pass(100 * time.Millisecond)
			if time.Since(began) > 10*time.Second {
				t.Fatal("not noticed")
			}
		}
		if took := time.Since(began); took < 2500*time.Millisecond || took > 4*time.Second {
			t.Errorf("noticed after %s, want 3 s to 4 s", took)
		}
		pass(time.Second)
		sent := strings.Join(v.sent(), ";")
		if !strings.Contains(sent, "unsub a;sub a") || v.dialled() != 1 {
			t.Errorf("sent %q over %d connections, want a renewed on the same", sent, v.dialled())
		}
		if strings.Contains(b.String(), "down") {
			t.Error("the other topic was told something")
		}
	})
}

// A market that is quiet by nature is not renewed again and again.
func TestQuietMarketRaisesFewAlarms(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		var quiet, busy notes
		h.Add("quiet", &quiet)
		h.Add("busy", &busy)
		pass(time.Second)
		spaces := []time.Duration{1, 1, 2, 1, 40, 1, 3, 1, 1, 25, 90, 2, 1, 1, 60, 4, 1, 30, 1, 120} // seconds
		n := 0
		for began := time.Now(); time.Since(began) < 24*time.Hour; n++ {
			for left := spaces[n%len(spaces)]; left > 0; left-- {
				v.say("busy", "x")
				pass(time.Second)
			}
			v.say("quiet", "x")
		}
		if alarms := strings.Count(quiet.String(), "down"); alarms >= 1 {
			t.Errorf("%d alarms in a day", alarms)
		}
	})
}

func TestSilentConnectionIsReplaced(t *testing.T) {
	for _, c := range []struct {
		name   string
		hush   func(v *venue) // how it goes silent
		within time.Duration
	}{
		{"answers pings", func(v *venue) {}, 41 * time.Second},
		{"says nothing", func(v *venue) { v.silent = true }, 41 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			testHub(t, Config{Quiet: 40 * time.Second}, func(v *venue, h *Hub) {
				var a notes
				h.Add("a", &a)
				pass(time.Second)
				v.say("a", "1")
				v.set(func() { c.hush(v) })
				pass(c.within)
				if v.dialled() < 2 {
					t.Fatalf("not replaced within %s", c.within)
				}
				if !strings.Contains(a.String(), "down:disconnect") {
					t.Errorf("not told: %q", a.String())
				}
			})
		})
	}
}

func TestConnectionThatNeverSpeaksIsReplaced(t *testing.T) {
	testHub(t, Config{Quiet: 40 * time.Second}, func(v *venue, h *Hub) {
		v.set(func() { v.silent = true })
		var a notes
		h.Add("a", &a)
		pass(41 * time.Second)
		if v.dialled() < 2 {
			t.Fatal("not replaced")
		}
		v.set(func() { v.silent = false })
		pass(90 * time.Second)
		v.say("a", "1")
		if got := a.String(); !strings.HasSuffix(got, "up 1 |") {
			t.Errorf("got %q", got)
		}
	})
}

// A connection whose topics are quiet by nature is not replaced for ever at the same pace.
func TestPatienceWithQuietConnections(t *testing.T) {
	testHub(t, Config{Quiet: 40 * time.Second}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(2 * time.Hour)
		if n := v.dialled(); n > 20 {
			t.Errorf("%d connections in two quiet hours", n)
		}
	})
}

func TestTopicsAreSpreadOverConnections(t *testing.T) {
	testHub(t, Config{MaxTopics: 3}, func(v *venue, h *Hub) {
		sinks := make([]notes, 10)
		for i := range sinks {
			h.Add(fmt.Sprint("t", i), &sinks[i])
		}
		pass(time.Second)
		if n := v.dialled(); n != 4 {
			t.Errorf("%d connections for 10 topics, 3 each", n)
		}
		for i := range sinks {
			v.say(fmt.Sprint("t", i), "x")
			if got := sinks[i].String(); got != "up x |" {
				t.Errorf("t%d: %q", i, got)
			}
		}
	})
}

func TestSendsAtTheVenuesPace(t *testing.T) {
	testHub(t, Config{Rates: []Rate{{Max: 2, Per: time.Second}}}, func(v *venue, h *Hub) {
		sinks := make([]notes, 60) // 40 bytes a message: about 6 messages
		for i := range sinks {
			h.Add(fmt.Sprint("topic", i), &sinks[i])
		}
		synctest.Wait()
		for i := range 20 {
			if n := len(v.sent()); n > 2*(i/4+1) {
				t.Fatalf("%d messages within %d ms", n, i*250)
			}
			pass(250 * time.Millisecond)
		}
		pass(20 * time.Second)
		for i := range sinks {
			if sinks[i].String() != "up" {
				t.Errorf("topic%d: %q", i, sinks[i].String())
			}
		}
	})
}

// A connection that may not subscribe any more for an hour hands its topics on; those that it
// carries stay where they are.
func TestSpentConnectionHandsTopicsOn(t *testing.T) {
	testHub(t, Config{Rates: []Rate{{Max: 6, Per: time.Hour}}}, func(v *venue, h *Hub) {
		var a, b notes
		h.Add("a", &a)
		h.Add("b", &b)
		pass(time.Second)
		for range 10 {
			h.Renew("a")
			pass(time.Second)
			v.say("a", "x")
			v.say("b", "y")
		}
		if strings.Contains(b.String(), "down") {
			t.Errorf("b: %q", b.String())
		}
		if n := strings.Count(a.String(), "x"); n != 10 {
			t.Errorf("a heard %d times of 10: %q", n, a.String())
		}
		if n := v.dialled(); n < 3 || n > 5 {
			t.Errorf("%d connections for 10 renewals, 3 each", n)
		}
	})
}

func TestNoticeMovesTheConnection(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		v.say("a", "1")
		for range 3 { // some venues say it for hours
			v.set(func() {
				for _, c := range v.conns {
					_ = c.Write(context.Background(), []byte("bye"))
				}
			})
			pass(10 * time.Second)
			v.say("a", "2")
		}
		if n := v.dialled(); n != 2 {
			t.Errorf("%d connections, want 2: the notice is obeyed, but not each time", n)
		}
	})
}

func TestBadMessagesHurtNobody(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		v.say("a", "bad")
		v.set(func() { _ = v.live["a"].Write(context.Background(), []byte("nonsense")) })
		v.say("a", "good")
		if got := a.String(); !strings.Contains(got, "good") || v.dialled() != 1 {
			t.Errorf("got %q over %d connections", got, v.dialled())
		}
		if n := h.Health()[0].Malformed; n != 2 {
			t.Errorf("%d malformed, want 2", n)
		}
	})
}

// leaver is a sink that is removed while its batch is under way.
type leaver struct {
	notes
	hub *Hub
}

func (l *leaver) Data(data []byte, at time.Time) error {
	l.hub.Remove("a", l)
	return l.notes.Data(data, at)
}

func TestBatchEndsForSinksThatLeave(t *testing.T) {
	testHub(t, Config{}, func(v *venue, h *Hub) {
		a, b := &leaver{hub: h}, &notes{}
		h.Add("a", a)
		h.Add("a", b)
		pass(time.Second)
		v.set(func() { // both in the buffer when the first is read
			_ = v.live["a"].Write(context.Background(), []byte("data a 1"))
			_ = v.live["a"].Write(context.Background(), []byte("data a 2"))
		})
		pass(time.Second)
		if got := a.String(); got != "up 1 |" {
			t.Errorf("who left: %q", got)
		}
		if got := b.String(); got != "up 1 | 2 |" && got != "up 1 2 |" {
			t.Errorf("who stays: %q", got)
		}
	})
}

func TestIdleConnectionIsGivenUp(t *testing.T) {
	testHub(t, Config{Linger: 10 * time.Second}, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Second)
		h.Remove("a", &a)
		pass(5 * time.Second)
		h.Add("a", &a) // it is still there
		pass(time.Second)
		if v.dialled() != 1 {
			t.Errorf("%d connections, want the first one used again", v.dialled())
		}
		h.Remove("a", &a)
		pass(15 * time.Second)
		if n := len(h.Health()); n != 0 {
			t.Errorf("%d connections kept without a topic", n)
		}
		h.Add("a", &a)
		pass(time.Second)
		v.say("a", "1")
		if got := a.String(); !strings.HasSuffix(got, "1 |") {
			t.Errorf("got %q", got)
		}
	})
}

func TestAddAndRemoveFromEverywhere(t *testing.T) {
	testHub(t, Config{MaxTopics: 5}, func(v *venue, h *Hub) {
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range 50 {
					var n notes
					topic := fmt.Sprint("t", (g+i)%12)
					h.Add(topic, &n)
					h.Renew(topic)
					h.Health()
					h.Remove(topic, &n)
				}
			})
		}
		all.Wait()
		pass(time.Minute)
		if n := len(h.Health()); n != 0 {
			t.Errorf("%d connections left", n)
		}
		v.set(func() {
			if len(v.live) != 0 {
				t.Errorf("still subscribed: %v", v.live)
			}
		})
	})
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		topics              []string
		limit, count, extra int
		want                string
	}{
		{nil, 10, 0, 0, "[]"},
		{[]string{"aaaa", "bbbb", "cccc"}, 10, 0, 1, "[[aaaa bbbb] [cccc]]"},
		{[]string{"aaaaaaaaaaaaaaaa", "b"}, 10, 0, 1, "[[aaaaaaaaaaaaaaaa] [b]]"},
		{[]string{"a", "b", "c", "d", "e"}, 0, 2, 0, "[[a b] [c d] [e]]"},
		{[]string{"a", "b"}, 0, 0, 0, "[[a b]]"},
	} {
		if got := fmt.Sprint(Split(c.topics, c.limit, c.count, c.extra)); got != c.want {
			t.Errorf("Split(%v, %d, %d, %d) = %s, want %s", c.topics, c.limit, c.count, c.extra, got, c.want)
		}
	}
}
