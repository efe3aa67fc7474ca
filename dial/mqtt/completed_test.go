package mqtt

import (
	"fmt"
	"testing"
)

// packet is a message as it came.
type packet struct {
	number         uint16
	topic, payload string
}

func (p packet) Duplicate() bool   { return true }
func (p packet) Qos() byte         { return 2 }
func (p packet) Retained() bool    { return false }
func (p packet) Topic() string     { return p.topic }
func (p packet) MessageID() uint16 { return p.number }
func (p packet) Payload() []byte   { return []byte(p.payload) }
func (p packet) Ack()              {}

// The last thousand are known by number, topic and payload; older ones are
// forgotten.
func TestCompleted(t *testing.T) {
	var c completed
	of := func(i int) packet { return packet{uint16(i % 65535), "t", fmt.Sprint(i)} }
	const n = 200_000
	for i := range n {
		if c.add(of(i)); i%7 == 0 {
			c.add(of(i)) // released again
		}
	}
	for i := n - len(c.numbers); i < n; i++ {
		if !c.has(of(i)) {
			t.Fatalf("%d is not known", i)
		}
	}
	last := of(n - 1)
	for name, other := range map[string]packet{
		"older": of(n - len(c.numbers) - 1), "payload": {last.number, "t", "x"}, "topic": {last.number, "x", last.payload}, "number": {last.number + 1, "t", last.payload},
	} {
		if c.has(other) {
			t.Errorf("another %s is known", name)
		}
	}
	if len(c.sums) != len(c.numbers) {
		t.Errorf("%d are kept, want %d", len(c.sums), len(c.numbers))
	}
}
