package venuetest

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// backpackUser signs as section 6 says, for these tests.
type backpackUser struct {
	t       *testing.T
	s       *Server
	a       *Account
	private ed25519.PrivateKey
	key     string
	late    time.Duration
	window  string
}

func newBackpackUser(t *testing.T, o AccountOptions) *backpackUser {
	t.Helper()
	s := Backpack(Options{Memory: true, Seed: 1})
	t.Cleanup(s.Close)
	private := ed25519.NewKeyFromSeed([]byte("a seed of 32 bytes, s3cret to us"))
	o.PublicKey = private.Public().(ed25519.PublicKey)
	o.Key = base64.StdEncoding.EncodeToString(o.PublicKey)
	o.Balances = map[string]string{"USDC": "100000", "SOL": "50"}
	return &backpackUser{t: t, s: s, a: s.NewAccount(o), private: private, key: o.Key}
}

func (u *backpackUser) sign(text string) (at, signature string) {
	at = strconv.FormatInt(time.Now().Add(-u.late).UnixMilli(), 10)
	window := u.window
	if window == "" {
		window = "5000"
	}
	return at, base64.StdEncoding.EncodeToString(ed25519.Sign(u.private, []byte(text+"&timestamp="+at+"&window="+window)))
}

// ask sends a request that is signed over text.
func (u *backpackUser) ask(method, target, body, text string) (int, http.Header, string) {
	u.t.Helper()
	r, err := http.NewRequest(method, u.s.Endpoints()["rest"]+target, strings.NewReader(body))
	if err != nil {
		u.t.Fatal(err)
	}
	at, signature := u.sign(text)
	r.Header.Set("X-API-Key", u.key)
	r.Header.Set("X-Timestamp", at)
	r.Header.Set("X-Signature", signature)
	if u.window != "" {
		r.Header.Set("X-Window", u.window)
	}
	answer, err := u.s.Client().Do(r)
	if err != nil {
		u.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(b)
}

// follow connects and subscribes to private streams.
func (u *backpackUser) follow(topics ...string) *socket {
	c := dial(u.t, u.s, "account", "")
	at, signature := u.sign("instruction=subscribe")
	c.send(fmt.Sprintf(`{"method":"SUBSCRIBE","params":["%s"],"signature":["%s","%s","%s","5000"]}`, strings.Join(topics, `","`), u.key, signature, at))
	if got := c.ask(`{"method":"SUBSCRIBE","params":["no such"]}`); !strings.Contains(got, "4006") { // success is silent: this is not
		u.t.Fatalf("subscribed: %s", got)
	}
	return c
}

const (
	backpackLimit = `{"symbol":"SOL_USDC","side":"Bid","orderType":"Limit","price":"90","quantity":"2","clientId":4000000001,"postOnly":true,"timeInForce":"GTC"}`
	limitSigned   = "instruction=orderExecute&clientId=4000000001&orderType=Limit&postOnly=true&price=90&quantity=2&side=Bid&symbol=SOL_USDC&timeInForce=GTC"
	backpackNow   = `{"symbol":"SOL_USDC_PERP","side":"Ask","orderType":"Market","quantity":"3"}`
	nowSigned     = "instruction=orderExecute&orderType=Market&quantity=3&side=Ask&symbol=SOL_USDC_PERP"
)

// TestBackpackAccountShapes: section 7's messages, but for their numbers.
func TestBackpackAccountShapes(t *testing.T) {
	u := newBackpackUser(t, AccountOptions{})
	u.a.Settle(u.a.Deposit(Transaction{Asset: "USDC", Network: "ethereum", Address: "0x2", Amount: dec("120")}), Completed)
	id, _ := u.a.Withdraw(Transaction{Asset: "USDC", Network: "Solana", Address: "So1anaAddre55", Amount: dec("50"), Fee: dec("1")})
	u.a.Settle(id, Completed)
	const limit = `{"clientId":4000000001,"createdAt":1788285244094,"executedQuantity":"0","executedQuoteQuantity":"0","id":"59669287267","orderType":"Limit","postOnly":true,"price":"90","quantity":"2","reduceOnly":null,"relatedOrderId":null,"selfTradePrevention":"RejectTaker","side":"Bid","status":"New","stopLossLimitPrice":null,"stopLossTriggerBy":null,"stopLossTriggerPrice":null,"strategyId":null,"symbol":"SOL_USDC","takeProfitLimitPrice":null,"takeProfitTriggerBy":null,"takeProfitTriggerPrice":null,"timeInForce":"GTC","triggerBy":null,"triggerPrice":null,"triggerQuantity":null,"triggeredAt":null}`
	market := strings.NewReplacer(`4000000001`, `null`, `"orderType":"Limit","postOnly":true,"price":"90",`, `"orderType":"Market",`, `"quantity":"2"`, `"quantity":"3","quoteQuantity":null`, "New", "Filled", "SOL_USDC", "SOL_USDC_PERP").Replace(limit)
	for _, tt := range []struct{ method, target, body, text, want string }{
		{"GET", "/api/v1/capital", "", "instruction=balanceQuery", `{"SOL":{"available":"3.2","locked":"0","staked":"0"},"USDC":{"available":"120","locked":"15.5","staked":"0"}}`},
		{"POST", "/api/v1/order", backpackLimit, limitSigned, limit},
		{"POST", "/api/v1/order", backpackNow, nowSigned, market},
		{"GET", "/api/v1/orders?marketType=SPOT", "", "instruction=orderQueryAll&marketType=SPOT", "[" + limit + "]"},
		{"GET", "/api/v1/order?symbol=SOL_USDC&clientId=4000000001", "", "instruction=orderQuery&clientId=4000000001&symbol=SOL_USDC", limit},
		{"DELETE", "/api/v1/order", `{"clientId":4000000001,"symbol":"SOL_USDC"}`, "instruction=orderCancel&clientId=4000000001&symbol=SOL_USDC", strings.Replace(limit, "New", "Cancelled", 1)},
		{"DELETE", "/api/v1/orders", `{"symbol":"SOL_USDC"}`, "instruction=orderCancelAll&symbol=SOL_USDC", "[]"},
		{"GET", "/wapi/v1/history/orders?symbol=SOL_USDC", "", "instruction=orderHistoryQueryAll&symbol=SOL_USDC", `[{"clientId":4000000001,"createdAt":"2026-09-01T17:54:04.094","executedQuantity":"0","executedQuoteQuantity":"0","expiryReason":null,"id":"59669287267","orderType":"Limit","postOnly":true,"price":"1.0077","quantity":"20","quoteQuantity":"20.154","selfTradePrevention":"RejectTaker","side":"Ask","slippageTolerance":null,"slippageToleranceType":null,"status":"Cancelled","stopLossLimitPrice":null,"stopLossTriggerBy":null,"stopLossTriggerPrice":null,"strategyId":null,"symbol":"SOL_USDC","systemOrderType":null,"takeProfitLimitPrice":null,"takeProfitTriggerBy":null,"takeProfitTriggerPrice":null,"timeInForce":"GTC","triggerBy":null,"triggerPrice":null,"triggerQuantity":null}]`},
		{"GET", "/wapi/v1/history/fills?limit=1&fillType=User", "", "instruction=fillHistoryQueryAll&fillType=User&limit=1", `[{"clientId":null,"fee":"0.00009","feeSymbol":"USDC","isMaker":false,"orderId":"59669290001","price":"100.67","quantity":"0.1","side":"Bid","symbol":"SOL_USDC_PERP","systemOrderType":null,"timestamp":"2026-09-01T17:54:10.020","tradeId":381731500}]`},
		{"GET", "/wapi/v1/capital/deposits?from=0", "", "instruction=depositQueryAll&from=0", `[{"createdAt":"2026-08-20T13:55:54.267","fiatAmount":null,"fiatCurrency":null,"fromAddress":null,"id":6695353,"institutionBic":null,"platformMemo":null,"quantity":"120","source":"ethereum","status":"confirmed","symbol":"USDC","toAddress":"0x2","transactionHash":"HASH"}]`},
		{"GET", "/wapi/v1/capital/withdrawals", "", "instruction=withdrawalQueryAll", `[{"accountIdentifier":null,"bankIdentifier":null,"bankName":null,"blockchain":"Solana","clientId":null,"createdAt":"2026-08-21T09:00:01.5","fee":"1","fiatFee":null,"fiatState":null,"fiatSymbol":null,"id":881234,"identifier":null,"isInternal":false,"providerId":null,"quantity":"50","status":"confirmed","subaccountId":null,"symbol":"USDC","toAddress":"So1anaAddre55","transactionHash":"HASH","triggerAt":null}]`},
		{"GET", "/api/v1/position", "", "instruction=positionQuery", `[{"breakEvenPrice":"100.7125","cumulativeFundingPayment":"0","cumulativeInterest":"0","entryPrice":"100.6688888888888888888888889","estLiquidationPrice":"0","imf":"0.02","imfFunction":{"base":"0.02","factor":"0.0000935","type":"sqrt"},"markPrice":"100.74","mmf":"0.0125","mmfFunction":{"base":"0.0125","factor":"0.0000561","type":"sqrt"},"netCost":"13.7768","netExposureNotional":"13.634885278944","netExposureQuantity":"0.136","netQuantity":"0.136","pnlRealized":"0","pnlUnrealized":"0.0096","positionId":"4238420454","subaccountId":null,"symbol":"SOL_USDC_PERP","userId":1813870}]`},
	} {
		code, header, body := u.ask(tt.method, tt.target, tt.body, tt.text)
		if code != 200 {
			t.Errorf("%s %s: %d %s", tt.method, tt.target, code, body)
			continue
		}
		for _, x := range u.a.Transactions() {
			body = strings.ReplaceAll(body, x.TxID, "HASH")
		}
		alikeLoosely(t, body, tt.want)
		if got := header.Get("X-Total"); strings.HasPrefix(tt.target, "/wapi") && (got == "" || header.Get("X-Current-Page") != "1") {
			t.Errorf("%s: headers %v", tt.target, header)
		}
	}
}

// TestBackpackAccountRefuses: sections 6, 7 and 10.
func TestBackpackAccountRefuses(t *testing.T) {
	const capital, signed = "/api/v1/capital", "instruction=balanceQuery"
	invalid := func(why string) string { return `{"code":"INVALID_CLIENT_REQUEST","message":"` + why + `"}` }
	for name, tt := range map[string]struct {
		bend                       func(u *backpackUser)
		method, target, body, text string
		code                       int
		want                       string
	}{
		"good":              {nil, "GET", capital, "", signed, 200, ""},
		"good in a minute":  {func(u *backpackUser) { u.late, u.window = 50*time.Second, "60000" }, "GET", capital, "", signed, 200, ""},
		"unknown key":       {func(u *backpackUser) { u.key = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=" }, "GET", capital, "", signed, 401, `{"code":"UNAUTHORIZED","message":"Unauthorized"}`},
		"another key signs": {func(u *backpackUser) { u.private = ed25519.NewKeyFromSeed(make([]byte, 32)) }, "GET", capital, "", signed, 400, invalid("Invalid signature")},
		"other instruction": {nil, "GET", capital, "", "instruction=orderQueryAll", 400, invalid("Invalid signature")},
		"unsigned query":    {nil, "GET", "/api/v1/orders?symbol=SOL_USDC", "", "instruction=orderQueryAll", 400, invalid("Invalid signature")},
		"order of the body": {nil, "POST", "/api/v1/order", backpackNow, "instruction=orderExecute&symbol=SOL_USDC_PERP&side=Ask&orderType=Market&quantity=3", 400, invalid("Invalid signature")},
		"late":              {func(u *backpackUser) { u.late = 6 * time.Second }, "GET", capital, "", signed, 400, invalid("Request has expired")},
		"early":             {func(u *backpackUser) { u.late = -10 * time.Second }, "GET", capital, "", signed, 400, invalid("Invalid timestamp")},
		"window too wide":   {func(u *backpackUser) { u.window = "60001" }, "GET", capital, "", signed, 400, invalid("Invalid window")},
		"another address":   {func(u *backpackUser) { u.a.opts.Addresses = []string{"192.0.2.1"} }, "GET", capital, "", signed, 401, `{"code":"UNAUTHORIZED","message":"Unauthorized"}`},
		"may not trade":     {func(u *backpackUser) { u.a.Permit(true, false) }, "POST", "/api/v1/order", backpackNow, nowSigned, 403, `{"code":"FORBIDDEN","message":"Forbidden"}`},
		"id is text":        {nil, "POST", "/api/v1/order", `{"clientId":"7"}`, "instruction=orderExecute&clientId=7", 400, "failed to parse parameter `body`: failed to parse JSON payload"},
		"id is too large":   {nil, "POST", "/api/v1/order", `{"clientId":4294967296}`, "instruction=orderExecute&clientId=4294967296", 400, "failed to parse parameter `body`: failed to parse JSON payload"},
		"no order":          {nil, "GET", "/api/v1/order?symbol=SOL_USDC&orderId=7", "", "instruction=orderQuery&orderId=7&symbol=SOL_USDC", 404, `{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}`},
		"two names":         {nil, "GET", "/api/v1/order?symbol=SOL_USDC&orderId=7&clientId=7", "", "instruction=orderQuery&clientId=7&orderId=7&symbol=SOL_USDC", 400, invalid("Must specify either `orderId` or `clientId`")},
		"nothing to cancel": {nil, "DELETE", "/api/v1/order", `{"symbol":"SOL_USDC","orderId":"7"}`, "instruction=orderCancel&orderId=7&symbol=SOL_USDC", 400, invalid("Order not found")},
		"no market":         {nil, "DELETE", "/api/v1/orders", `{}`, "instruction=orderCancelAll", 400, invalid("Invalid market symbol")},
		"too many digits":   {nil, "POST", "/api/v1/order", strings.Replace(backpackNow, `"3"`, `"3.001"`, 1), strings.Replace(nowSigned, "=3", "=3.001", 1), 400, invalid("Quantity decimal too long")},
		"too much":          {nil, "POST", "/api/v1/order", strings.Replace(backpackNow, `"3"`, `"99000"`, 1), strings.Replace(nowSigned, "=3", "=99000", 1), 400, `{"code":"INSUFFICIENT_MARGIN","message":"Insufficient margin"}`},
	} {
		u := newBackpackUser(t, AccountOptions{})
		if tt.bend != nil {
			tt.bend(u)
		}
		code, _, body := u.ask(tt.method, tt.target, tt.body, tt.text)
		if code != tt.code || tt.want != "" && body != tt.want {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	u := newBackpackUser(t, AccountOptions{})
	for i, want := range []int{200, 400} {
		if code, _, body := u.ask("POST", "/api/v1/order", backpackLimit, limitSigned); code != want || i == 1 && body != `{"code":"INVALID_ORDER","message":"Order with client ID already exists: 4000000001"}` {
			t.Errorf("order %d: %d %s", i, code, body)
		}
	}
}

// TestBackpackAccountStreams: section 8's messages, but for their numbers, in their order.
func TestBackpackAccountStreams(t *testing.T) {
	u := newBackpackUser(t, AccountOptions{})
	if _, err := u.a.Place(Order{Symbol: "kPEPE/USDC:USDC", Side: "buy", Type: "market", Size: dec("10")}); err != nil {
		t.Fatal(err)
	}
	const position = `{"B":"4236.36","E":1788368290063168,"M":"4235.88650933","P":"-0.000473","Q":"0.0010","T":1788368290062981,"b":"4238.479","e":"positionOpened","f":"0.02","i":5411399049,"l":"0","m":"0.0125","n":"4.23588650933","p":"0","q":"0.0010","s":"SOL_USDC_PERP"}`
	const accepted = `{"E":1788368290063153,"O":"USER","Q":"20.1520","S":"Ask","T":1788368290062979,"V":"RejectTaker","X":"New","Z":"0","e":"orderAccepted","f":"GTC","i":"59887375336","o":"LIMIT","p":"1.0076","q":"20","r":false,"s":"SOL_USDC_PERP","t":null,"y":true,"z":"0"}`
	const filled = `{"E":1788368292000153,"L":"1.0076","N":"USDC","O":"USER","Q":"20.1520","S":"Ask","T":1788368292000001,"V":"RejectTaker","X":"PartiallyFilled","Z":"5.0380","c":77,"e":"orderFill","f":"GTC","i":"59887375336","l":"5","m":true,"n":"0.000504","o":"LIMIT","p":"1.0076","q":"20","r":false,"s":"SOL_USDC_PERP","t":2888471,"y":true,"z":"5"}`
	const balance = `{"A":"10","E":1788368290063168,"L":"20","S":"0","T":1788368290062981,"a":"USDC","e":"balanceUpdate"}`
	frame := func(stream, data string) string { return `{"data":` + data + `,"stream":"account.` + stream + `"}` }

	c := dial(t, u.s, "account", "")
	at, signature := u.sign("instruction=subscribe")
	first := c.ask(fmt.Sprintf(`{"method":"SUBSCRIBE","params":["account.positionUpdate"],"signature":["%s","%s","%s","5000"]}`, u.key, signature, at))
	alikeLoosely(t, first, frame("positionUpdate", strings.NewReplacer(`"e":"positionOpened",`, "", "SOL_USDC_PERP", "kPEPE_USDC_PERP").Replace(position)))

	c = u.follow("account.orderUpdate.SOL_USDC_PERP", "account.balanceUpdate")
	o, err := u.a.Place(Order{Symbol: "SOL/USDC:USDC", Side: "sell", Type: "limit", Price: dec("120"), Size: dec("20"), PostOnly: true, ClientID: "77"})
	if err != nil {
		t.Fatal(err)
	}
	ofMarket := func(data string) string {
		return strings.Replace(frame("orderUpdate", data), "orderUpdate\"}", "orderUpdate.SOL_USDC_PERP\"}", 1)
	}
	alikeLoosely(t, c.next(), ofMarket(strings.Replace(accepted, `"e"`, `"c":77,"e"`, 1)))
	alikeLoosely(t, c.next(), frame("balanceUpdate", balance))
	if err := u.a.Fill(o.ID, dec("5")); err != nil {
		t.Fatal(err)
	}
	alikeLoosely(t, c.next(), ofMarket(filled))
	alikeLoosely(t, c.next(), frame("balanceUpdate", balance))
	if err := u.a.Cancel(o.ID); err != nil {
		t.Fatal(err)
	}
	for got := c.next(); ; got = c.next() {
		if strings.Contains(got, "balanceUpdate") { // what the fill has released
			continue
		}
		if !strings.Contains(got, `"X":"Cancelled"`) || !strings.Contains(got, `"e":"orderCancelled"`) || !strings.Contains(got, `"z":"5"`) {
			t.Error(got)
		}
		break
	}
}

// TestBackpackAccountStreamsRefused: section 8.
func TestBackpackAccountStreamsRefused(t *testing.T) {
	u := newBackpackUser(t, AccountOptions{})
	at, signature := u.sign("instruction=subscribe")
	u.late = time.Minute
	old, oldSignature := u.sign("instruction=subscribe")
	const form = `{"method":"SUBSCRIBE","params":["account.%s"],"signature":["%s","%s","%s","5000"]}`
	for request, want := range map[string]string{
		`{"method":"SUBSCRIBE","params":["account.orderUpdate"]}`:           `{"id":null,"error":{"code":4003,"message":"Invalid signature"}}`,
		fmt.Sprintf(form, "orderUpdate", u.key, signature, old):             `{"id":null,"error":{"code":4003,"message":"Request has expired"}}`,
		fmt.Sprintf(form, "orderUpdate", u.key, oldSignature, at):           `{"id":null,"error":{"code":4003,"message":"Invalid signature"}}`,
		fmt.Sprintf(form, "orderUpdate", "no such key", signature, at):      `{"id":null,"error":{"code":4003,"message":"Invalid signature"}}`,
		fmt.Sprintf(form, "nothing", u.key, signature, at):                  `{"id":null,"error":{"code":4006,"message":"Invalid stream"}}`,
		fmt.Sprintf(form, "orderUpdate\",\"x", u.key, oldSignature, "soon"): `{"id":null,"error":{"code":4003,"message":"Invalid timestamp"}}`,
	} {
		if got := dial(t, u.s, "account", "").ask(request); got != want {
			t.Errorf("%s: %s", request, got)
		}
	}
	u.late = 0
	c := u.follow("account.orderUpdate")
	if got := u.s.Subscriptions(); len(got) != 1 {
		t.Errorf("subscribed: %v", got)
	}
	c.send(`{"method":"UNSUBSCRIBE","params":["account.orderUpdate"]}`)
	c.ask(`{"method":"SUBSCRIBE","params":["no such"]}`)
	if got := u.s.Subscriptions(); len(got) > 0 {
		t.Errorf("still subscribed: %v", got)
	}
}
