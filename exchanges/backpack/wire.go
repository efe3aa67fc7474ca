package backpack

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/wire"
)

// dialect is the language of one connection, sections 4.1 and 4.2. The venue answers a
// request with data or, when it is wrong, often with nothing at all: what never speaks is
// found by its silence. Errors do not name the request that they are about.
type dialect struct {
	stream.Wording
	wire.Envelope // Route's own
}

func newDialect() stream.Dialect {
	return &dialect{Wording: stream.Wording{
		Form:        `{"method":"$op","params":["$topics"]}`,
		Subscribe:   "SUBSCRIBE",
		Unsubscribe: "UNSUBSCRIBE",
		Between:     `","`,
		Bytes:       8000, // the venue has served more in one request
		Mute:        true,
	}, Envelope: wire.NewEnvelope("stream", "data")}
}

var errEnvelope = errors.New("backpack: message is neither data nor an error")

// Route reads the envelope, {"data":{…},"stream":"…"}.
func (d *dialect) Route(frame []byte, f *stream.Frame) error {
	topic, data, err := d.Open(frame)
	if err != nil {
		return fmt.Errorf("backpack: frame: %w", err)
	}
	if len(topic) > 0 && data != nil {
		f.Topic, f.Data = topic, data
		return nil
	}
	code, text, _ := refusal(http.StatusBadRequest, []byte(gjson.GetBytes(frame, "error").Raw))
	if code == "" {
		return errEnvelope
	}
	return &exchange.Error{Venue: name, Kind: codes[code], Code: code, Message: text}
}

// refusal reads {"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}, section
// 10. Errors of parsing are plain text, those of the network in front HTML: their status tells.
func refusal(status int, body []byte) (code, text string, until time.Time) {
	answer := gjson.ParseBytes(body)
	if status/100 == 2 || !gjson.ValidBytes(body) || answer.Get("code").IsObject() {
		return "", "", until
	}
	code, text = answer.Get("code").String(), answer.Get("message").String()
	return precise(code, text), text, until
}

// precise puts a word behind the code that says everything, where it is about the signature: the texts vary, section 10.
func precise(code, text string) string {
	has := func(word string) bool { return strings.Contains(strings.ToLower(text), word) }
	switch {
	case code != "INVALID_CLIENT_REQUEST" && code != "4003":
	case has("timestamp"), has("expir"), has("window"):
		return code + ": time"
	case code == "4003":
	case has("signature"), has("api key"), has("verifying key"):
		return code + ": key"
	}
	return code
}

// codes by kind, sections 4.1 and 10. INVALID_CLIENT_REQUEST says everything: its text tells.
var codes = exchange.Codes(nil, map[error]string{
	exchange.ErrAuth:          "INVALID_SIGNATURE, UNAUTHORIZED, INVALID_CLIENT_REQUEST: key, 4003",
	exchange.ErrNonce:         "INVALID_CLIENT_REQUEST: time, 4003: time",
	exchange.ErrPermission:    "FORBIDDEN, INVALID_TWO_FACTOR_CODE, ACCOUNT_DEACTIVATED, ACCOUNT_LIQUIDATING",
	exchange.ErrBadSymbol:     "INVALID_SYMBOL, INVALID_MARKET, INVALID_ASSET, RESOURCE_NOT_FOUND, INVALID_CLIENT_REQUEST Invalid market symbol, INVALID_CLIENT_REQUEST Symbol not found",
	exchange.ErrOrderNotFound: "INVALID_CLIENT_REQUEST Order not found, GET /api/v1/order: RESOURCE_NOT_FOUND, DELETE /api/v1/order: RESOURCE_NOT_FOUND",
	exchange.ErrInvalidOrder:  "POST /api/v1/order: INVALID_CLIENT_REQUEST, INVALID_ORDER, INVALID_PRICE, INVALID_QUANTITY, MAX_LEVERAGE_REACHED, POSITION_LIMIT, ORDER_LIMIT",
	exchange.ErrBadRequest:    "INVALID_CLIENT_REQUEST, INVALID_RANGE, INVALID_POSITION_ID, INVALID_SOURCE, PRECONDITION_FAILED, NOT_IMPLEMENTED, 4002, 4006, 4008",
	exchange.ErrFunds:         "INSUFFICIENT_FUNDS, INSUFFICIENT_MARGIN, INSUFFICIENT_SUPPLY, BORROW_LIMIT, LEND_LIMIT, BORROW_REQUIRES_LEND_REDEEM, LEND_REQUIRES_BORROW_REPAY",
	exchange.ErrRateLimit:     "TOO_MANY_REQUESTS, TOO_EARLY",
	exchange.ErrUnavailable:   "TRADING_PAUSED, SERVER_ERROR",
	exchange.ErrMaintenance:   "MAINTENANCE",
	exchange.ErrNetwork:       "TIMEOUT",
})
