package backpack

import (
	"strings"
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

// Messages of the venue's document, sections 7 and 8.
const (
	capitalREST     = `{"USDC":{"available":"120","locked":"15.5","staked":"0"},"SOL":{"available":"3.2","locked":"0","staked":"0"}}`
	orderREST       = `{"clientId":null,"createdAt":1788285244094,"executedQuantity":"0","executedQuoteQuantity":"0","id":"59669287267","orderType":"Limit","postOnly":true,"price":"1.0077","quantity":"20","reduceOnly":null,"relatedOrderId":null,"selfTradePrevention":"RejectTaker","side":"Ask","status":"New","stopLossLimitPrice":null,"stopLossTriggerBy":null,"stopLossTriggerPrice":null,"strategyId":null,"symbol":"USDT_USDC","takeProfitLimitPrice":null,"takeProfitTriggerBy":null,"takeProfitTriggerPrice":null,"timeInForce":"GTC","triggerBy":null,"triggerPrice":null,"triggerQuantity":null,"triggeredAt":null}`
	marketREST      = `{"clientId":77,"createdAt":1788285250010,"executedQuantity":"0.1","executedQuoteQuantity":"10.067","id":"59669290001","orderType":"Market","quantity":"0.1","quoteQuantity":"10.1","reduceOnly":null,"relatedOrderId":null,"selfTradePrevention":"RejectTaker","side":"Bid","status":"Filled","stopLossLimitPrice":null,"stopLossTriggerBy":null,"stopLossTriggerPrice":null,"strategyId":null,"symbol":"SOL_USDC","takeProfitLimitPrice":null,"takeProfitTriggerBy":null,"takeProfitTriggerPrice":null,"timeInForce":"GTC","triggerBy":null,"triggerPrice":null,"triggerQuantity":null,"triggeredAt":null}`
	pastREST        = `[{"clientId":null,"createdAt":"2026-09-01T17:54:04.094","executedQuantity":"0","executedQuoteQuantity":"0","expiryReason":null,"id":"59669287267","orderType":"Limit","postOnly":true,"price":"1.0077","quantity":"20","quoteQuantity":"20.154","selfTradePrevention":"RejectTaker","side":"Ask","slippageTolerance":null,"slippageToleranceType":null,"status":"Cancelled","stopLossLimitPrice":null,"stopLossTriggerBy":null,"stopLossTriggerPrice":null,"strategyId":null,"symbol":"USDT_USDC","systemOrderType":null,"takeProfitLimitPrice":null,"takeProfitTriggerBy":null,"takeProfitTriggerPrice":null,"timeInForce":"GTC","triggerBy":null,"triggerPrice":null,"triggerQuantity":null}]`
	fillsREST       = `[{"clientId":"77","fee":"0.00009","feeSymbol":"SOL","isMaker":false,"orderId":"59669290001","price":"100.67","quantity":"0.1","side":"Bid","symbol":"SOL_USDC","systemOrderType":null,"timestamp":"2026-09-01T17:54:10.020","tradeId":381731500}]`
	depositsREST    = `[{"createdAt":"2026-08-20T13:55:54.267","fiatAmount":null,"fiatCurrency":null,"fromAddress":"0x1111111111111111111111111111111111111111","id":6695353,"institutionBic":null,"platformMemo":null,"quantity":"120","source":"ethereum","status":"confirmed","symbol":"USDC","toAddress":"0x2222222222222222222222222222222222222222","transactionHash":"0x3333333333333333333333333333333333333333333333333333333333333333"}]`
	withdrawalsREST = `[{"accountIdentifier":null,"bankIdentifier":null,"bankName":null,"blockchain":"Solana","clientId":null,"createdAt":"2026-08-21T09:00:01.5","fee":"1","fiatFee":null,"fiatState":null,"fiatSymbol":null,"id":881234,"identifier":null,"isInternal":false,"providerId":null,"quantity":"50","status":"confirmed","subaccountId":null,"symbol":"USDC","toAddress":"So1anaAddre55","transactionHash":"5XyZ","triggerAt":null}]`
	positionsREST   = `[{"breakEvenPrice":"100.7125","cumulativeFundingPayment":"-0.009218","cumulativeInterest":"0","entryPrice":"100.6688888888888888888888889","estLiquidationPrice":"0","imf":"0.02","imfFunction":{"base":"0.02","factor":"0.0000935","type":"sqrt"},"markPrice":"100.74","mmf":"0.0125","mmfFunction":{"base":"0.0125","factor":"0.0000561","type":"sqrt"},"netCost":"13.7768","netExposureNotional":"13.634885278944","netExposureQuantity":"0.136","netQuantity":"0.136","pnlRealized":"0","pnlUnrealized":"0.0096","positionId":"4238420454","subaccountId":null,"symbol":"SOL_USDC_PERP","userId":1813870}]`
	batchREST       = `[{"operation":"Ok","clientId":1,"createdAt":1788285244094,"executedQuantity":"0","executedQuoteQuantity":"0","id":"59669287267","orderType":"Limit","postOnly":true,"price":"141","quantity":"12","reduceOnly":null,"relatedOrderId":null,"selfTradePrevention":"RejectTaker","side":"Bid","status":"New","stopLossLimitPrice":null,"stopLossTriggerBy":null,"stopLossTriggerPrice":null,"strategyId":null,"symbol":"SOL_USDC_PERP","takeProfitLimitPrice":null,"takeProfitTriggerBy":null,"takeProfitTriggerPrice":null,"timeInForce":"GTC","triggerBy":null,"triggerPrice":null,"triggerQuantity":null,"triggeredAt":null},{"operation":"Err","code":"INSUFFICIENT_MARGIN","message":"Insufficient margin"}]`
	acceptedPushed  = `{"E":1788368290063153,"O":"USER","Q":"20.1520","S":"Ask","T":1788368290062979,"V":"RejectTaker","X":"New","Z":"0","e":"orderAccepted","f":"GTC","i":"59887375336","o":"LIMIT","p":"1.0076","q":"20","r":false,"s":"USDT_USDC","t":null,"y":true,"z":"0"}`
	fillPushed      = `{"E":1788368292000153,"L":"1.0076","N":"USDC","O":"USER","Q":"20.1520","S":"Ask","T":1788368292000001,"V":"RejectTaker","X":"PartiallyFilled","Z":"5.0380","c":77,"e":"orderFill","f":"GTC","i":"59887375336","l":"5","m":true,"n":"0.000504","o":"LIMIT","p":"1.0076","q":"20","r":false,"s":"USDT_USDC","t":2888471,"y":true,"z":"5"}`
	balancePushed   = `{"A":"10","E":1788368290063168,"L":"20","S":"0","T":1788368290062981,"a":"USDT","e":"balanceUpdate"}`
	positionPushed  = `{"B":"4236.36","E":1788368290063168,"M":"4235.88650933","P":"-0.000473","Q":"0.0010","T":1788368290062981,"b":"4238.479","e":"positionOpened","f":"0.02","i":5411399049,"l":"0","m":"0.0125","n":"4.23588650933","p":"0","q":"0.0010","s":"ETH_USDC_PERP"}`
	rfqPushed       = `{"E":1788368290063168,"R":113392053149171712,"T":1788368290062981,"W":1788368350062,"X":"New","e":"rfqActive","q":"10","s":"SOL_USDC_RFQ","w":1788368320062}`
)

// privateMessages are all of them, for the fuzz tests.
var privateMessages = []string{capitalREST, orderREST, marketREST, pastREST, fillsREST, depositsREST, withdrawalsREST, positionsREST, batchREST, acceptedPushed, fillPushed, balancePushed, positionPushed, rfqPushed}

var (
	ofUSDT = &exchange.Scope{Market: &exchange.Market{ID: "USDT_USDC", Symbol: "USDT/USDC", Kind: exchange.Spot}}
	ofSOL  = &exchange.Scope{Market: spotSOL}
	ofPerp = &exchange.Scope{Market: perpSOL}
	ofETH  = &exchange.Scope{Market: &exchange.Market{ID: "ETH_USDC_PERP", Symbol: "ETH/USDC:USDC", Kind: exchange.Swap}}
)

func stamp(symbol, time string) exchange.Stamp {
	s := exchange.Stamp{Symbol: symbol}
	if time != "" {
		s.Time = at(time)
	}
	return s
}

// changed returns a message in which some words are others.
func changed(message string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(message)
}

func TestBalances(t *testing.T) {
	golden(t, capital, &exchange.Scope{}, capitalREST,
		exchange.Balance{Account: "capital", Asset: "USDC", Free: d("120"), Used: d("15.5"), Total: d("135.5")},
		exchange.Balance{Account: "capital", Asset: "SOL", Free: d("3.2"), Used: d("0"), Total: d("3.2")})
	golden(t, capital, &exchange.Scope{}, `{}`)
	golden(t, capital, &exchange.Scope{}, `{"SOL":{"available":"1","locked":"2","staked":"4"}}`, exchange.Balance{Account: "capital", Asset: "SOL", Free: d("1"), Used: d("2"), Total: d("7")})
	pushed := exchange.Balance{Stamp: stamp("", "2026-09-02T16:58:10.062981Z"), Account: "capital", Asset: "USDT", Free: d("10"), Used: d("20"), Total: d("30")}
	golden(t, balanceUpdates, &exchange.Scope{}, balancePushed, pushed)
	pushed.Total = d("31.5")
	golden(t, balanceUpdates, &exchange.Scope{}, changed(balancePushed, `"S":"0"`, `"S":"1.5"`), pushed)
	if _, err := capital(nil, &exchange.Scope{}, []byte(`{"USDC":{"available":"12x"}}`)); err == nil {
		t.Error("a balance that is no number is taken")
	}
}

func TestOrders(t *testing.T) {
	placed := exchange.Order{Stamp: stamp("USDT/USDC", ""), ID: "59669287267", Created: at("2026-09-01T17:54:04.094Z"), Type: "limit", TimeInForce: "GTC", PostOnly: true, Side: exchange.Sell,
		Price: d("1.0077"), Size: d("20"), Filled: d("0"), Cost: d("0"), Status: exchange.OrderOpen, State: "New"}
	golden(t, orders, ofUSDT, orderREST, placed)
	golden(t, orders, ofUSDT, "["+orderREST+","+orderREST+"]", placed, placed)
	golden(t, orders, ofSOL, orderREST)
	ended := placed
	ended.Status, ended.State = exchange.OrderCanceled, "Cancelled"
	golden(t, orders, ofUSDT, pastREST, ended)
	filled := exchange.Order{Stamp: stamp("SOL/USDC", ""), ID: "59669290001", ClientID: "77", Created: at("2026-09-01T17:54:10.01Z"), Type: "market", TimeInForce: "GTC", Side: exchange.Buy,
		Average: d("100.67"), Size: d("0.1"), Filled: d("0.1"), Cost: d("10.067"), Status: exchange.OrderClosed, State: "Filled"}
	golden(t, orders, ofSOL, marketREST, filled)
	filled.Size, filled.QuoteSize = exchange.Order{}.Size, d("10.1")
	golden(t, orders, ofSOL, changed(marketREST, `"quantity":"0.1"`, `"quantity":null`), filled)
	perp := placed
	perp.Symbol, perp.ClientID, perp.Side, perp.Price, perp.Size = "SOL/USDC:USDC", "1", exchange.Buy, d("141"), d("12")
	golden(t, orders, ofPerp, batchREST, perp)
}

func TestOrderUpdates(t *testing.T) {
	accepted := exchange.Order{Stamp: stamp("USDT/USDC", "2026-09-02T16:58:10.062979Z"), ID: "59887375336", Created: at("2026-09-02T16:58:10.062979Z"), Type: "limit", TimeInForce: "GTC", PostOnly: true, Side: exchange.Sell,
		Price: d("1.0076"), Size: d("20"), Filled: d("0"), Cost: d("0"), Status: exchange.OrderOpen, State: "New"}
	golden(t, orders, ofUSDT, acceptedPushed, accepted)
	golden(t, fills, ofUSDT, acceptedPushed)
	partly := accepted
	partly.Time, partly.Created, partly.ClientID = at("2026-09-02T16:58:12.000001Z"), exchange.Order{}.Created, "77"
	partly.Filled, partly.Cost, partly.Average, partly.State = d("5"), d("5.0380"), d("1.0076"), "PartiallyFilled"
	golden(t, orders, ofUSDT, fillPushed, partly)
	golden(t, fills, ofUSDT, fillPushed, exchange.Fill{Stamp: stamp("USDT/USDC", "2026-09-02T16:58:12.000001Z"), ID: "2888471", OrderID: "59887375336", ClientID: "77", Side: exchange.Sell, Role: exchange.Maker,
		Price: d("1.0076"), Size: d("5"), Cost: d("5.0380"), Fee: exchange.Fee{Asset: "USDC", Amount: d("0.000504")}})
	golden(t, fills, ofUSDT, changed(fillPushed, "USER", "LIQUIDATION_AUTOCLOSE"))
	golden(t, orders, ofSOL, rfqPushed)
	for word, want := range map[string]exchange.OrderStatus{"Cancelled": "canceled", "Expired": "expired", "Filled": "closed", "TriggerPending": "open", "TriggerFailed": "rejected", "Odd": ""} {
		now := accepted
		now.State, now.Status, now.Created = word, want, exchange.Order{}.Created
		golden(t, orders, ofUSDT, changed(acceptedPushed, `"New"`, `"`+word+`"`, "orderAccepted", "anEvent"), now)
	}
	for quantity, want := range map[string]string{`"12.5"`: "12.5", `12.5`: "12.5", `"80%"`: "", `null`: ""} { // a trigger has no size yet
		waits := accepted
		waits.Size, waits.QuoteSize = exchange.Order{}.Size, d("20.1520")
		if want != "" {
			waits.Size, waits.QuoteSize = d(want), exchange.Order{}.QuoteSize
		}
		golden(t, orders, ofUSDT, changed(acceptedPushed, `"q":"20"`, `"q":"0","Y":`+quantity), waits)
	}
	if _, err := orders(nil, ofUSDT, []byte(changed(acceptedPushed, `"q":"20"`, `"q":"0","Y":"much"`))); err == nil {
		t.Error("a quantity that is none is taken")
	}
}

func TestFills(t *testing.T) {
	golden(t, fills, ofSOL, fillsREST, exchange.Fill{Stamp: stamp("SOL/USDC", "2026-09-01T17:54:10.02Z"), ID: "381731500", OrderID: "59669290001", ClientID: "77", Side: exchange.Buy, Role: exchange.Taker,
		Price: d("100.67"), Size: d("0.1"), Cost: d("10.067"), Fee: exchange.Fee{Asset: "SOL", Amount: d("0.00009")}})
	golden(t, fills, ofSOL, changed(fillsREST, "381731500", "null"))
}

func TestTransactions(t *testing.T) {
	in := exchange.Transaction{Stamp: stamp("", "2026-08-20T13:55:54.267Z"), ID: "6695353", Kind: exchange.Deposit, Asset: "USDC", Network: "ethereum", Address: "0x2222222222222222222222222222222222222222",
		TxID: "0x3333333333333333333333333333333333333333333333333333333333333333", Amount: d("120"), Status: exchange.TransactionOK, State: "confirmed"}
	golden(t, deposits, &exchange.Scope{}, depositsREST, in)
	for word, want := range map[string]exchange.TransactionStatus{"pending": "pending", "refunded": "failed", "cancelled": "canceled", "new word": ""} {
		in.State, in.Status = word, want
		golden(t, deposits, &exchange.Scope{}, changed(depositsREST, "confirmed", word), in)
	}
	golden(t, withdrawals, &exchange.Scope{}, withdrawalsREST, exchange.Transaction{Stamp: stamp("", "2026-08-21T09:00:01.5Z"), ID: "881234", Kind: exchange.Withdrawal, Asset: "USDC", Network: "Solana",
		Address: "So1anaAddre55", TxID: "5XyZ", Amount: d("50"), Fee: exchange.Fee{Asset: "USDC", Amount: d("1")}, Status: exchange.TransactionOK, State: "confirmed"})
}

func TestPositions(t *testing.T) {
	golden(t, positions, ofPerp, positionsREST, exchange.Position{Stamp: stamp("SOL/USDC:USDC", ""), ID: "4238420454", Side: exchange.Long, Size: d("0.136"), Entry: d("100.6688888888888888888888889"), Mark: d("100.74"),
		Unrealized: d("0.0096"), Realized: d("0")})
	golden(t, positions, ofPerp, `[]`)
	open := exchange.Position{Stamp: stamp("ETH/USDC:USDC", "2026-09-02T16:58:10.062981Z"), ID: "5411399049", Side: exchange.Long, Size: d("0.0010"), Entry: d("4236.36"), Mark: d("4235.88650933"),
		Unrealized: d("-0.000473"), Realized: d("0")}
	golden(t, positions, ofETH, positionPushed, open)
	golden(t, positions, ofETH, changed(positionPushed, `"e":"positionOpened",`, ""), open) // as the snapshot has it
	open.Side = exchange.Short
	golden(t, positions, ofETH, changed(positionPushed, `"q":"0.0010"`, `"q":-0.0010`), open)
}
