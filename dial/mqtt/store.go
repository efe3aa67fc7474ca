package mqtt

import (
	"strings"
	"sync"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// store keeps what is under way from one connection to the next, as paho's
// own does, and tells when it has arrived: the tokens of paho end with their
// connection, and are completed without a confirmation when a message is sent
// again.
type store struct {
	*mqtt.MemoryStore
	released func(packet uint16) // the broker will not send an incoming message again

	mu       sync.Mutex
	underWay map[uint16]chan struct{} // outgoing messages, until they are confirmed
}

func newStore(released func(uint16)) *store {
	return &store{MemoryStore: mqtt.NewMemoryStore(), released: released, underWay: make(map[uint16]chan struct{})}
}

// outgoing is what paho puts before the number of a packet that it sends.
const outgoing = "o."

func (s *store) Put(key string, packet packets.ControlPacket) {
	number := packet.Details().MessageID
	switch packet.(type) {
	case *packets.PublishPacket:
		if strings.HasPrefix(key, outgoing) {
			s.mu.Lock()
			if s.underWay[number] == nil {
				s.underWay[number] = make(chan struct{})
			}
			s.mu.Unlock()
		} else {
			return // it is kept by the broker, and by the session once it was handed over
		}
	case *packets.PubrelPacket:
		if !strings.HasPrefix(key, outgoing) {
			s.released(number)
		}
	}
	s.MemoryStore.Put(key, packet)
}

func (s *store) Del(key string) {
	if strings.HasPrefix(key, outgoing) {
		if packet := s.MemoryStore.Get(key); packet != nil {
			s.confirm(packet.Details().MessageID)
		}
	}
	s.MemoryStore.Del(key)
}

func (s *store) confirm(number uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done := s.underWay[number]; done != nil {
		close(done)
		delete(s.underWay, number)
	}
}

// arrival is closed when the message in a packet is confirmed; nil: it is.
func (s *store) arrival(number uint16) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.underWay[number]
}
