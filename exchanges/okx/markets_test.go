package okx

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

const (
	rowSpot = `{"alias":"","auctionEndTime":"","baseCcy":"BTC","category":"1","ctMult":"","ctType":"","ctVal":"","ctValCcy":"","expTime":"","futureSettlement":false,"groupId":"12","instCategory":"1",` +
		`"instFamily":"","instId":"BTC-USDT","instIdCode":3,"instType":"SPOT","lever":"10","listTime":"1611907686000","lotSz":"0.00000001","maxLmtAmt":"20000000","maxLmtSz":"9999999999",` +
		`"maxMktSz":"1000000","minSz":"0.00001","openType":"fix_price","quoteCcy":"USDT","ruleType":"normal","settleCcy":"","state":"live","tickSz":"0.1","tradeQuoteCcyList":["USDT"],"uly":"","upcChg":[]}`
	rowSwap = `{"baseCcy":"","ctMult":"1","ctType":"linear","ctVal":"0.01","ctValCcy":"BTC","expTime":"","instFamily":"BTC-USDT","instId":"BTC-USDT-SWAP","instIdCode":10459,"instType":"SWAP",` +
		`"listTime":"1573557408000","lotSz":"0.01","maxLmtSz":"100000000","minSz":"0.01","quoteCcy":"","settleCcy":"USDT","state":"live","tickSz":"0.1","uly":"BTC-USDT",` +
		`"upcChg":[{"effTime":"1789400000000","newValue":"30000","param":"maxMktSz"}]}`
)

// with returns a row with some of its values replaced: key, value, key, value, ….
func with(row string, changes ...string) string {
	for i := 0; i < len(changes); i += 2 {
		key := `"` + changes[i] + `":`
		from := strings.Index(row, key) + len(key)
		to := from + strings.IndexAny(row[from:], ",}")
		row = row[:from] + changes[i+1] + row[to:]
	}
	return row
}

