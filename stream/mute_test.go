package stream

import (
	"strings"
	"testing"
	"time"
)

// muteWords is the made-up protocol without acknowledgements.
type muteWords struct{ words }

func (d muteWords) Change(now time.Time, held, add, drop []string) []Request {
	all := d.words.Change(now, held, add, drop)
	for i := range all {
		all[i].Mute = true
	}
	return all
}

// Where a venue acknowledges nothing, what was sent is up, and not asked for again soon; what
// never speaks is found by its name, by its silence, and asked for again.
func TestMuteVenue(t *testing.T) {
	c := Config{Quiet: 40 * time.Second, Dialect: func() Dialect { return muteWords{words{every: 20 * time.Second}} }}
	testHub(t, c, func(v *venue, h *Hub) {
		v.set(func() { v.notAcked, v.mute["a"] = true, true })
		var a, b notes
		h.Add("a", &a)
		h.Add("b", &b)
		state := func(name string) TopicState {
			for _, topic := range h.Health()[0].Topics {
				if topic.Topic == name {
					return topic.State
				}
			}
			return ""
		}
		for range 14 {
			pass(2500 * time.Millisecond)
			v.say("b", "x")
		}
		if a.String() != "up" || !strings.HasPrefix(b.String(), "up x |") || state("a") != Asked || state("b") != Subscribed {
			t.Errorf("a: %q, %s; b: %q, %s", a.String(), state("a"), b.String(), state("b"))
		}
		v.set(func() { delete(v.mute, "a") })
		for range 4 {
			pass(2500 * time.Millisecond)
			v.say("b", "x")
		}
		if a.String() != "up down:silence up" || state("a") != Unheard {
			t.Errorf("a: %q, %s", a.String(), state("a"))
		}
		v.say("a", "1")
		if a.String() != "up down:silence up 1 |" || state("a") != Subscribed || strings.Contains(b.String(), "down") {
			t.Errorf("a: %q, %s; b: %q", a.String(), state("a"), b.String())
		}
	})
}
