package wire

import (
	"bytes"

	"github.com/depthwire/depthwire/scan"
)

// Envelope finds what a frame is about and its data, by two keys at its top, whatever else there is and in whatever
// order. It is for one goroutine at a time.
type Envelope struct {
	topicKey, dataKey  string
	head, middle       string // where the topic comes first: {"stream":" and ","data":
	dataHead, dataNext string // where the data come first: {"data": and ,"stream":"

	scan  scan.Scanner
	topic []byte
}

// NewEnvelope returns an Envelope for two keys.
func NewEnvelope(topic, data string) Envelope {
	return Envelope{
		topicKey: topic, dataKey: data,
		head: `{"` + topic + `":"`, middle: `","` + data + `":`,
		dataHead: `{"` + data + `":`, dataNext: `,"` + topic + `":"`,
	}
}

// Open returns the text and the value of the two keys, empty where they are not there. They are valid until the next
// call, and as long as the frame. The usual forms, of which nothing but the two keys is in the frame, are cut without
// looking into the data, where these are an object without objects in it: the other braces are the frame's then.
func (e *Envelope) Open(frame []byte) (topic, data []byte, err error) {
	if len(frame) > len(e.head) && string(frame[:len(e.head)]) == e.head {
		topic, data = e.topicFirst(frame[len(e.head):])
	} else if len(frame) > len(e.dataHead) && string(frame[:len(e.dataHead)]) == e.dataHead {
		topic, data = e.dataFirst(frame[len(e.dataHead):])
	}
	if data != nil {
		return topic, data, nil
	}
	return e.any(frame)
}

func (e *Envelope) topicFirst(b []byte) (topic, data []byte) {
	n := verbatim(b)
	rest := b[n:]
	if len(rest) < len(e.middle)+3 || string(rest[:len(e.middle)]) != e.middle || rest[len(rest)-1] != '}' {
		return nil, nil
	}
	if data = rest[len(e.middle) : len(rest)-1]; !flat(data) {
		return nil, nil
	}
	return b[:n], data
}

func (e *Envelope) dataFirst(b []byte) (topic, data []byte) {
	end := len(b) - len(`"}`)
	if end < len(`{}`)+len(e.dataNext) || string(b[end:]) != `"}` {
		return nil, nil
	}
	name := bytes.LastIndexByte(b[:end], '"') + 1
	cut := name - len(e.dataNext)
	if cut <= 0 || string(b[cut:name]) != e.dataNext || verbatim(b[name:end]) < end-name || !flat(b[:cut]) {
		return nil, nil
	}
	return b[name:end], b[:cut]
}

// verbatim returns how many bytes at the head of b are text of a string as they stand there.
func verbatim(b []byte) (n int) {
	for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] >= ' ' { // predicted: topics have few lengths
		n++
	}
	return n
}

// flat reports whether data look like an object without objects in it.
func flat(data []byte) bool {
	return data[0] == '{' && data[len(data)-1] == '}' && bytes.IndexByte(data[1:], '{') < 0
}

func (e *Envelope) any(frame []byte) (topic, data []byte, err error) {
	e.topic = e.topic[:0]
	s := &e.scan
	s.Reset(frame)
	for key := range s.Object() {
		switch string(key) {
		case e.topicKey:
			e.topic = append(e.topic[:0], s.Text()...) // what Text returns may not outlive the next key
		case e.dataKey:
			data = s.Raw()
		}
	}
	return e.topic, data, s.End()
}
