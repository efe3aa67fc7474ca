package okx

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
)

// codeUpgrade is the notice that a connection will be closed in a minute (section 4.5).
const codeUpgrade = "64008"

// refusal reads the error of an answer (section 10): a code that is not 0, whatever the status, and where it is 1 the one
// of the first element that has one. 2 refuses some elements only: parseOrdered sees to them.
func refusal(_ int, body []byte) (code, text string, until time.Time) {
	if bytes.HasPrefix(body, []byte(`{"code":"0",`)) || !gjson.ValidBytes(body) {
		return "", "", until
	}
	answer := gjson.ParseBytes(body)
	code, text = plainCode(answer.Get("code").String()), answer.Get("msg").String()
	if code == "0" || code == "2" || answer.Get("code").Type == gjson.JSON {
		return "", "", until
	}
	if code == "1" {
		for _, part := range answer.Get("data").Array() {
			if c := plainCode(part.Get("sCode").String()); c != "" && c != "0" {
				return c, part.Get("sMsg").String(), until
			}
		}
	}
	return code, text, until
}

// told is what the venue refuses: of the kind otherwise where the code is not known.
func told(code, text string, otherwise error) *exchange.Error {
	code = plainCode(code)
	return &exchange.Error{Venue: name, Kind: cmp.Or(codes[code], otherwise), Code: code, Message: text}
}

// plainCode returns a code without its sub-code. Old gateways send it as a number.
func plainCode(text string) string {
	code, _, _ := strings.Cut(text, "_")
	return code
}

// codes is the table of section 10.
var codes = exchange.Codes(nil, map[error]string{
	exchange.ErrBadRequest: "50000, 50002, 50006, 50014, 50015, 50016, 50024, 50025, 50038, 50039, 51000, " +
		"60012, 60013, 60019, 60026, 60027, 60028, 60033, 60008, 64000, 64001, 64002, 60031, 64004",
	exchange.ErrBadSymbol: "51001, 51012, 51014, 51015, 51021, 51027, 54007, 60018",
	exchange.ErrInvalidOrder: "50036, 50037, 51003, 51004, 51005, 51006, 51016, 50071, 51020, 51120, 51121, 51150, " +
		"51201, 51202, 51203, 51204, 51101, 51111, 51116, 51124, 51169, 51410, 51503, 51506, 51511, 51513",
	exchange.ErrOrderNotFound: "51400, 51401, 51402, 51063, 51603",
	exchange.ErrFunds:         "51008, 51119, 51127, 51131, 51502, 58350, 59200",
	exchange.ErrAuth: "50100, 50101, 50103, 50104, 50106, 50107, 50111, 50113, 50114, 50119, " +
		"60004, 60005, 60007, 60009, 60011, 60032",
	exchange.ErrPassphrase: "50105, 60024",
	exchange.ErrAddress:    "50110",
	exchange.ErrNonce:      "50102, 50112, 60006",
	exchange.ErrPermission: "50027, 50028, 50029, 50030, 50032, 50033, 50035, 50051, 50052, 51155, 50120, 50121, " +
		"51010, 51024, 60029, 60030, 64003",
	exchange.ErrRateLimit:   "50011, 50040, 50061, 58102, 60014, 60023",
	exchange.ErrNetwork:     "50004, 51054, 51149, 51412",
	exchange.ErrUnavailable: "50001, 50005, 50013, 50026, 51022, 51028, 51029, 51030, 63999, 64007, " + codeUpgrade,
	exchange.ErrMaintenance: "54012",
})
