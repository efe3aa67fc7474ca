package mqtt

import (
	"slices"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// A message that came into the store when its connection had closed it, or when the next one had listed what is there,
// is nobody's: it is sent anew. One that paho sends again is left to it.
func TestDrop(t *testing.T) {
	s := newStore(func(uint16) {})
	publish := func(number uint16) {
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.Qos, p.MessageID = 1, number
		s.Put(outgoing+string('0'+rune(number)), p)
	}
	s.Open()
	publish(1)
	publish(2)
	s.Close()
	publish(3) // too late
	s.Open()
	s.resume(true)
	s.All()    // as paho does; that it is cut off before it has sent all of it makes no difference
	publish(4) // too late for this one
	for number, want := range map[uint16]bool{1: false, 2: false, 3: true, 4: true, 5: false} {
		if got := s.drop(number); got != want {
			t.Errorf("message %d is dropped: %v, want %v", number, got, want)
		}
		if waits := s.arrival(number) != nil; waits != (number <= 2) {
			t.Errorf("message %d is waited for: %v", number, waits)
		}
	}
	left := s.All()
	slices.Sort(left)
	if !slices.Equal(left, []string{"o.1", "o.2"}) {
		t.Errorf("the next connection sends %q", left)
	}
	s.Del("o.2")
	if s.drop(1) || s.drop(2) {
		t.Error("a message is dropped that the next connection sends, or that is confirmed")
	}
}
