package venuetest

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The keys of section 6.5, and the time of its vectors.
const (
	hmacKey    = "Tv1mKqY8sR2dXw5nLb7cJf4hGz9pUe3aHo6iVt0yBk1MrDq8SxWl2CgNj5EuZ7Pf"
	hmacSecret = "zG4vR8tYw2LkQ9hXn6BcD1mJp5sUaF3eVo7iKyTqW0xNrHbZ8CgMlEuPd2SjA4f6"
	edKey      = "Qd7LmXz2VpRk9TfHb4WsNc6YjUg1Ea8Ou3iKyB5vMxGw0SnJt2CrFhPqDlZe7I4A"
	vectorTime = 1763776800123
)

func edSeed() (seed []byte) {
	for i := range byte(32) {
		seed = append(seed, i+1)
	}
	return seed
}

// atVectors makes a venue whose clock is at the vectors' time, with the accounts of the vectors.
func atVectors(t *testing.T) (s *Server, mac, ed *Account) {
	t.Helper()
	s = Binance(Options{Seed: 1, Memory: true, Depth: 100})
	t.Cleanup(s.Close)
	s.Fault(Fault{Kind: ClockSkew, For: time.Until(time.UnixMilli(vectorTime))})
	funds := map[string]string{"USDT": "100000", "BTC": "1", "spot/BNB": "0"}
	mac = s.NewAccount(AccountOptions{Key: hmacKey, Secret: hmacSecret, Balances: funds})
	ed = s.NewAccount(AccountOptions{Key: edKey, PublicKey: ed25519.NewKeyFromSeed(edSeed()).Public().(ed25519.PublicKey), Balances: funds})
	return s, mac, ed
}

// call makes one request as it is given, and returns status, header and body.
func call(t *testing.T, s *Server, method, endpoint, path, key, body string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.Endpoints()[endpoint]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("X-MBX-APIKEY", key)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

// mac is the signature of HMAC keys.
func mac(secret, payload string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(payload))
	return hex.EncodeToString(h.Sum(nil))
}

// signedCall signs a request with the HMAC key of the vectors, and makes it.
func signedCall(t *testing.T, s *Server, method, endpoint, path, params string) (int, string) {
	t.Helper()
	s.mu.Lock()
	now := s.now().UnixMilli()
	s.mu.Unlock()
	if params != "" {
		params += "&"
	}
	params += "timestamp=" + itoa(now)
	status, _, body := call(t, s, method, endpoint, path+"?"+params+"&signature="+mac(hmacSecret, params), hmacKey, "")
	return status, body
}

const ordered = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.00150000&price=68250.10&newClientOrderId=go-0001&newOrderRespType=FULL&recvWindow=5000&timestamp=1763776800123"

func TestBinanceVectors(t *testing.T) { synctest.Test(t, binanceVectors) }

