package backpack

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// auth is section 6.
var auth = exchange.Auth{Ed25519: true, Public: true, Sign: sign}

// validFor is how many milliseconds a signature is good where the caller does not say it by the header X-Window.
const validFor = "5000"

// instructions are the venue's names of what is signed, section 6.
var instructions = map[string]string{
	"GET /api/v1/account":                   "accountQuery",
	"PATCH /api/v1/account":                 "accountUpdate",
	"GET /api/v1/account/limits/order":      "maxOrderQuantity",
	"GET /api/v1/account/limits/borrow":     "maxBorrowQuantity",
	"GET /api/v1/account/limits/withdrawal": "maxWithdrawalQuantity",
	"GET /api/v1/capital":                   "balanceQuery",
	"GET /api/v1/capital/collateral":        "collateralQuery",
	"GET /wapi/v1/capital/deposits":         "depositQueryAll",
	"GET /wapi/v1/capital/deposit/address":  "depositAddressQuery",
	"GET /wapi/v1/capital/withdrawals":      "withdrawalQueryAll",
	"GET /api/v1/order":                     "orderQuery",
	"POST /api/v1/order":                    "orderExecute",
	"DELETE /api/v1/order":                  "orderCancel",
	"GET /api/v1/orders":                    "orderQueryAll",
	"POST /api/v1/orders":                   "orderExecute",
	"DELETE /api/v1/orders":                 "orderCancelAll",
	"GET /api/v1/position":                  "positionQuery",
	"GET /wapi/v1/history/orders":           "orderHistoryQueryAll",
	"GET /wapi/v1/history/fills":            "fillHistoryQueryAll",
	"GET /wapi/v1/history/funding":          "fundingHistoryQueryAll",
	"GET /wapi/v1/history/position":         "positionHistoryQueryAll",
	"GET /wapi/v1/history/settlement":       "settlementHistoryQueryAll",
	"GET /wapi/v1/history/interest":         "interestHistoryQueryAll",
	"GET /wapi/v1/history/dust":             "dustHistoryQueryAll",
	"GET /api/v1/borrowLend/positions":      "borrowLendPositionQuery",
	"POST /api/v1/borrowLend":               "borrowLendExecute",
	"POST /api/v1/rfq":                      "rfqSubmit",
	"POST /api/v1/rfq/quote":                "quoteSubmit",
	"POST /api/v1/rfq/accept":               "quoteAccept",
	"POST /api/v1/rfq/refresh":              "rfqRefresh",
	"POST /api/v1/rfq/cancel":               "rfqCancel",
	"GET /api/v1/rfqs":                      "rfqQuery",
	"GET /api/v1/strategy":                  "strategyQuery",
	"POST /api/v1/strategy":                 "strategyCreate",
	"DELETE /api/v1/strategy":               "strategyCancel",
	"GET /api/v1/strategies":                "strategyQueryAll",
	"DELETE /api/v1/strategies":             "strategyCancelAll",
}

// sign is section 6: over what is asked for and the parameters, of the query or of the body, as the server reads them.
func sign(r *rest.Request, k *exchange.Key, _ string, now time.Time) error {
	instruction := instructions[r.Method+" "+r.Path]
	if instruction == "" {
		return unsignable("there is no instruction for " + r.Method + " " + r.Path)
	}
	text, err := signingText(instruction, r)
	if err != nil {
		return err
	}
	at, window := strconv.FormatInt(now.UnixMilli(), 10), cmp.Or(r.Header.Get("X-Window"), validFor)
	r.Header.Set("X-API-Key", k.Name())
	r.Header.Set("X-Signature", k.Base64(text+"&timestamp="+at+"&window="+window))
	r.Header.Set("X-Timestamp", at)
	r.Header.Set("X-Window", window)
	if len(r.Body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	return nil
}

func unsignable(why string) error {
	return &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Message: why}
}

// signingText is what is signed before the time: a list has a part for each of its elements.
func signingText(instruction string, r *rest.Request) (string, error) {
	if len(r.Body) == 0 {
		return part(instruction, slices.Clone(r.Query)), nil
	}
	body := gjson.ParseBytes(r.Body)
	if !gjson.ValidBytes(r.Body) || len(r.Query) > 0 {
		return "", unsignable("the body must be JSON, and there be no query beside it")
	}
	orders := []gjson.Result{body}
	if body.IsArray() {
		orders = body.Array()
	}
	parts := make([]string, len(orders))
	for i, order := range orders {
		params, err := memberParams(order)
		if err != nil {
			return "", err
		}
		parts[i] = part(instruction, params)
	}
	return strings.Join(parts, "&"), nil
}

func part(instruction string, params []rest.Param) string {
	slices.SortStableFunc(params, func(a, b rest.Param) int { return strings.Compare(a.Key, b.Key) })
	var b strings.Builder
	b.WriteString("instruction=" + instruction)
	for _, p := range params {
		b.WriteString("&" + p.Key + "=" + p.Value)
	}
	return b.String()
}

// memberParams reads the members of an object as the server does: text without quotes, numbers in decimal.
func memberParams(object gjson.Result) (params []rest.Param, err error) {
	if !object.IsObject() {
		return nil, unsignable("the body must be an object, or a list of them")
	}
	object.ForEach(func(key, value gjson.Result) bool {
		switch {
		case value.Type == gjson.JSON, value.Type == gjson.Null:
			err = unsignable("member " + key.String() + " is null or has members of its own")
		case value.Type == gjson.Number && strings.ContainsAny(value.Raw, "eE"):
			err = unsignable("member " + key.String() + " is a number with an exponent")
		case value.Type == gjson.String:
			params = append(params, rest.Param{Key: key.String(), Value: value.String()})
		default:
			params = append(params, rest.Param{Key: key.String(), Value: value.Raw})
		}
		return err == nil
	})
	return params, err
}

// subscribe asks for private streams, which may be on a connection with public ones, section 8.
func subscribe(k *exchange.Key, now time.Time, topics ...string) []byte {
	at := strconv.FormatInt(now.UnixMilli(), 10)
	signed := k.Base64("instruction=subscribe&timestamp=" + at + "&window=" + validFor)
	return fmt.Appendf(nil, `{"method":"SUBSCRIBE","params":["%s"],"signature":["%s","%s","%s","%s"]}`,
		strings.Join(topics, `","`), k.Name(), signed, at, validFor)
}
