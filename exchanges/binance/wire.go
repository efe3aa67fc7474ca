package binance

import (
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
	}, Envelope: wire.NewEnvelope("stream", "data")}
}

const shutdown = "serverShutdown" // the notice before a maintenance, section 4.3

var errFrame = errors.New("binance: frame is neither an event nor an answer")

// Route reads the wrapper. Topics may be the venue's own words about itself.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	topic, data, err := d.Open(frame)
	switch {
	case err != nil:
		return fmt.Errorf("binance: frame: %w", err)
	case len(topic) == 0 || data == nil:
		return answer(gjson.ParseBytes(frame), f)
	case string(topic) == "!"+shutdown:
		f.Leave = shutdown
	default:
		f.Topic, f.Data = topic, data
	}
	return nil
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
