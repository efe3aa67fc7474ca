package binance

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
)

// mostRefusal bounds the bodies in which an error is looked for.
const mostRefusal = 4096

// refusal reads {"code":-1121,"msg":"…"}, section 10. Success may carry a code as well, so
// that only negative ones are errors there, section 11.
func refusal(status int, body []byte) (code, text string, until time.Time) {
	if len(body) > mostRefusal || len(body) == 0 || body[0] != '{' || !gjson.ValidBytes(body) {
		return "", "", until
	}
	answer := gjson.ParseBytes(body)
	code, text = answer.Get("code").String(), answer.Get("msg").String()+answer.Get("message").String() // sapi says message
	if answer.Get("code").Type == gjson.JSON || status < 400 && !strings.HasPrefix(code, "-") {
		return "", "", until
	}
	if m := stopUntil.FindSubmatch(body); m != nil {
		ms, _ := strconv.ParseInt(string(m[1]), 10, 64)
		until = time.UnixMilli(ms).UTC()
	}
	return code, text, until
}

// stopUntil finds the end of a ban, which is only in the text, section 9.3, and that of a limit of the WebSocket API, section 8.3.
var stopUntil = regexp.MustCompile(`(?:banned until |"retryAfter":)(\d{1,18})`)

// status reads section 3.2. It is of the whole venue, and only the hosts of spot tell it.
func status(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	answer := gjson.ParseBytes(b)
	if !gjson.ValidBytes(b) || !answer.IsObject() {
		return dst, errFrame
	}
	v := exchange.Status{State: exchange.Maintenance, Message: answer.Get("msg").String()}
	if answer.Get("status").Raw == "0" {
		v.State = exchange.OK
	}
	return append(dst, v), nil
}

// Codes by kind, section 10.2: the most frequent one where only the text tells several apart (-2010, -2011). -4046, -4059 and -4171 say that
// nothing had to be changed, which is no failure, and -2015 is all of a key that is unknown, an address and a permission.
var commonCodes = exchange.Codes(nil, map[error]string{
	exchange.ErrUnavailable:   "-1000, -1001, -1006, -1008",
	exchange.ErrMaintenance:   "-1016",
	exchange.ErrNetwork:       "-1007",
	exchange.ErrRateLimit:     "-1003, -1015",
	exchange.ErrAuth:          "-1002, -1022, -1099, -1125, -2008, -2014, -2015",
	exchange.ErrNonce:         "-1021, -5028",
	exchange.ErrBadSymbol:     "-1121, -1122, -1220, -2016",
	exchange.ErrOrderNotFound: "-2011, -2013",
	exchange.ErrInvalidOrder:  "-1010, -1013, -1014, -1111, -1112, -1114, -1115, -1116, -1117, -1118, -1119, -2010, -2021, -2022",
	exchange.ErrBadRequest:    "-1020, -1100, -1101, -1102, -1103, -1104, -1105, -1106, -1108, -1120, -1127, -1128, -1130, -1135, -1145, -1151, -1152, -1153, -1155, -1161, -1194, -1221",
})

var spotCodes = exchange.Codes(commonCodes, map[error]string{
	exchange.ErrFunds:         "-2010 Account has insufficient balance for requested action.",
	exchange.ErrPermission:    "-2010 This symbol is not permitted for this account., -2010 This action is disabled on this account., -2010 Rest API trading is not enabled.",
	exchange.ErrOrderNotFound: "-2026, -2039",
	exchange.ErrBadSymbol:     "-2010 Market is closed.",
	exchange.ErrInvalidOrder:  "-2038, -2011 Order was not canceled due to cancel restrictions.",
	exchange.ErrBadRequest:    "-2035, -2036, -2042, -2043",
})

var linearCodes = exchange.Codes(commonCodes, map[error]string{
	exchange.ErrPermission:   "-2017, -2023, -4088, -4109, -4400, -4401, -4402",
	exchange.ErrFunds:        "-2018, -2019, -2024, -2028, -4050, -4051",
	exchange.ErrInvalidOrder: "-2020, -2025, -2026, -2027, -4001, -4002, -4003, -4004, -4005, -4013, -4014, -4015, -4016, -4023, -4024, -4061, -4062, -4116, -4120, -4131, -4164, -5021, -5022, -5027, -5043",
	exchange.ErrBadRequest:   "-4021, -4067, -4068",
	exchange.ErrBadSymbol:    "-4104, -4140, -4141, -4144",
})