func binanceVectors(t *testing.T) {
	s, _, _ := atVectors(t)
	for _, tc := range []struct{ name, method, path, key, body, want string }{
		{"V1", "GET", "/api/v3/account?omitZeroBalances=true&recvWindow=5000&timestamp=1763776800123&signature=3d8b2d8c70e7e5f1f1c946cf59f47aa4dd510a81c6d959c6ddf78f2a0a5a716a", hmacKey, "", `"accountType":"SPOT"`},
		{"V1 in capitals", "GET", "/api/v3/account?omitZeroBalances=true&recvWindow=5000&timestamp=1763776800123&signature=3D8B2D8C70E7E5F1F1C946CF59F47AA4DD510A81C6D959C6DDF78F2A0A5A716A", hmacKey, "", `"accountType":"SPOT"`},
		{"V1 bent", "GET", "/api/v3/account?omitZeroBalances=true&recvWindow=5000&timestamp=1763776800124&signature=3d8b2d8c70e7e5f1f1c946cf59f47aa4dd510a81c6d959c6ddf78f2a0a5a716a", hmacKey, "", `-1022`},
		{"V2", "POST", "/api/v3/order?" + ordered + "&signature=c671298b4df4423bf715dfda7fd6ddbc8f623a6d9700331a058c2249fbe86c65", hmacKey, "", `"clientOrderId":"go-0001"`},
		{"V3", "POST", "/api/v3/order?symbol=BTCUSDT&side=SELL&type=LIMIT_MAKER", hmacKey, "quantity=0.00150000&price=71000.00&timestamp=1763776800123&signature=2a4fc6c77a18ff5e48da2209d657032dd4d5af4359993f1bb293cd298471a3f7", `"orderId":`},
		{"V4", "GET", "/api/v3/openOrders?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&timestamp=1763776800123&signature=5fc6fcce2e32fa351520ecf3e7841d1b8e2509e877b5350a134e4022d9e8eeea", hmacKey, "", `[]`},
		{"V5", "GET", "/api/v3/account?timestamp=1763776800123456&recvWindow=4999.5&signature=293f5c58289359cbf7bf552a42ff989c8c9335918c2024a5c68d52da8ce97660", hmacKey, "", `"balances"`},
		{"E1", "POST", "/api/v3/order?" + ordered + "&signature=puDxHE1d8uCN28A5%2FKx5Km2NhH7WuNBmxZxc85ysbV%2FXWgJzdu31o4%2FXwZhxy1NW7iS2Jyw8TnnJDP3z5n0iCA%3D%3D", edKey, "", `"clientOrderId":"go-0001"`},
		{"E1 of another", "POST", "/api/v3/order?" + ordered + "&signature=puDxHE1d8uCN28A5%2FKx5Km2NhH7WuNBmxZxc85ysbV%2FXWgJzdu31o4%2FXwZhxy1NW7iS2Jyw8TnnJDP3z5n0iCA%3D%3D", hmacKey, "", `-1022`},
	} {
		if _, _, body := call(t, s, tc.method, "spot.rest", tc.path, tc.key, tc.body); !strings.Contains(body, tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, body, tc.want)
		}
	}
	c := dial(t, s, "spot.api", "/ws-api/v3?returnRateLimits=false")
	for _, tc := range []struct{ name, frame, want string }{
		{"E2", `{"id":"logon-1","method":"session.logon","params":{"apiKey":"` + edKey + `","recvWindow":5000,"timestamp":1763776800123,"signature":"g1xeCAdbPPKxTINvlu1+XKPYs3DD5+Delow5WWyKK0GWuJFEI0LQulWEb1aLZUe1cniWUQnQfM0yRCVlpV8PCA=="}}`,
			`{"id":"logon-1","status":200,"result":{"apiKey":"` + edKey + `"`},
		{"E3", `{"id":2,"method":"session.logon","params":{"apiKey":"` + edKey + `","timestamp":1763776800123,"signature":"5IRUKIfmZP6gLoP5aahZbIXhIWGnGT8FPnsiPgbaFkpuFuyTJ+Nsr/WdPqmXZV4afOJPyFvT8FyhzJo8ofr6Bg=="}}`,
			`{"id":2,"status":200,"result":{"apiKey":"` + edKey + `"`},
		{"W1", `{"id":"u-2","method":"userDataStream.subscribe.signature","params":{"apiKey":"` + hmacKey + `","timestamp":1763776800123,"signature":"ba0610e9d650af418a1b2ed9a2ffb7cbad7dc1575837e6588815bab71bd27835"}}`,
			`{"id":"u-2","status":200,"result":{"subscriptionId":0}}`},
		{"W3", `{"id":"o","method":"openOrders.status","params":{"apiKey":"` + hmacKey + `","symbol":"币安人生USDT","timestamp":1763776800123,"signature":"1ee08df65a2784f33144f01516ec4fe90d025741841423eae07c0e6bb7a01424"}}`,
			`{"id":"o","status":200,"result":[]}`},
		{"bent", `{"id":"o","method":"openOrders.status","params":{"apiKey":"` + hmacKey + `","symbol":"BTCUSDT","timestamp":1763776800123,"signature":"1ee08df65a2784f33144f01516ec4fe90d025741841423eae07c0e6bb7a01424"}}`,
			`{"id":"o","status":400,"error":{"code":-1022,"msg":"Signature for this request is not valid."}}`},
	} {
		if got := c.ask(tc.frame); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	c.send(`{"id":"o-1","method":"order.place","params":{"apiKey":"` + hmacKey + `","newClientOrderId":"go-0002","newOrderRespType":"RESULT","price":"71000.00","quantity":"0.00150000","recvWindow":5000,"side":"SELL","symbol":"BTCUSDT","timeInForce":"GTC","timestamp":1763776800123,"type":"LIMIT","signature":"1aeeb163aa7348bfb583275fd4148a9e0d1821fb22e33a2d9e18e89661d96303"}}`)
	var got []string
	for range 3 {
		got = append(got, shape(t, c.next()))
	}
	want := []string{ // sections 8.2 and 8.3
		`{"subscriptionId":0,"event":{"e":"executionReport","E":1763776800141,"s":"BTCUSDT","c":"go-0002","S":"SELL","o":"LIMIT","f":"GTC","q":"0.00150000","p":"68250.10000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"NEW","X":"NEW","r":"NONE","i":48211330987,"l":"0.00000000","z":"0.00000000","L":"0.00000000","n":"0","N":null,"T":1763776800140,"t":-1,"I":101864199841,"w":true,"m":false,"M":false,"O":1763776800140,"Z":"0.00000000","Y":"0.00000000","Q":"0.00000000","W":1763776800140,"V":"EXPIRE_MAKER"}}`,
		`{"subscriptionId":0,"event":{"e":"outboundAccountPosition","E":1763776800925,"u":1763776800920,"B":[{"a":"BTC","f":"0.51050000","l":"0.00000000"}]}}`,
		`{"id":"o-1","status":200,"result":{"symbol":"BTCUSDT","orderId":48211330989,"orderListId":-1,"clientOrderId":"go-0002","transactTime":1763776800139,"price":"71000.00000000","origQty":"0.00150000","executedQty":"0.00000000","origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"0.00000000","status":"NEW","timeInForce":"GTC","type":"LIMIT","side":"SELL","workingTime":1763776800139,"selfTradePreventionMode":"EXPIRE_MAKER"}}`,
	}
	for i := range want {
		if want := shape(t, want[i]); got[i] != want {
			t.Errorf("frame %d: got %s\nwant %s", i, got[i], want)
		}
	}
}

