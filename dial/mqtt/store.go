package mqtt

import (
	"maps"
	"strconv"
	"strings"
	"sync"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// store keeps what is under way from one connection to the next, as paho's
// own does, and tells when it has arrived: the tokens of paho end with their
// connection, and are completed without a confirmation when a message is sent
// again.
//
// It knows, too, which messages of QoS 2 the broker has and was told to pass on:
// those may not be sent again, for it would take them for others, but that it is to pass them
// on is said again (MQTT 3.1.1, section 4.3.3). paho forgets that.
type store struct {
	*mqtt.MemoryStore
	released func(packet uint16) // the broker will not send an incoming message again

	mu       sync.Mutex
	underWay map[uint16]chan struct{} // outgoing messages, until they are confirmed
	listed   map[uint16]bool          // of these: paho sends them again on this connection, or the next if it ends before
	passed   map[uint16]bool          // of these: the broker was told to pass them on
	owed     map[uint16]bool          // of these: told on an earlier connection, and not confirmed yet
	none     chan struct{}            // closed when there are no owed ones
}

func newStore(released func(uint16)) *store {
	s := &store{MemoryStore: mqtt.NewMemoryStore(), released: released, underWay: make(map[uint16]chan struct{}),
		listed: make(map[uint16]bool), passed: make(map[uint16]bool)}
	s.resume(false)
	return s
}

// resume is called when the broker has accepted a connection, before paho sends
// anything again. A broker without the session has no messages to pass on: it is sent them.
func (s *store) resume(present bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !present {
		clear(s.passed)
	}
	s.owed, s.none = maps.Clone(s.passed), make(chan struct{})
	if len(s.owed) == 0 {
		close(s.none)
	}
}

// settled is closed when the broker has confirmed what it was told on an earlier
// connection. paho does not know that these numbers are taken: no message is sent before.
func (s *store) settled() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.none
}

// pass notes that the broker is told to pass a message on.
func (s *store) pass(number uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underWay[number] != nil {
		s.passed[number] = true
	}
}

// All is asked by paho what there is to be sent again, once for each connection.
func (s *store) All() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := s.MemoryStore.All()
	clear(s.listed)
	for _, key := range keys {
		if number, err := strconv.ParseUint(strings.TrimPrefix(key, outgoing), 10, 16); err == nil && strings.HasPrefix(key, outgoing) {
			s.listed[uint16(number)] = true
		}
	}
	return keys
}

// Get is asked by paho for what it sends again.
func (s *store) Get(key string) packets.ControlPacket {
	packet := s.MemoryStore.Get(key)
	if m, ok := packet.(*packets.PublishPacket); ok && strings.HasPrefix(key, outgoing) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.passed[m.MessageID] {
			pass := packets.NewControlPacket(packets.Pubrel).(*packets.PubrelPacket)
			pass.MessageID = m.MessageID
			return pass
		}
	}
	return packet
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
	delete(s.passed, number)
	if s.owed[number] {
		if delete(s.owed, number); len(s.owed) == 0 {
			close(s.none)
		}
	}
}

// drop takes back a message of an earlier connection that paho does not send
// again, because it came into the store after that was closed, or listed for this connection. It reports whether it
// is one: nobody confirms it otherwise.
func (s *store) drop(number uint16) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.underWay[number] == nil || s.listed[number] {
		return false
	}
	delete(s.underWay, number)
	s.MemoryStore.Del(outgoing + strconv.Itoa(int(number)))
	return true
}

// arrival is closed when the message in a packet is confirmed; nil: it is.
func (s *store) arrival(number uint16) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.underWay[number]
}
