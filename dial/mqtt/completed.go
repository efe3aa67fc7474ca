package mqtt

import (
	"hash/maphash"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// completed remembers messages of QoS 2 that the broker has released: it may
// not send them again (MQTT 3.1.1, section 4.3.3), and Mosquitto 2.0.11, when it was stopped
// and started, sometimes does. They are few: numbers come again after 65,535 messages,
// and a message like the one before under its number is another one then.
type completed struct {
	sums    map[uint16]uint64 // by the number of the packet
	numbers [1 << 10]uint16   // in the order of their release
	at, n   int
}

var seed = maphash.MakeSeed()

func sum(m mqtt.Message) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteString(m.Topic())
	h.WriteByte(0) // no topic has it
	h.Write(m.Payload())
	return h.Sum64()
}

func (c *completed) has(m mqtt.Message) bool {
	of, ok := c.sums[m.MessageID()]
	return ok && of == sum(m)
}

func (c *completed) add(m mqtt.Message) {
	if c.sums == nil {
		c.sums = make(map[uint16]uint64)
	}
	if _, twice := c.sums[m.MessageID()]; !twice {
		if c.n == len(c.numbers) {
			delete(c.sums, c.numbers[c.at])
		} else {
			c.n++
		}
		c.numbers[c.at] = m.MessageID()
		c.at = (c.at + 1) % len(c.numbers)
	}
	c.sums[m.MessageID()] = sum(m)
}
