package binance

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
	"github.com/depthwire/depthwire/stream"
)

// api is the language of the sockets that are the account's, sections 4.7, 8.1, 8.4 and 8.6. Events come without being asked for, bare
// or in an envelope, under the name of their kind; requests are answered by id.
type api struct {
	codes map[string]error
	scan  scan.Scanner // Route's own
}

// Change has nothing to say: who is connected is told everything.
func (*api) Change(_ time.Time, _, add, _ []string) []stream.Request {
	if len(add) == 0 {
		return nil
	}
	return []stream.Request{{Topics: add, Mute: true}}
}

// message is what the top of a frame may have.
type message struct{ kind, event, order, id, result, failure []byte }

func (d *api) open(frame []byte) (m message, err error) {
	s := &d.scan
	s.Reset(frame)
	for key := range s.Object() {
		switch string(key) {
		case "e":
			m.kind = s.Stable()
		case "event":
			m.event = s.Raw()
		case "o":
			m.order = s.Raw()
		case "id":
			if m.id = bytes.Trim(s.Raw(), `"`); string(m.id) == "null" {
				m.id = nil
			}
		case "result":
			m.result = s.Raw()
		case "error":
			m.failure = s.Raw()
		}
	}
	if err = s.End(); err != nil {
		err = fmt.Errorf("binance: frame: %w", err)
	}
	return m, err
}

// Route reads an event or an answer. A failure that answers nothing is that of a key that is not good any more.
func (d *api) Route(frame []byte, f *stream.Frame) error {
	m, err := d.open(frame)
	if err == nil && m.event != nil {
		frame = m.event
		m, err = d.open(frame)
	}
	switch {
	case err != nil:
		return err
	case ends(m.kind):
		f.Leave = string(m.kind)
	case string(m.kind) == reported && m.order != nil:
		f.Topic, f.Data = m.kind, m.order
	case len(m.kind) > 0:
		f.Topic, f.Data = m.kind, frame
	case m.failure != nil && (len(m.id) == 0 || string(m.id) == greeting):
		f.Denied = d.denied(m.failure)
	case len(m.id) == 0 || m.failure == nil && m.result == nil:
		return errFrame
	case string(m.id) == greeting:
		f.Greeted = true
	case m.failure != nil:
		f.Answer, f.Data = m.id, m.failure
	default:
		f.Answer, f.Data = m.id, m.result
	}
	return nil
}

// ends reports whether an event says that none will come any more.
func ends(kind []byte) bool {
	switch string(kind) {
	case shutdown, "eventStreamTerminated", "listenKeyExpired":
		return true
	}
	return false
}

// denied is final where it is the key that is wrong, not its clock.
func (d *api) denied(failure []byte) error {
	code, text, _ := refusal(0, failure)
	err := &exchange.Error{Venue: name, Kind: d.codes[code], Code: code, Message: text}
	if errors.Is(err, exchange.ErrAuth) && !errors.Is(err, exchange.ErrNonce) {
		return fmt.Errorf("%w: %w", stream.ErrDenied, err)
	}
	return err
}

// follower is an api that has all events of the account sent, section 8.1 (b): it takes any kind of key, and lasts as long as the
// connection.
type follower struct {
	api
	session *exchange.Session
}

// greeting is the id of the first request of a connection.
const greeting = "account"

// Greet asks for the events.
func (d *follower) Greet(time.Time) (frame []byte, err error) {
	err = d.session.Sign(func(k *exchange.Key) error {
		frame = signedFrame(k, greeting, "userDataStream.subscribe.signature", d.session.Now())
		return nil
	})
	return frame, err
}

func spotAPI(s *exchange.Session) stream.Dialect { return &follower{api{codes: spotCodes}, s} }

func linearAPI(*exchange.Session) stream.Dialect { return &api{codes: linearCodes} }

// listenKey is section 8.4. Without events the venue says all, nothing, or that the key has expired.
var listenKey = exchange.Pass{
	Method: "POST",
	Path:   "/fapi/v1/listenKey",
	Read:   readListenKey,
	Address: func(key string) string {
		return "?listenKey=" + url.QueryEscape(key) + "&events=" + reported + "/" + changed
	},
	Keep:       30 * time.Minute,
	KeepMethod: "PUT",
	Cost:       linearCost(1),
}

func readListenKey(body []byte) (string, error) {
	key := gjson.GetBytes(body, "listenKey").String()
	if !gjson.ValidBytes(body) || key == "" {
		return "", errFrame
	}
	return key, nil
}

// environments are section 1.2. The one of demo has no host of its own for orders on futures over a socket, and shares that of the testnet.
var environments = map[string]exchange.Environment{
	"demo": {Endpoints: map[string]string{
		"spot.rest":      "https://demo-api.binance.com",
		"spot.stream":    "wss://demo-stream.binance.com",
		"spot.api":       "wss://demo-ws-api.binance.com",
		"linear.rest":    "https://demo-fapi.binance.com",
		"linear.public":  testStreams + "/public",
		"linear.market":  testStreams + "/market",
		"linear.private": testStreams + "/private",
		"linear.api":     testAPI,
	}},
	"testnet": {Endpoints: map[string]string{
		"spot.rest":      "https://testnet.binance.vision",
		"spot.stream":    "wss://stream.testnet.binance.vision",
		"spot.api":       "wss://ws-api.testnet.binance.vision",
		"linear.rest":    "https://testnet.binancefuture.com",
		"linear.public":  testStreams + "/public",
		"linear.market":  testStreams + "/market",
		"linear.private": testStreams + "/private",
		"linear.api":     testAPI,
	}},
}

const (
	testStreams = "wss://fstream.binancefuture.com"
	testAPI     = "wss://testnet.binancefuture.com"
)
