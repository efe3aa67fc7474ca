package exchange

import (
	"time"

	"github.com/depthwire/depthwire/stream"
)

// Source says where a value comes from.
type Source uint8

// The sources of values.
const (
	Stream Source = iota + 1 // pushed by the venue, or read from the state that its pushes keep
	REST                     // pulled for this answer
	Replay                   // from a recording
)

// String returns the name of the source.
func (s Source) String() string {
	switch s {
	case Stream:
		return "stream"
	case REST:
		return "rest"
	case Replay:
		return "replay"
	}
	return ""
}

// Break says what is known to be missing just before a value.
type Break = stream.Break

// Stamp is what every value carries.
type Stamp struct {
	Venue, Symbol string
	Time          time.Time // the venue's clock, zero when it sent none
	Received      time.Time // ours, when it was read from the network
	Seq           int64     // in the venue's own order of this kind of value and market, 0 when there is none
	Source        Source
	Break         *Break // what is known to be missing just before this value, nil when nothing is
	Raw           []byte // the venue's own bytes, when Options.Raw asks for them
}

func (s *Stamp) stamp() *Stamp { return s }

// stamped is any value, by pointer.
type stamped[T any] interface {
	*T
	stamp() *Stamp
}

// kind tells a feed where a value keeps what every value has.
func kind[T any, P stamped[T]]() stream.Kind[T] {
	return stream.Kind[T]{
		Break: func(v *T) **Break { return &P(v).stamp().Break },
		Time:  func(v *T) time.Time { return P(v).stamp().Received },
	}
}