func TestBinanceAdmission(t *testing.T) { synctest.Test(t, binanceAdmission) }

func binanceAdmission(t *testing.T) {
	s, a, _ := atVectors(t)
	stamp := func(after time.Duration) string { return itoa(time.UnixMilli(vectorTime).Add(after).UnixMilli()) }
	sign := func(params string) string {
		return "/api/v3/account?" + params + "&signature=" + mac(hmacSecret, params)
	}
	for _, tc := range []struct{ name, path, key, want string }{
		{"no key", sign("timestamp=" + stamp(0)), "", `401 {"code":-2014,"msg":"API-key format invalid."}`},
		{"no such form", sign("timestamp=" + stamp(0)), "short", `401 {"code":-2014,"msg":"API-key format invalid."}`},
		{"unknown", sign("timestamp=" + stamp(0)), strings.Repeat("a", 64), `401 {"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}`},
		{"no signature", "/api/v3/account?timestamp=" + stamp(0), hmacKey, `400 {"code":-1102,"msg":"Mandatory parameter 'signature' was not sent, was empty/null, or malformed."}`},
		{"no time", sign("omitZeroBalances=true"), hmacKey, `400 {"code":-1102,"msg":"Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed."}`},
		{"late", sign("timestamp=" + stamp(-10*time.Second)), hmacKey, `400 {"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}`},
		{"wide window", sign("recvWindow=20000&timestamp=" + stamp(-10*time.Second)), hmacKey, `200`},
		{"early", sign("timestamp=" + stamp(10*time.Second)), hmacKey, `400 {"code":-1021,"msg":"Timestamp for this request was 1000ms ahead of the server's time."}`},
		{"unknown parameter", sign("x=1&timestamp=" + stamp(0)), hmacKey, `400 {"code":-1104`},
	} {
		status, _, body := call(t, s, "GET", "spot.rest", tc.path, tc.key, "")
		if got := fmt.Sprintf("%d %s", status, body); !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	check := func(name, method, want string) {
		t.Helper()
		status, body := signedCall(t, s, method, "spot.rest", "/api/v3/order", "symbol=BTCUSDT&orderId=1")
		if got := fmt.Sprintf("%d %s", status, body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	const stranger = `401 {"code":-2015`
	check("may do both", "DELETE", `400 {"code":-2011`)
	a.Permit(true, false)
	check("may not trade", "DELETE", stranger)
	check("may read", "GET", `400 {"code":-2013,"msg":"Order does not exist."}`)
	a.Permit(true, true)
	s.Fault(Fault{Kind: WrongAddress, Channel: hmacKey})
	check("address", "GET", stranger)
	s.Fault(Fault{Kind: WrongSignature})
	check("signature", "GET", `400 {"code":-1022`)
	s.Fault(Fault{Kind: NoPermission})
	check("permission", "GET", stranger)
	a.Revoke()
	check("revoked", "GET", stranger)
}

// Every call answers as its section shows: names, order, types and numbers of digits.
func TestBinanceAccountShapes(t *testing.T) { synctest.Test(t, binanceAccountShapes) }

func binanceAccountShapes(t *testing.T) {
	s, a, _ := atVectors(t)
	spot, _ := a.Place(Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: dec("60000"), Size: dec("0.0015"), ClientID: "go-0001"})
	if err := a.Fill(spot.ID, dec("0.0005")); err != nil {
		t.Fatal(err)
	}
	linear, err := a.Place(Order{Symbol: "BTC/USDT:USDT", Side: "sell", Type: "limit", Price: dec("80000.1"), Size: dec("0.150"), ClientID: "go-f-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Fill(linear.ID, dec("0.05")); err != nil {
		t.Fatal(err)
	}
	id := a.Deposit(Transaction{Asset: "BTC", Network: "BTC", Address: "bc1qexample", Amount: dec("0.05")})
	a.Settle(id, Completed)
	if id, err = a.Withdraw(Transaction{Asset: "USDT", Network: "ETH", Address: "0x94df", Amount: dec("8.91"), Fee: dec("0.004"), ClientID: "w-17"}); err != nil {
		t.Fatal(err)
	}
	a.Settle(id, Completed)
	spotWant := `{"symbol":"BTCUSDT","orderId":48211330987,"orderListId":-1,"clientOrderId":"go-0001","price":"68250.10000000","origQty":"0.00150000","executedQty":"0.00050000","cummulativeQuoteQty":"34.12505000","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT","side":"BUY","stopPrice":"0.00000000","icebergQty":"0.00000000","time":1763776800140,"updateTime":1763776800920,"isWorking":true,"workingTime":1763776800140,"origQuoteOrderQty":"0.00000000","selfTradePreventionMode":"EXPIRE_MAKER"}`
	linearWant := `{"avgPrice":"80000.10000","clientOrderId":"go-f-1","cumQuote":"4000.005","executedQty":"0.05","orderId":8389765739703625592,"origQty":"0.150","origType":"LIMIT","price":"80000.1","reduceOnly":false,"side":"SELL","positionSide":"BOTH","status":"PARTIALLY_FILLED","stopPrice":"0","closePosition":false,"symbol":"BTCUSDT","time":1763776800075,"timeInForce":"GTC","type":"LIMIT","updateTime":1763776800075,"workingType":"CONTRACT_PRICE","priceProtect":false,"priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0}`
	for _, tc := range []struct{ method, endpoint, path, params, want string }{
		{"GET", "spot", "/api/v3/account", "omitZeroBalances=true", `{"makerCommission":10,"takerCommission":10,"buyerCommission":0,"sellerCommission":0,"commissionRates":{"maker":"0.00100000","taker":"0.00100000","buyer":"0.00000000","seller":"0.00000000"},"canTrade":true,"canWithdraw":true,"canDeposit":true,"brokered":false,"requireSelfTradePrevention":false,"preventSor":false,"updateTime":1763776799884,"accountType":"SPOT","balances":[{"asset":"BTC","free":"0.51000000","locked":"0.00150000"},{"asset":"USDT","free":"10580.12000000","locked":"70.00000000"}],"permissions":["TRD_GRP_004"],"uid":354937868}`},
		{"GET", "spot", "/api/v3/openOrders", "", "[" + spotWant + "]"},
		{"GET", "spot", "/api/v3/openOrders", "symbol=BTCUSDT", "[" + spotWant + "]"},
		{"GET", "spot", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=go-0001", spotWant},
		{"GET", "spot", "/api/v3/allOrders", "symbol=BTCUSDT", "[" + spotWant + "]"},
		{"GET", "spot", "/api/v3/myTrades", "symbol=BTCUSDT", `[{"symbol":"BTCUSDT","id":5400123401,"orderId":48211330987,"orderListId":-1,"price":"68250.10000000","qty":"0.00050000","quoteQty":"34.12505000","commission":"0.00000050","commissionAsset":"BTC","time":1763776800920,"isBuyer":true,"isMaker":true,"isBestMatch":true}]`},
		{"GET", "spot", "/sapi/v1/capital/deposit/hisrec", "", `[{"id":"769800519366885376","amount":"0.05","coin":"BTC","network":"BTC","status":1,"address":"bc1qexample","addressTag":"","txId":"` + a.Transactions()[0].TxID + `","insertTime":1763770000000,"completeTime":1763771200000,"transferType":0,"confirmTimes":"2/2","unlockConfirm":2,"walletType":0,"travelRuleStatus":0}]`},
		{"GET", "linear", "/fapi/v3/balance", "", `[{"accountAlias":"SgsR","asset":"BNB","balance":"0.00000000","crossWalletBalance":"0.00000000","crossUnPnl":"0.00000000","availableBalance":"0.00000000","maxWithdrawAmount":"0.00000000","marginAvailable":true,"updateTime":1763776799110},{"accountAlias":"SgsR","asset":"BTC","balance":"1226.35137903","crossWalletBalance":"1023.72469206","crossUnPnl":"0.00000000","availableBalance":"903.72469206","maxWithdrawAmount":"903.72469206","marginAvailable":true,"updateTime":1763776799110},{"accountAlias":"SgsR","asset":"USDC","balance":"0.00000000","crossWalletBalance":"0.00000000","crossUnPnl":"0.00000000","availableBalance":"0.00000000","maxWithdrawAmount":"0.00000000","marginAvailable":true,"updateTime":1763776799110},{"accountAlias":"SgsR","asset":"USDT","balance":"1226.35137903","crossWalletBalance":"1023.72469206","crossUnPnl":"-1.20000000","availableBalance":"903.72469206","maxWithdrawAmount":"903.72469206","marginAvailable":true,"updateTime":1763776799110}]`},
		{"GET", "linear", "/fapi/v3/positionRisk", "", `[{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"-0.050","entryPrice":"80000.1","breakEvenPrice":"80000.1","markPrice":"68243.10000000","unRealizedProfit":"8.53500000","liquidationPrice":"0","isolatedMargin":"0","notional":"-10236.46500000","marginAsset":"USDT","isolatedWallet":"0","initialMargin":"511.82325000","maintMargin":"40.94586000","positionInitialMargin":"511.82325000","openOrderInitialMargin":"800.001","adl":2,"bidNotional":"0","askNotional":"0","updateTime":1763776795007}]`},
		{"GET", "linear", "/fapi/v1/symbolConfig", "symbol=BTCUSDT", `[{"symbol":"BTCUSDT","marginType":"CROSSED","isAutoAddMargin":false,"leverage":20,"maxNotionalValue":"1000000"}]`},
		{"GET", "linear", "/fapi/v1/openOrders", "", "[" + linearWant + "]"},
		{"GET", "linear", "/fapi/v1/order", "symbol=BTCUSDT&orderId=" + itoa(linear.ID), linearWant},
		{"GET", "linear", "/fapi/v1/allOrders", "symbol=BTCUSDT", "[" + linearWant + "]"},
		{"GET", "linear", "/fapi/v1/userTrades", "symbol=BTCUSDT", `[{"buyer":false,"commission":"0.51181200","commissionAsset":"USDT","id":6900123401,"maker":true,"orderId":8389765739703625592,"price":"68241.60","qty":"0.150","quoteQty":"10236.24000","realizedPnl":"-8.76000000","side":"SELL","positionSide":"BOTH","symbol":"BTCUSDT","time":1763776800105}]`},
		{"PUT", "spot", "/api/v3/order/amend/keepPriority", "symbol=BTCUSDT&origClientOrderId=go-0001&newQty=0.001&newClientOrderId=go-0001b", `{"transactTime":1763776801255,"executionId":75,"amendedOrder":{"symbol":"BTCUSDT","orderId":48211330987,"orderListId":-1,"origClientOrderId":"go-0001","clientOrderId":"go-0001b","price":"68250.10000000","qty":"0.00100000","executedQty":"0.00050000","preventedQty":"0.00000000","quoteOrderQty":"0.00000000","cumulativeQuoteQty":"30.00000000","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT","side":"BUY","workingTime":1763776800140,"selfTradePreventionMode":"EXPIRE_MAKER"}}`},
		{"DELETE", "spot", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=go-0001b&newClientOrderId=bye", `{"symbol":"BTCUSDT","origClientOrderId":"go-0001b","orderId":48211330987,"orderListId":-1,"clientOrderId":"bye","transactTime":1763776801068,"price":"68250.10000000","origQty":"0.00150000","executedQty":"0.00000000","origQuoteOrderQty":"0.00000000","cummulativeQuoteQty":"0.00000000","status":"CANCELED","timeInForce":"GTC","type":"LIMIT","side":"BUY","selfTradePreventionMode":"EXPIRE_MAKER"}`},
		{"POST", "spot", "/api/v3/order/test", "symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100", `{}`},
		{"POST", "spot", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.001&price=50000&newClientOrderId=ack", `{"symbol":"BTCUSDT","orderId":48211330987,"orderListId":-1,"clientOrderId":"ack","transactTime":1763776800140}`},
		{"PUT", "linear", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=go-f-1&side=SELL&quantity=0.200&price=81000.1", `{"clientOrderId":"go-f-1","cumQty":"0.05","executedQty":"0.05","orderId":8389765739703625592,"origQty":"0.200","price":"81000.1","reduceOnly":false,"side":"SELL","positionSide":"BOTH","status":"PARTIALLY_FILLED","stopPrice":"0","closePosition":false,"symbol":"BTCUSDT","timeInForce":"GTC","type":"LIMIT","origType":"LIMIT","updateTime":1763776800075,"workingType":"CONTRACT_PRICE","priceProtect":false,"priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0}`},
		{"POST", "linear", "/fapi/v1/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.010&newClientOrderId=now", `{"clientOrderId":"now","cumQty":"0","executedQty":"0","orderId":8389765739703625592,"origQty":"0.150","price":"68000","reduceOnly":false,"side":"BUY","positionSide":"BOTH","status":"NEW","stopPrice":"0","closePosition":false,"symbol":"BTCUSDT","timeInForce":"GTC","type":"MARKET","origType":"MARKET","updateTime":1763776800075,"workingType":"CONTRACT_PRICE","priceProtect":false,"priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0}`},
		{"DELETE", "linear", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT", `{"code":200,"msg":"The operation of cancel all open order is done."}`},
	} {
		_, body := signedCall(t, s, tc.method, tc.endpoint+".rest", tc.path, tc.params)
		want := shape(t, tc.want)
		if got := shape(t, body); got != want {
			t.Errorf("%s %s %s:\ngot  %s\nwant %s", tc.method, tc.path, tc.params, got, want)
		}
	}
	_, body := signedCall(t, s, "GET", "spot.rest", "/sapi/v1/capital/withdraw/history", "")
	if !strings.Contains(body, `"amount":"8.91","transactionFee":"0.004","coin":"USDT","status":6,"address":"0x94df","txId":"`+a.Transactions()[1].TxID+`","applyTime":"2025-11-22 02:00:0`) ||
		!strings.Contains(body, `"network":"ETH","transferType":0,"withdrawOrderId":"w-17","info":"","confirmNo":12,"walletType":0,"txKey":"","completeTime":"2025-11-22 02:00:0`) {
		t.Errorf("withdrawals %s", body)
	}
}

func TestBinanceOrdersRefused(t *testing.T) { synctest.Test(t, binanceOrdersRefused) }

func binanceOrdersRefused(t *testing.T) {
	s, _, _ := atVectors(t)
	base := "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=50000"
	with := func(pairs ...string) string {
		text := base
		for i := 1; i < len(pairs); i += 2 {
			var kept []string
			for pair := range strings.SplitSeq(text, "&") {
				if !strings.HasPrefix(pair, pairs[i-1]+"=") {
					kept = append(kept, pair)
				}
			}
			if pairs[i] != "" {
				kept = append(kept, pairs[i-1]+"="+pairs[i])
			}
			text = strings.Join(kept, "&")
		}
		return text
	}
	for _, tc := range []struct{ endpoint, params, want string }{
		{"spot", with("symbol", "NOPE"), `{"code":-1121,"msg":"Invalid symbol."}`},
		{"spot", with("symbol", ""), `{"code":-1102,"msg":"Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."}`},
		{"spot", with("quantity", "1e-5"), `{"code":-1100,"msg":"Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'."}`},
		{"spot", with("price", "50000.001"), `{"code":-1013,"msg":"Filter failure: PRICE_FILTER"}`},
		{"spot", with("quantity", "0.000001"), `{"code":-1013,"msg":"Filter failure: LOT_SIZE"}`},
		{"spot", with("quantity", "0.00001"), `{"code":-1013,"msg":"Filter failure: NOTIONAL"}`},
		{"spot", with("quantity", "0.000000001"), `{"code":-1111,"msg":"Parameter 'quantity' has too much precision."}`},
		{"spot", with("quantity", "100"), `{"code":-2010,"msg":"Account has insufficient balance for requested action."}`},
		{"spot", with("type", "LIMIT_MAKER", "timeInForce", "", "price", "90000"), `{"code":-2010,"msg":"Order would immediately match and take."}`},
		{"spot", with("type", "LIMIT_MAKER"), `{"code":-1106,"msg":"Parameter 'timeInForce' sent when not required."}`},
		{"spot", with("newClientOrderId", "a%20b"), `{"code":-1100`},
		{"spot", with("symbol", "LUNAUSDT"), `{"code":-2010,"msg":"Market is closed."}`},
		{"linear", with("price", "50000.111", "quantity", "0.010"), `{"code":-1111,"msg":"Precision is over the maximum defined for this asset."}`},
		{"linear", with("price", "50000.11", "quantity", "0.010"), `{"code":-4014,"msg":"Price not increased by tick size."}`},
		{"linear", with("quantity", "0.001", "price", "50000"), `{"code":-4164`},
		{"linear", with("quantity", "900", "price", "50000"), `{"code":-2019,"msg":"Margin is insufficient."}`},
		{"linear", with("reduceOnly", "true"), `{"code":-2022,"msg":"ReduceOnly Order is rejected."}`},
		{"linear", with("timeInForce", "GTX", "price", "90000"), `{"code":-5022`},
		{"linear", with("type", "STOP_MARKET"), `{"code":-4120`},
		{"linear", with("positionSide", "LONG"), `{"code":-4061`},
	} {
		path := map[string]string{"spot": "/api/v3/order", "linear": "/fapi/v1/order"}[tc.endpoint]
		status, body := signedCall(t, s, "POST", tc.endpoint+".rest", path, tc.params)
		if status != 400 || !strings.HasPrefix(body, tc.want) {
			t.Errorf("%s %s: %d %s, want %s", tc.endpoint, tc.params, status, body, tc.want)
		}
	}
	if status, body := signedCall(t, s, "POST", "spot.rest", "/api/v3/order", with("newClientOrderId", "twice")); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	if _, body := signedCall(t, s, "POST", "spot.rest", "/api/v3/order", with("newClientOrderId", "twice")); body != `{"code":-2010,"msg":"Duplicate order sent."}` {
		t.Error(body)
	}
	status, body := signedCall(t, s, "POST", "spot.rest", "/api/v3/order", with("timeInForce", "FOK", "price", "50000"))
	if status != 200 || !strings.Contains(body, `"status":"EXPIRED"`) {
		t.Errorf("FOK: %d %s", status, body)
	}
	for i := 0; ; i++ {
		status, body := signedCall(t, s, "POST", "spot.rest", "/api/v3/order", base)
		if status == 429 && strings.HasPrefix(body, `{"code":-1015,"msg":"Too many new orders; current limit is 50 orders per 10 SECOND."`) {
			break
		}
		if i > 120 { // two windows of ten seconds may be touched
			t.Fatalf("order %d: %d %s", i, status, body)
		}
	}
	if status, _ := signedCall(t, s, "POST", "spot.rest", "/api/v3/userDataStream", ""); status != 410 {
		t.Errorf("the old user data stream: %d, want 410", status)
	}
}

func TestBinanceTradeSets(t *testing.T) { synctest.Test(t, binanceTradeSets) }

func binanceTradeSets(t *testing.T) {
	s, a, _ := atVectors(t)
	for range 5 {
		if _, err := a.Place(Order{Symbol: "BTC/USDT", Side: "buy", Type: "market", Size: dec("0.0002")}); err != nil {
			t.Fatal(err)
		}
	}
	fs := a.Fills()
	second := "fromId=" + itoa(fs[1].ID)
	for params, want := range map[string]string{
		second:              fmt.Sprint(len(fs) - 1),
		second + "&limit=2": "2",
		"limit=1":           "1",
		"startTime=1763776800000&endTime=1763777800000": fmt.Sprint(len(fs)),
		"endTime=1763776700000":                         "0",
		"startTime=1763776800000&endTime=1763976800000": `{"code":-1127,"msg":"More than 24 hours between startTime and endTime."}`,
		"startTime=1763776800000&fromId=1":              `{"code":-1128,"msg":"Combination of optional parameters invalid."}`,
		"orderId=" + itoa(fs[0].OrderID) + "&fromId=1":  "1",
	} {
		_, body := signedCall(t, s, "GET", "spot.rest", "/api/v3/myTrades", "symbol=BTCUSDT&"+params)
		got := body
		if strings.HasPrefix(body, "[") {
			got = fmt.Sprint(strings.Count(body, `"tradeId"`) + strings.Count(body, `"isBuyer"`))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", params, got, want)
		}
	}
	os := a.Orders()
	_, body := signedCall(t, s, "GET", "spot.rest", "/api/v3/allOrders", "symbol=BTCUSDT&limit=2&orderId="+itoa(os[1].ID))
	if !strings.Contains(body, itoa(os[1].ID)) || !strings.Contains(body, itoa(os[2].ID)) || strings.Count(body, "clientOrderId") != 2 {
		t.Errorf("orders from an id: %s", body)
	}
}