func TestParseMarkets(t *testing.T) {
	inverse := with(rowSwap, "ctType", `"inverse"`, "ctVal", `"100"`, "lotSz", `"0.1"`, "settleCcy", `"BTC"`, "uly", `"BTC-USD"`)
	for _, c := range []struct{ name, row, want string }{
		{"spot", rowSpot, "BTC-USDT BTC/USDT spot active live tick 0.1 step 0.00000001 min 0.00001 max 9999999999 contract "},
		{"digit first", with(rowSpot, "baseCcy", `"1INCH"`, "instId", `"1INCH-USDT"`), "1INCH-USDT 1INCH/USDT spot active live tick 0.1 step 0.00000001 min 0.00001 max 9999999999 contract "},
		{"suspended", with(rowSpot, "state", `"suspend"`), "BTC-USDT BTC/USDT spot suspend tick 0.1 step 0.00000001 min 0.00001 max 9999999999 contract "},
		{"linear swap", rowSwap, "BTC-USDT-SWAP BTC/USDT:USDT swap active live tick 0.1 step 0.01 min 0.01 max 100000000 contract 0.01"},
		{"USD-margined swap", with(rowSwap, "instId", `"BTC-USD_UM-SWAP"`, "settleCcy", `"USD"`, "uly", `"BTC-USD"`, "ctVal", `"0.0001"`),
			"BTC-USD_UM-SWAP BTC/USD:USD swap active live tick 0.1 step 0.01 min 0.01 max 100000000 contract 0.0001"},
		{"inverse swap", with(inverse, "instId", `"BTC-USD-SWAP"`), "BTC-USD-SWAP BTC/USD:BTC swap inverse active live tick 0.1 step 0.1 min 0.01 max 100000000 contract 100"},
		{"inverse future", with(inverse, "instId", `"BTC-USD-261225"`, "instType", `"FUTURES"`, "expTime", `"1798185600000"`),
			"BTC-USD-261225 BTC/USD:BTC-261225 future inverse active live tick 0.1 step 0.1 min 0.01 max 100000000 contract 100 until 1798185600000"},
		{"five years", with(rowSwap, "instId", `"BTC-USD_UM_XPERP-310404"`, "instType", `"FUTURES"`, "expTime", `"1933056000000"`, "settleCcy", `"USD"`, "uly", `"BTC-USD"`),
			"BTC-USD_UM_XPERP-310404 BTC/USD:USD-310404 future active live tick 0.1 step 0.01 min 0.01 max 100000000 contract 0.01 until 1933056000000"},
		{"multiplier", with(rowSwap, "ctMult", `"0.1"`), "BTC-USDT-SWAP BTC/USDT:USDT swap active live tick 0.1 step 0.01 min 0.01 max 100000000 contract 0.001"},
		{"announced", with(rowSpot, "tickSz", `""`, "lotSz", `""`, "state", `"preopen"`), ""},
		{"test", with(rowSpot, "state", `"test"`), ""},
		{"of another kind", with(rowSpot, "instType", `"EVENTS"`), ""},
		{"contract of another kind", with(rowSwap, "ctType", `"quanto"`), ""},
		{"no underlying", with(rowSwap, "uly", `""`), ""},
		{"no contract size", with(rowSwap, "ctVal", `""`), ""},
		{"no expiry", with(rowSwap, "instType", `"FUTURES"`), ""},
		{"malformed number", with(rowSpot, "tickSz", `"a tenth"`), ""},
		{"wrong type", with(rowSpot, "listTime", `true`), ""},
		{"no row", "7", ""},
	} {
		list := []byte(`{"code":"0","data":[` + c.row + `,` + rowSpot + `],"msg":""}`)
		ms, err := parseMarkets(nil, &exchange.Scope{}, list)
		if err != nil || len(ms) == 0 {
			t.Errorf("%s: %d markets, %v", c.name, len(ms), err)
			continue
		}
		got := ""
		if len(ms) > 1 {
			got = sayMarket(&ms[0])
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	broken(t, parseMarkets, `{"code":"0","data":[`+rowSpot)
}

func sayMarket(m *exchange.Market) string {
	s := fmt.Sprint(m.ID, " ", m.Symbol, " ", m.Kind)
	if m.Inverse {
		s += " inverse"
	}
	if m.Active {
		s += " active"
	}
	s += fmt.Sprintf(" %s tick %s step %s min %s max %s contract %s", m.Status, m.TickSize, m.StepSize, m.MinSize, m.MaxSize, m.Contract)
	if !m.Expiry.IsZero() {
		s += fmt.Sprint(" until ", m.Expiry.UnixMilli())
	}
	return s
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct{ body, code, text string }{
		{`{"code":"0","msg":"","data":[]}`, "", ""},
		{`{"data":[],"msg":"","code":"0"}`, "", ""},
		{`{"code":0,"data":[]}`, "", ""},
		{`{"msg":"Too Many Requests","code":"50011"}`, "50011", "Too Many Requests"},
		{`{"msg":"Invalid OK-ACCESS-KEY","code":"50111"}`, "50111", "Invalid OK-ACCESS-KEY"},
		{`{"code":51001,"data":[],"msg":"Instrument ID doesn't exist."}`, "51001", "Instrument ID doesn't exist."},
		{`{"code":"51008_1000","msg":"Insufficient"}`, "51008", "Insufficient"},
		{`{"code":"1","data":[{"sCode":"51008_1","sMsg":"Order failed."}],"msg":"All operations failed"}`, "51008", "Order failed."},
		{`{"msg":"","data":[{"sCode":"0","sMsg":""},{"sCode":"51020","sMsg":"Too small"}],"code":"2"}`, "", ""}, // of some only
		{`{"code":"1","data":[],"msg":"Operation failed."}`, "1", "Operation failed."},
		{`{"code":"1","data":[7],"msg":"Operation failed."}`, "1", "Operation failed."},
		{`<html><head><title>403 Forbidden</title></head></html>`, "", ""},
		{``, "", ""}, {`null`, "", ""}, {`[]`, "", ""}, {`"code"`, "", ""}, {`{"code":"50011"`, "", ""},
	} {
		if code, text, until := refusal(200, []byte(c.body)); code != c.code || text != c.text || !until.IsZero() {
			t.Errorf("%s: %q %q %s", c.body, code, text, until)
		}
	}
}

func TestCodes(t *testing.T) {
	for code, want := range map[string]error{
		"50001": exchange.ErrUnavailable, "50004": exchange.ErrNetwork, "50011": exchange.ErrRateLimit, "50102": exchange.ErrNonce, "50110": exchange.ErrAddress, "50105": exchange.ErrPassphrase, "50120": exchange.ErrPermission,
		"50113": exchange.ErrAuth, "51000": exchange.ErrBadRequest, "51001": exchange.ErrBadSymbol, "51008": exchange.ErrFunds, "51020": exchange.ErrInvalidOrder,
		"51603": exchange.ErrOrderNotFound, "54012": exchange.ErrMaintenance, "60018": exchange.ErrBadSymbol, "60014": exchange.ErrRateLimit, "64003": exchange.ErrPermission,
	} {
		if got := codes[code]; !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}

// TestCode: the number of an instrument needs 64 bits, and may be missing.
func TestCode(t *testing.T) {
	for code, want := range map[string]string{"10459": "10459", "1125899906842999123": "1125899906842999123", "null": "", `"3"`: "", "-1": "", "1.5": "", "1e3": ""} {
		ms, err := parseMarkets(nil, &exchange.Scope{}, []byte(`{"code":"0","data":[`+strings.Replace(rowSwap, "10459", code, 1)+`],"msg":""}`))
		if err != nil || len(ms) != 1 || ms[0].Code != want {
			t.Errorf("%s: %+v, %v", code, ms, err)
		}
	}
}
