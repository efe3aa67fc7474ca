package okx

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/wire"
)

// login makes a connection the key's, section 6.2: by a time in seconds.
func login(k *exchange.Key, now time.Time) []byte {
	at := strconv.FormatInt(now.Unix(), 10)
	return fmt.Appendf(nil, `{"op":"login","args":[{"apiKey":%s,"passphrase":%s,"timestamp":"%s","sign":"%s"}]}`,
		gjson.AppendJSONString(nil, k.Name()), gjson.AppendJSONString(nil, k.Passphrase()), at, k.Base64(at+"GET/users/self/verify"))
}

// private is how OKX talks on a connection that is the account's (sections 6.2 and 8). Its data carry the account's uid, and
// it answers orders.
type private struct {
	dialect
	session *exchange.Session
	in      bool // the login is answered; Route's own, as is
	topic   []byte
}

func newPrivate(s *exchange.Session) stream.Dialect {
	return &private{dialect: dialect{wording}, session: s}
}

// Greet is the login.
func (d *private) Greet(time.Time) (message []byte, err error) {
	err = d.session.Sign(func(k *exchange.Key) error {
		message = login(k, d.session.Now())
		return nil
	})
	return message, err
}

// Route reads what a frame is. Data is the whole frame.
func (d *private) Route(frame []byte, f *stream.Frame) error {
	if d.topic = appendOwn(d.topic[:0], frame); len(d.topic) > 0 {
		f.Topic, f.Data = d.topic, frame
		return nil
	}
	if !gjson.ValidBytes(frame) {
		return d.dialect.Route(frame, f)
	}
	m := gjson.ParseBytes(frame)
	switch event, id := m.Get("event").String(), m.Get("id").String(); {
	case event == "login" || event == "error" && id == "" && !d.in:
		if d.in = plainCode(m.Get("code").String()) == "0"; d.in {
			f.Greeted = true
		} else {
			f.Denied = told(m.Get("code").String(), m.Get("msg").String(), exchange.ErrAuth)
		}
	case event == "channel-conn-count-error":
		tooMany(m.Get("channel").String(), m.Get("connCount").String(), f)
	case event == "" && id != "" && m.Get("op").Exists():
		f.Answer, f.Data = []byte(id), frame
	default:
		return d.dialect.Route(frame, f)
	}
	return nil
}

// tooMany refuses all topics of a channel that too many connections of the account have: their subscription is void, though it
// was acknowledged (section 8).
func tooMany(channel, count string, f *stream.Frame) {
	err := told("", count+" connections with channel "+channel, exchange.ErrRateLimit)
	for _, of := range []string{"", "SPOT", "MARGIN", "SWAP", "FUTURES"} {
		f.Acks = append(f.Acks, stream.Ack{Topic: []byte(ownTopic(channel, of)), Err: err})
	}
}

// ownTopic is the arg of a channel of the account: of all instruments of a type, or without one.
func ownTopic(channel, instType string) string {
	if instType != "" {
		channel += argType + instType
	}
	return argChannel + channel + argEnd
}

// appendOwn appends the topic of the account's data in their usual form: {"arg":{"channel":"…","instType":"…","uid":"…"},…
// with the keys behind the channel in any order. For all others it appends nothing.
func appendOwn(topic, frame []byte) []byte {
	const begin, uid = `{"arg":`, `","uid":"`
	at := len(begin + argChannel)
	if len(frame) < at || string(frame[:at]) != begin+argChannel {
		return topic[:0]
	}
	for from := len(begin); ; {
		end := wire.Text(frame, at)
		if end < 0 {
			return topic[:0]
		}
		if from > 0 {
			topic = append(topic, frame[from:end]...)
		}
		switch rest := frame[end:]; {
		case bytes.HasPrefix(rest, []byte(argType)):
			from, at = end, end+len(argType)
		case bytes.HasPrefix(rest, []byte(uid)):
			from, at = 0, end+len(uid)
		case bytes.HasPrefix(rest, []byte(`"},"data":[`)), bytes.HasPrefix(rest, []byte(`"},"eventType":"`)):
			return append(topic, argEnd...)
		default:
			return topic[:0]
		}
	}
}
