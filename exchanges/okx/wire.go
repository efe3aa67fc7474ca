package okx

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/wire"
)

// A topic is the arg object of a subscription, as it is sent and as data comes back under it (section 4.4).
const (
	argChannel = `{"channel":"`
	argID      = `","instId":"`
	argType    = `","instType":"` // instead of an id, where a channel has all of a type
	argEnd     = `"}`
)

func topic(channel string, words ...map[exchange.Interval]string) func(*exchange.Market, exchange.Args) string {
	return exchange.Topic(argChannel+channel+argID+"$id"+argEnd, words...)
}

// beatEvery is how often ping is sent: the venue closes a connection after 30 s without one or data (section 4.2).
const beatEvery = 20 * time.Second

// dialect is how OKX talks on one connection (sections 4.2, 4.3, 4.5).
type dialect struct{ stream.Wording }

func newDialect() stream.Dialect { return &dialect{wording} }

var wording = stream.Wording{
	Form:      `{"id":"$id","op":"$op","args":[$topics]}`,
	Subscribe: "subscribe", Unsubscribe: "unsubscribe",
	Between: ",", Bytes: 3800, Count: 50, // older servers took 4,096 bytes of args (section 4.1)
}

// Beat is the venue's heartbeat: a text frame, answered by one that is no JSON either.
func (d *dialect) Beat(time.Time) ([]byte, time.Duration) { return []byte("ping"), beatEvery }

// Route reads what a frame is. Data is the whole frame: the envelope says what kind of book it is, and is that of REST
// otherwise.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	if t := usual(frame); t != nil {
		f.Topic, f.Data = t, frame
		return nil
	}
	if string(bytes.TrimSpace(frame)) == "pong" {
		return nil
	}
	return route(frame, f)
}

// usual returns the topic of a data frame in the form in which the venue sends it:
// {"arg":{"channel":"…","instId":"…"},"data":…, or "action". It is nil for all others.
func usual(frame []byte) []byte {
	const begin, head = len(`{"arg":`), `{"arg":` + argChannel
	if len(frame) < len(head) || string(frame[:len(head)]) != head {
		return nil
	}
	i := wire.Text(frame, len(head))
	if i < 0 || len(frame)-i < len(argID) || string(frame[i:i+len(argID)]) != argID {
		return nil
	}
	i = wire.Text(frame, i+len(argID)) + len(argEnd)
	if i < len(argEnd) || len(frame)-i < 8 || string(frame[i-len(argEnd):i]) != argEnd {
		return nil
	}
	switch string(frame[i : i+8]) {
	case `,"data":`, `,"action`:
		return frame[begin:i]
	}
	return nil
}

var errFrame = errors.New("okx: message of unknown kind")

// route is Route of what is not data in its usual form. Keys may come in any order.
func route(frame []byte, f *stream.Frame) error {
	if !gjson.ValidBytes(frame) {
		return errFrame
	}
	m := gjson.ParseBytes(frame)
	topic, event, id := topicOf(m), m.Get("event").String(), m.Get("id").String()
	code, text := plainCode(m.Get("code").String()), m.Get("msg").String()
	switch {
	case event == "" && topic != "" && m.Get("data").Exists():
		f.Topic, f.Data = []byte(topic), frame
	case event == "":
		return errFrame
	case (event == "subscribe" || event == "unsubscribe") && topic != "":
		f.Acks = append(f.Acks, stream.Ack{ID: []byte(id), Topic: []byte(topic), Drop: event == "unsubscribe"})
	case event == "error":
		return refused(id, code, text, f)
	case event == "notice" && code == codeUpgrade:
		f.Leave = code + " " + text
	}
	return nil // events of other kinds are none of ours
}

// topicOf makes the topic of a message with an arg: servers have added keys before.
func topicOf(m gjson.Result) string {
	channel := m.Get("arg.channel")
	if !channel.Exists() {
		return ""
	}
	topic := argChannel + channel.String()
	if id := m.Get("arg.instId"); id.Exists() {
		topic += argID + id.String()
	} else if id = m.Get("arg.instType"); id.Exists() {
		topic += argType + id.String()
	}
	return topic + argEnd
}

// refused reads an error (section 4.3). It does not carry the arg: 60018 has it in its text, the others are matched by
// the id and the order of the answers.
func refused(id, code, text string, f *stream.Frame) error {
	err := told(code, text, exchange.ErrBadRequest)
	ack := stream.Ack{ID: []byte(id), Topic: []byte(named(text)), One: id != "", Err: err, Again: errors.Is(err.Kind, exchange.ErrNetwork)}
	switch code {
	case "60012", "60013", "60014", "60019", "60033": // of the whole request
		ack.Topic, ack.One = nil, false
	}
	if len(ack.ID) == 0 && len(ack.Topic) == 0 {
		return err
	}
	f.Acks = append(f.Acks, ack)
	return nil
}

// named makes the topic of a text like "Wrong URL or channel:candle1m,instId:BTC-USDT doesn't exist. …".
func named(text string) string {
	_, rest, _ := strings.Cut(text, "channel:")
	arg := argID
	channel, rest, ok := strings.Cut(rest, ",instId:")
	if !ok {
		arg = argType
		if channel, rest, ok = strings.Cut(channel, ",instType:"); !ok {
			return ""
		}
	}
	return argChannel + channel + arg + rest[:strings.IndexAny(rest+" ", " ,")] + argEnd
}
