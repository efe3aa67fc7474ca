package wire

import "github.com/depthwire/depthwire/scan"

// Envelope finds what a frame is about and its data, by two keys at its top, whatever else there is and in whatever
// order. It is for one goroutine at a time.
type Envelope struct {
	Topic, Data string // the keys

	scan  scan.Scanner
	topic []byte
}

// Open returns the text and the value of the two keys, empty where they are not there. The topic is valid until the next call.
func (e *Envelope) Open(frame []byte) (topic, data []byte, err error) {
	e.topic = e.topic[:0]
	s := &e.scan
	s.Reset(frame)
	for key := range s.Object() {
		switch string(key) {
		case e.Topic:
			e.topic = append(e.topic[:0], s.Text()...)
		case e.Data:
			data = s.Raw()
		}
	}
	return e.topic, data, s.End()
}
