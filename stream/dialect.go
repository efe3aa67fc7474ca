package stream

import (
	"errors"
	"time"
)

// Dialect is how one venue talks on one connection. It does no I/O and starts
// nothing. Change is called by one goroutine and Route by another: what both
// need is either constant or guarded.
//
// A Dialect may also be a Beater, an Asker or a Greeter.
type Dialect interface {
	// Change returns the requests that unsubscribe from drop and then subscribe to add; a
	// topic may be in both. held are the topics that the connection carries before, for venues whose
	// subscribe replaces the whole list. Requests are sent in order, at the venue's pace.
	Change(now time.Time, held, add, drop []string) []Request
	// Route reads what a frame is, into f, which is empty. What it stores there may
	// alias frame. An error means that the frame could not be understood.
	Route(frame []byte, f *Frame) error
}

// Beater is a Dialect whose venue wants to hear from the client.
type Beater interface {
	// Beat returns the message to send after each period without one, and the period.
	Beat(now time.Time) (msg []byte, every time.Duration)
}

// Greeter is a Dialect whose venue wants to know who connects. Until it has answered, by Frame.Greeted, nothing else is
// asked. A greeting that is not answered within Config.Answer ends the connection. Greet is called by the goroutine that calls Change.
type Greeter interface {
	// Greet returns the first message of a connection. An error ends the connection as Frame.Denied does.
	Greet(now time.Time) ([]byte, error)
}

// Asker is a Dialect whose venue answers questions about a topic on the connection that
// carries it: for the snapshot of a book, or for values that were missed. Ask is called by the
// goroutine that calls Change.
type Asker interface {
	// Ask returns the question about a topic, about the values from from to to, both inclusive, unless they
	// are zero. Route gives the answer as data of the topic and, where the request has an ID,
	// its Ack; a refusal is one of the Topics of the request.
	Ask(topic string, from, to time.Time) Request
}

// Request is one message that changes subscriptions, or asks about one.
type Request struct {
	Frame  []byte
	ID     string   // by which the venue answers, empty when it does not say
	Topics []string // what it asks for
	Drop   bool     // it unsubscribes
	Mute   bool     // the venue answers refusals only: what is sent counts as acknowledged, and where Frame is empty what is not sent
}

// Frame is one message as routed. It is reused: a Dialect sets what applies.
type Frame struct {
	Topic   []byte // whose data this is
	Data    []byte // the useful part
	Reply   []byte // to be sent back at once, as the answer to a heartbeat
	Acks    []Ack  // subscriptions that the venue acknowledges or refuses
	Greeted bool   // the venue accepts who has connected
	Denied  error  // it does not: all topics are refused where this wraps ErrDenied, otherwise the connection is made again; no Greeter is needed
	Answer  []byte // Data is the answer to the request of this id, made by Hub.Do
	Leave   string // the venue says that it will close this connection soon, and why
}

// Ack is a venue's answer to a request, or to one topic of it.
type Ack struct {
	ID    []byte // of the request; a venue that answers by topic may leave it empty
	Topic []byte // empty: all topics of the request
	One   bool   // of one topic of the request: Topic, if that is asked for, else the first that has no answer yet
	Drop  bool   // of an unsubscribe
	Err   error  // refused
	Again bool   // refused for now only: ask again later
}

func (f *Frame) reset() {
	f.Topic, f.Data, f.Reply, f.Acks, f.Leave = nil, nil, nil, f.Acks[:0], ""
	f.Greeted, f.Denied, f.Answer = false, nil, nil
}

// Sink takes what one topic carries. Data, Flush and Refused come from the goroutine that
// reads the topic's connection, one call at a time; Flush follows Data before that
// goroutine waits.
type Sink interface {
	// Data takes one message; data is valid during the call. received is when it was
	// read from the network. An error means that it could not be understood: the
	// hub counts and logs it, the sink has told its readers.
	Data(data []byte, received time.Time) error
	// Flush ends a batch of Data: nothing more is waiting on the connection.
	Flush()
	// Down says that what the topic carried so far is no longer kept up to date. It may
	// come at any time, from any goroutine.
	Down(why *Break)
	// Up says that the topic is subscribed again. It may come from any goroutine.
	Up()
	// Refused says that the venue will not serve the topic.
	Refused(err error)
}

// rare is what a Sink says whose topic may be silent for hours: nothing is made of that.
type rare interface{ Rare() bool }

// ErrRefused is wrapped by errors of topics that a venue refuses without saying why.
var ErrRefused = errors.New("stream: subscription refused")

// Split cuts topics into runs whose texts, with extra bytes each, fit in limit bytes
// and that are at most count long; 0 means no limit. A topic that is too long alone has a run of its own.
func Split(topics []string, limit, count, extra int) [][]string {
	var runs [][]string
	from, size := 0, 0
	for i, t := range topics {
		n := len(t) + extra
		if i > from && ((limit > 0 && size+n > limit) || (count > 0 && i-from >= count)) {
			runs = append(runs, topics[from:i])
			from, size = i, 0
		}
		size += n
	}
	if from < len(topics) {
		runs = append(runs, topics[from:])
	}
	return runs
}
