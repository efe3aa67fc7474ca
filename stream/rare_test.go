package stream

import (
	"strings"
	"testing"
	"time"
)

// seldom is a sink whose topic may be silent for hours.
type seldom struct{ notes }

func (*seldom) Rare() bool { return true }

func TestSilenceOfRareTopicsIsNothing(t *testing.T) {
	testHub(t, Config{Quiet: 30 * time.Second}, func(v *venue, h *Hub) {
		asked := func() int { return strings.Count(strings.Join(v.sent(), ";"), "sub") }
		var rare seldom
		h.Add("rare", &rare)
		pass(6 * time.Hour)
		for range 2 * learned {
			v.say("rare", "1")
			pass(time.Second)
		}
		pass(6 * time.Hour)
		topic := h.Health()[0].Topics[0]
		if len(v.dials) != 1 || asked() != 1 || topic.State != Subscribed || topic.Limit != 0 || strings.Contains(rare.String(), "down") {
			t.Errorf("%d connections, %d subscriptions, %+v, told %.60s", len(v.dials), asked(), topic, rare.String())
		}
		// With one who expects to hear something the topic is rare no longer.
		var often notes
		h.Add("rare", &often)
		pass(time.Hour)
		if !strings.Contains(often.String(), "down") {
			t.Errorf("told %q", often.String())
		}
	})
}
