package binance

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/wire"
)

// dialect is the language of one connection, sections 4.1 and 4.2: requests are JSON,
// answers are bare, events are wrapped with the name of their stream.
type dialect struct {
	stream.Wording
	wire.Envelope // Route's own
}

func newDialect() stream.Dialect {
	return &dialect{Wording: stream.Wording{
		Form:      `{"method":"$op","params":["$topics"],"id":$id}`,
		Subscribe: "SUBSCRIBE", Unsubscribe: "UNSUBSCRIBE",
		Between: `","`,
		Bytes:   3900, // a request of more than 4,088 bytes gets neither an answer nor a subscription
	}, Envelope: wire.Envelope{Topic: "stream", Data: "data"}}
}

const (
	head   = `{"stream":"`
	middle = `","data":`
)

// Route reads the wrapper. The usual form is cut without looking into the data: when the
// frame ends with two braces and the data has one, the last is the wrapper's.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	if len(frame) <= len(head) || string(frame[:len(head)]) != head {
		return d.routeAny(frame, f)
	}
	name := frame[len(head):]
	n := 0
	for n < len(name) && name[n] != '"' && name[n] != '\\' && name[n] >= ' ' { // predicted: names have few lengths
		n++
	}
	rest := name[n:]
	if len(rest) < len(middle)+3 || string(rest[:len(middle)]) != middle {
		return d.routeAny(frame, f)
	}
	data := rest[len(middle) : len(rest)-1]
	if data[0] != '{' || data[len(data)-1] != '}' || rest[len(rest)-1] != '}' || bytes.IndexByte(data[1:], '{') >= 0 {
		return d.routeAny(frame, f)
	}
	return route(name[:n], data, f)
}

// route tells events of a topic from what the venue says about itself.
func route(topic, data []byte, f *stream.Frame) error {
	if string(topic) == "!"+shutdown {
		f.Leave = shutdown
		return nil
	}
	f.Topic, f.Data = topic, data
	return nil
}

const shutdown = "serverShutdown" // the notice before a maintenance, section 4.3

var errFrame = errors.New("binance: frame is neither an event nor an answer")

// routeAny reads a frame of any form: keys in any order, white space, members unknown.
func (d *dialect) routeAny(frame []byte, f *stream.Frame) error {
	switch topic, data, err := d.Open(frame); {
	case err != nil:
		return fmt.Errorf("binance: frame: %w", err)
	case len(topic) > 0 && data != nil:
		return route(topic, data, f)
	}
	return answer(gjson.ParseBytes(frame), f)
}

// answer reads what a request is answered by. Both forms of errors are in use, section 4.2.
func answer(m gjson.Result, f *stream.Frame) error {
	id := m.Get("id")
	code, text := m.Get("code").String()+m.Get("error.code").String(), m.Get("msg").String()+m.Get("error.msg").String()
	err := &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Code: code, Message: text}
	switch answers := id.Exists() && id.Type != gjson.Null; {
	case m.Get("e").String() == shutdown:
		f.Leave = shutdown
	case code != "" && !answers:
		return err
	case code != "":
		f.Acks = append(f.Acks, stream.Ack{ID: []byte(id.String()), Err: err})
	case m.Get("result").Exists() && answers:
		f.Acks = append(f.Acks, stream.Ack{ID: []byte(id.String())})
	default:
		return errFrame
	}
	return nil
}
