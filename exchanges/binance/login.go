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
	refuse func(code, text string) error // Session.Refusal
	scan   scan.Scanner                  // Route's own
}

// Change has nothing to say: who is connected is told everything.
func (*api) Change(_ time.Time, _, add, _ []string) []stream.Request {
	if len(add) == 0 {
		return nil
	}
	return []stream.Request{{Topics: add, Mute: true}}
}

// message is what the top of a frame may have.
type message struct {
	kind, event, order, id, result, failure []byte
	status                                  int64 // of an answer
}

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
		case "status":
			m.status = s.Int()
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
	case string(m.kind) == shutdown:
		f.Leave = shutdown
	case ends(m.kind):
		f.Denied = fmt.Errorf("binance: %s", m.kind)
	case string(m.kind) == reported && m.order != nil:
		f.Topic, f.Data = m.kind, m.order
	case string(m.kind) == locked:
		f.Topic, f.Data = position, frame
	case len(m.kind) > 0:
		f.Topic, f.Data = m.kind, frame
	case m.failure != nil && (len(m.id) == 0 || string(m.id) == greeting):
		code, text, _ := refusal(0, m.failure)
		f.Denied = d.refuse(code, text)
	case len(m.id) == 0 || m.failure == nil && m.result == nil:
		return errFrame
	case string(m.id) == greeting:
		f.Greeted = true
	case m.failure != nil && m.status >= 500 && !unwell(m.failure):
		return errUnwell
	case m.failure != nil:
		f.Answer, f.Data = m.id, m.failure
	default:
		f.Answer, f.Data = m.id, m.result
	}
	return nil
}

// errUnwell is what is said of an answer that is none: the request may have been carried out or not, section 10.1.
var errUnwell = errors.New("binance: answer with a status of 500 or more, and a code that does not say what has become of the request")

// unwell reports whether a failure has a code that says that the venue is not well: it is an answer that leaves it open.
func unwell(failure []byte) bool {
	code, _, _ := refusal(0, failure)
	return errors.Is(commonCodes[code], exchange.ErrNetwork)
}

// ends reports whether an event says that none will come any more, though the connection stays.
func ends(kind []byte) bool {
	return string(kind) == "eventStreamTerminated" || string(kind) == "listenKeyExpired"
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
func (d *follower) Greet(time.Time) ([]byte, error) {
	return asked(d.session, greeting, "userDataStream.subscribe.signature")
}

func spotAPI(s *exchange.Session) stream.Dialect { return &follower{api{refuse: s.Refusal}, s} }

func linearAPI(s *exchange.Session) stream.Dialect { return &api{refuse: s.Refusal} }

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

// environments are section 1.2. That of demo has no host of its own for orders on futures over a socket, and shares the testnet's.
var environments = map[string]exchange.Environment{
	"demo":    trial("https://demo-api.binance.com", "wss://demo-stream.binance.com", "wss://demo-ws-api.binance.com", "https://demo-fapi.binance.com"),
	"testnet": trial("https://testnet.binance.vision", "wss://stream.testnet.binance.vision", "wss://ws-api.testnet.binance.vision", "https://testnet.binancefuture.com"),
}

func trial(spotREST, spotStream, spotAPI, linearREST string) exchange.Environment {
	const streams = "wss://fstream.binancefuture.com"
	return exchange.Environment{Endpoints: map[string]string{
		"spot.rest":      spotREST,
		"spot.stream":    spotStream,
		"spot.api":       spotAPI,
		"linear.rest":    linearREST,
		"linear.public":  streams + "/public",
		"linear.market":  streams + "/market",
		"linear.private": streams + "/private",
		"linear.api":     "wss://testnet.binancefuture.com",
	}}
}
