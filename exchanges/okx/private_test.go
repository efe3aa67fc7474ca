package okx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

func sayBalance(v *exchange.Balance) string {
	w := words{v.Account, v.Asset}
	w.at("at", v.Time)
	w.add("free", v.Free)
	w.add("used", v.Used)
	w.add("total", v.Total)
	return w.String()
}

func sayOrder(v *exchange.Order) string {
	w := words{v.Symbol, v.ID + "/" + v.ClientID, strings.TrimSpace(fmt.Sprint(v.Type, " ", v.TimeInForce)), string(v.Side), string(v.Status) + " " + v.State}
	if v.PostOnly {
		w = append(w, "post only")
	}
	if v.ReduceOnly {
		w = append(w, "reduce only")
	}
	w.at("created", v.Created)
	w.at("at", v.Time)
	w.add("price", v.Price)
	w.add("average", v.Average)
	w.add("size", v.Size)
	w.add("contracts", v.Contracts)
	w.add("quote size", v.QuoteSize)
	w.add("filled", v.Filled)
	w.add("contracts", v.FilledContracts)
	w.add("remaining", v.Remaining())
	w.add("cost", v.Cost)
	w.add("fee", v.Fee.Amount)
	return w.String() + " " + v.Fee.Asset
}

func sayFill(v *exchange.Fill) string {
	w := words{v.Symbol, v.ID, v.OrderID + "/" + v.ClientID, string(v.Side), string(v.Role)}
	w.at("at", v.Time)
	w.add("price", v.Price)
	w.add("size", v.Size)
	w.add("contracts", v.Contracts)
	w.add("cost", v.Cost)
	w.add("fee", v.Fee.Amount)
	return w.String() + " " + v.Fee.Asset
}

// lines reads a message, and says each value on a line.
func lines[T any](t *testing.T, parse exchange.Parser[T], m *exchange.Market, b string, line func(*T) string) string {
	t.Helper()
	vs, err := parse(nil, &exchange.Scope{Market: m}, []byte(b))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for i := range vs {
		said = append(said, line(&vs[i]))
	}
	return strings.Join(said, "\n")
}

// The messages of section 7.1.
const (
	tradingAccount = `{"code":"0","data":[{"adjEq":"","availEq":"","borrowFroz":"","delta":"0","deltaLever":"0","deltaNeutralStatus":"0","details":[{"autoLendStatus":"off","autoLendMtAmt":"0",
"availBal":"6120.45","availEq":"","borrowFroz":"","cashBal":"6279.02","ccy":"USDT","crossLiab":"","colRes":"0","collateralEnabled":false,"collateralRestrict":false,
"colBorrAutoConversion":"0","disEq":"6277.14","eq":"6279.02","eqUsd":"6277.14","smtSyncEq":"0","spotCopyTradingEq":"0","fixedBal":"0","frozenBal":"158.57","frpType":"0",
"imr":"","interest":"","isoEq":"0","isoLiab":"","isoUpl":"0","liab":"","maxLoan":"","mgnRatio":"","mmr":"","notionalLever":"","ordFrozen":"158.57","rewardBal":"0",
"spotInUseAmt":"","clSpotInUseAmt":"","maxSpotInUse":"","spotIsoBal":"0","stgyEq":"0","twap":"0","uTime":"1789380611842","upl":"0","uplLiab":"","spotBal":"6279.02",
"openAvgPx":"","accAvgPx":"","spotUpl":"","spotUplRatio":"","totalPnl":"","totalPnlRatio":""}],"imr":"","isoEq":"0","mgnRatio":"","mmr":"","notionalUsd":"","notionalUsdForBorrow":"0",
"notionalUsdForFutures":"0","notionalUsdForOption":"0","notionalUsdForSwap":"0","ordFroz":"","totalEq":"6277.14","uTime":"1789389296160","upl":""}],"msg":""}`
	marginAccount  = `{"code":"0","data":[{"availEq":"77","details":[{"availBal":"1","availEq":"0.5","ccy":"BTC","eq":"2","frozenBal":"","uTime":"1789380611842"},{"availBal":"3","availEq":"","ccy":"ETH","eq":"3","frozenBal":"0","uTime":"1789380611843"}],"uTime":"1789389296160"}],"msg":""}`
	fundingAccount = `{"code":"0","msg":"","data":[{"availBal":"12.60418833","bal":"12.60418833","ccy":"ETH","frozenBal":"0"}]}`
)

func TestBalances(t *testing.T) {
	for _, tt := range []struct {
		parse   exchange.Parser[exchange.Balance]
		b, want string
	}{
		{parseBalances, tradingAccount, "trading, USDT, at 1789380611842, free 6120.45, used 158.57, total 6279.02"},
		{parseBalances, marginAccount, "trading, BTC, at 1789380611842, free 0.5, used 1.5, total 2\ntrading, ETH, at 1789380611843, free 3, used 0, total 3"},
		{parseBalances, `{"code":"0","data":[{"details":[]}],"msg":""}`, ""},
		{parseFunds, fundingAccount, "funding, ETH, free 12.60418833, used 0, total 12.60418833"},
	} {
		if got := lines(t, tt.parse, nil, tt.b, sayBalance); got != tt.want {
			t.Errorf("got\n%s, want\n%s", got, tt.want)
		}
	}
}

// The messages of sections 7.2 and 7.3.
const (
	order = `{"code":"0","data":[{"accFillSz":"0.0004","algoClOrdId":"","algoId":"","attachAlgoClOrdId":"","attachAlgoOrds":[],"avgPx":"64100.2","cTime":"1789388000123","cancelSource":"","cancelSourceReason":"",
"category":"normal","ccy":"","clOrdId":"sample01","fee":"-0.0000004","feeCcy":"BTC","fillPx":"64100.2","fillSz":"0.0004","fillTime":"1789388001200","instId":"BTC-USDT","instType":"SPOT","isTpLimit":"false",
"lever":"","linkedAlgoOrd":{"algoId":""},"ordId":"2941177305512812544","ordType":"limit","pnl":"0","posSide":"net","px":"64100.2","pxType":"","pxUsd":"","pxVol":"","quickMgnType":"","rebate":"0","rebateCcy":"USDT",
"reduceOnly":"false","side":"buy","slOrdPx":"","slTriggerPx":"","slTriggerPxType":"","source":"","state":"partially_filled","stpId":"","stpMode":"cancel_maker","sz":"0.001","tag":"","tdMode":"cash","tgtCcy":"",
"tpOrdPx":"","tpTriggerPx":"","tpTriggerPxType":"","tradeId":"820101010","tradeQuoteCcy":"USDT","uTime":"1789388001201"}],"msg":""}`
	fill = `{"code":"0","data":[{"side":"buy","fillSz":"0.0004","fillPx":"64100.2","fillPxVol":"","fillFwdPx":"","fee":"-0.0000004","fillPnl":"0","ordId":"2941177305512812544","feeRate":"-0.001","instType":"SPOT","fillPxUsd":"",
"instId":"BTC-USDT","clOrdId":"sample01","posSide":"net","billId":"2941177309790994432","subType":"1","fillMarkVol":"","tag":"","fillTime":"1789388001200","execType":"M","fillIdxPx":"","tradeId":"820101010","fillMarkPx":"","feeCcy":"BTC",
"ts":"1789388001201","tradeQuoteCcy":"USDT"}],"msg":""}`
)

func TestOrders(t *testing.T) {
	const base = "BTC/USDT, 2941177305512812544/sample01, limit GTC, buy, open partially_filled, created 1789388000123, at 1789388001201, price 64100.2, average 64100.2, size 0.001, filled 0.0004, remaining 0.0006, fee 0.0000004 BTC"
	for _, tt := range []struct {
		m       *exchange.Market
		changes []string
		want    string
	}{
		{pair, nil, base},
		{nil, nil, ""}, // of no market that is known
		{pair, []string{`"limit"`, `"post_only"`, `"partially_filled"`, `"filled"`}, strings.NewReplacer("buy, ", "buy, ", "open partially_filled", "closed filled, post only").Replace(base)},
		{pair, []string{`"limit"`, `"fok"`, `"partially_filled"`, `"mmp_canceled"`}, strings.NewReplacer("GTC", "FOK", "open partially_filled", "canceled mmp_canceled").Replace(base)},
		{pair, []string{`"limit"`, `"mmp"`, `"partially_filled"`, `"new_word"`}, strings.NewReplacer("limit GTC", "mmp", "open partially_filled", " new_word").Replace(base)},
		{pair, []string{`"limit"`, `"market"`, `"px":"64100.2"`, `"px":""`, `"tgtCcy":""`, `"tgtCcy":"quote_ccy"`, `"sz":"0.001"`, `"sz":"50"`},
			strings.NewReplacer("limit GTC", "market", "price 64100.2, ", "", "size 0.001", "quote size 50", "remaining 0.0006, ", "").Replace(base)},
		{pair, []string{`"avgPx":"64100.2"`, `"avgPx":""`, `"accFillSz":"0.0004"`, `"accFillSz":"0"`, `"fee":"-0.0000004"`, `"fee":""`, `"partially_filled"`, `"live"`},
			"BTC/USDT, 2941177305512812544/sample01, limit GTC, buy, open live, created 1789388000123, at 1789388001201, price 64100.2, size 0.001, filled 0, remaining 0.001 "},
		{linear, []string{`"BTC-USDT"`, `"BTC-USDT-SWAP"`, `"reduceOnly":"false"`, `"reduceOnly":"true"`, `"sz":"0.001"`, `"sz":"3"`, `"accFillSz":"0.0004"`, `"accFillSz":"1"`, `"fee":"-0.0000004"`, `"fee":"0.01"`, `"side":"buy"`, `"side":"sell"`, `"limit"`, `"ioc"`},
			"BTC/USDT:USDT, 2941177305512812544/sample01, limit IOC, sell, open partially_filled, reduce only, created 1789388000123, at 1789388001201, price 64100.2, average 64100.2, size 0.03, contracts 3, filled 0.01, contracts 1, remaining 0.02, fee -0.01 BTC"},
		{inverse, []string{`"BTC-USDT"`, `"BTC-USD-SWAP"`, `"px":"64100.2"`, `"px":"50000"`, `"avgPx":"64100.2"`, `"avgPx":"40000"`, `"sz":"0.001"`, `"sz":"10"`, `"accFillSz":"0.0004"`, `"accFillSz":"4"`},
			"BTC/USD:BTC, 2941177305512812544/sample01, limit GTC, buy, open partially_filled, created 1789388000123, at 1789388001201, price 50000, average 40000, size 0.02, contracts 10, filled 0.01, contracts 4, remaining 0.012, fee 0.0000004 BTC"},
	} {
		if got := lines(t, parseOrders, tt.m, strings.NewReplacer(tt.changes...).Replace(order), sayOrder); got != tt.want {
			t.Errorf("%v: got\n%s, want\n%s", tt.changes, got, tt.want)
		}
	}
}

func TestFills(t *testing.T) {
	for _, tt := range []struct {
		m       *exchange.Market
		changes []string
		want    string
	}{
		{pair, nil, "BTC/USDT, 820101010, 2941177305512812544/sample01, buy, maker, at 1789388001200, price 64100.2, size 0.0004, cost 25.64008, fee 0.0000004 BTC"},
		{linear, []string{`"BTC-USDT"`, `"BTC-USDT-SWAP"`, `"M"`, `"T"`, `"fillTime":"1789388001200"`, `"fillTime":""`, `"buy"`, `"sell"`, `"0.0004"`, `"7"`, `"820101010"`, `"-5"`, `"fee":"-0.0000004"`, `"fee":"0.2"`},
			"BTC/USDT:USDT, -5, 2941177305512812544/sample01, sell, taker, at 1789388001201, price 64100.2, size 0.07, contracts 7, fee -0.2 BTC"},
		{pair, []string{`"M"`, `""`}, "BTC/USDT, 820101010, 2941177305512812544/sample01, buy, , at 1789388001200, price 64100.2, size 0.0004, cost 25.64008, fee 0.0000004 BTC"},
	} {
		if got := lines(t, parseFills, tt.m, strings.NewReplacer(tt.changes...).Replace(fill), sayFill); got != tt.want {
			t.Errorf("%v: got\n%s, want\n%s", tt.changes, got, tt.want)
		}
	}
}

func FuzzAccounts(f *testing.F) {
	for _, b := range []string{tradingAccount, marginAccount, fundingAccount, order, fill, position, deposit, withdrawal} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := &exchange.Scope{Market: inverse}
		os, _ := parseOrders(nil, in, b)
		for _, o := range os {
			if o.ID == "" || o.Symbol != inverse.Symbol {
				t.Errorf("%+v", o)
			}
		}
		vs, _ := parseBalances(nil, in, b)
		for _, v := range vs {
			if v.Asset == "" {
				t.Errorf("%+v", v)
			}
		}
		_, _ = parseFills(nil, in, b)
		_, _ = parseFunds(nil, in, b)
		ps, _ := parsePositions(nil, in, b)
		for _, p := range ps {
			if p.Side == "" || p.Size.Sign() < 0 {
				t.Errorf("%+v", p)
			}
		}
		_, _ = parseDeposits(nil, in, b)
		_, _ = parseWithdrawals(nil, in, b)
	})
}

func sayPosition(v *exchange.Position) string {
	w := words{v.Symbol, v.ID, string(v.Side) + " " + string(v.MarginMode)}
	w.at("created", v.Created)
	w.at("at", v.Time)
	w.add("size", v.Size)
	w.add("contracts", v.Contracts)
	w.add("entry", v.Entry)
	w.add("mark", v.Mark)
	w.add("liquidation", v.Liquidation)
	w.add("unrealized", v.Unrealized)
	w.add("realized", v.Realized)
	w.add("leverage", v.Leverage)
	w.add("initial", v.Initial)
	w.add("maintenance", v.Maintenance)
	return w.String()
}

// The message of section 7.6.
const position = `{"code":"0","data":[{"adl":"1","availPos":"","avgPx":"63800.5","baseBal":"","baseBorrowed":"","baseInterest":"","bePx":"63864.3","bizRefId":"","bizRefType":"","cTime":"1789300225685","ccy":"USDT","clSpotInUseAmt":"","closeOrderAlgo":[],"deltaBS":"","deltaPA":"","fee":"-0.41","fundingFee":"0.08",
"gammaBS":"","gammaPA":"","hedgedPos":"","idxPx":"64119.2","imr":"128.2","instId":"BTC-USDT-SWAP","instType":"SWAP","interest":"","last":"64120.4","lever":"10","liab":"","liabCcy":"","liqPenalty":"0","liqPx":"52011.7","margin":"","markPx":"64118.7","maxSpotInUseAmt":"","mgnMode":"cross","mgnRatio":"41.2","mmr":"5.1",
"notionalUsd":"1282.3","optVal":"","pendingCloseOrdLiabVal":"","pnl":"0","pos":"2","posCcy":"","posId":"2938840112233447424","posSide":"net","quoteBal":"","quoteBorrowed":"","quoteInterest":"","realizedPnl":"-0.33","spotInUseAmt":"","spotInUseCcy":"","thetaBS":"","thetaPA":"","tradeId":"1604482210","uTime":"1789380000153",
"upl":"6.364","uplLastPx":"6.398","uplRatio":"0.0498","uplRatioLastPx":"0.0501","usdPx":"1","vegaBS":"","vegaPA":"","nonSettleAvgPx":"","settledPnl":""}],"msg":""}`

func TestPositions(t *testing.T) {
	const base = "BTC/USDT:USDT, 2938840112233447424, long cross, created 1789300225685, at 1789380000153, size 0.02, contracts 2, entry 63800.5, mark 64118.7, liquidation 52011.7, unrealized 6.364, realized -0.33, leverage 10, initial 128.2, maintenance 5.1"
	margined := &exchange.Market{ID: "BTC-USDT", Symbol: "BTC/USDT", Kind: exchange.Spot, Base: "BTC", Quote: "USDT"}
	ofPair := strings.NewReplacer("/USDT:USDT", "/USDT", ", contracts 2", "", "size 0.02", "size 2")
	for _, tt := range []struct {
		m       *exchange.Market
		changes []string
		want    string
	}{
		{linear, nil, base},
		{linear, []string{`"pos":"2"`, `"pos":"-2"`, `"liqPx":"52011.7"`, `"liqPx":""`, `"imr":"128.2"`, `"imr":""`, `"margin":""`, `"margin":"7"`, `"cross"`, `"isolated"`},
			strings.NewReplacer("long cross", "short isolated", "liquidation 52011.7, ", "", "128.2", "7").Replace(base)},
		{linear, []string{`"net"`, `"short"`}, strings.Replace(base, "long", "short", 1)},
		{linear, []string{`"net"`, `"long"`}, base},
		{linear, []string{`"pos":"2"`, `"pos":"0"`}, ""},
		{linear, []string{`"pos":"2"`, `"pos":""`}, ""},
		{inverse, []string{`BTC-USDT-SWAP`, `BTC-USD-SWAP`, `63800.5`, `50000`}, strings.NewReplacer("BTC/USDT:USDT", "BTC/USD:BTC", "size 0.02", "size 0.004", "63800.5", "50000").Replace(base)},
		{margined, []string{`BTC-USDT-SWAP`, `BTC-USDT`, `"posCcy":""`, `"posCcy":"BTC"`}, ofPair.Replace(base)},
		{margined, []string{`BTC-USDT-SWAP`, `BTC-USDT`, `"posCcy":""`, `"posCcy":"USDT"`}, strings.NewReplacer("long", "short", "size 2, ", "").Replace(ofPair.Replace(base))},
	} {
		if got := lines(t, parsePositions, tt.m, strings.NewReplacer(tt.changes...).Replace(position), sayPosition); got != tt.want {
			t.Errorf("%v: got\n%s, want\n%s", tt.changes, got, tt.want)
		}
	}
}

func sayTransaction(v *exchange.Transaction) string {
	w := words{string(v.Kind), v.ID + "/" + v.ClientID, v.Asset + " by " + v.Network, "to " + v.Address + "/" + v.Tag, v.TxID, string(v.Status) + " " + v.State}
	w.at("at", v.Time)
	w.at("done", v.Done)
	w.add("amount", v.Amount)
	w.add("fee", v.Fee.Amount)
	return w.String() + " " + v.Fee.Asset
}

// The messages of section 7.4.
const (
	deposit    = `{"code":"0","msg":"","data":[{"actualDepBlkConfirm":"2","amt":"100","areaCodeFrom":"","ccy":"USDT","chain":"USDT-TRC20","depId":"90220391","from":"","fromWdId":"","state":"2","to":"TXexampleAddress","ts":"1789000705000","txId":"ab12cd34"}]}`
	withdrawal = `{"code":"0","msg":"","data":[{"note":"","chain":"ETH-Ethereum","fee":"0.0007","feeCcy":"ETH","ccy":"ETH","clientId":"","toAddrType":"1","amt":"0.03","txId":"0xab12","from":"","areaCodeFrom":"","to":"0xexample","areaCodeTo":"","state":"2","ts":"1789001200000","nonTradableAsset":false,"wdId":"16110982"}]}`
)

func TestTransactions(t *testing.T) {
	const in = "deposit, 90220391/, USDT by TRC20, to TXexampleAddress/, ab12cd34, ok 2, at 1789000705000, amount 100 "
	const out = "withdrawal, 16110982/, ETH by Ethereum, to 0xexample/, 0xab12, ok 2, at 1789001200000, amount 0.03, fee 0.0007 ETH"
	for _, tt := range []struct {
		parse                   exchange.Parser[exchange.Transaction]
		message, from, to, want string
	}{
		{parseDeposits, deposit, "", "", in},
		{parseDeposits, deposit, `"state":"2"`, `"state":"1"`, strings.Replace(in, "ok 2", "ok 1", 1)},
		{parseDeposits, deposit, `"state":"2"`, `"state":"14"`, strings.Replace(in, "ok 2", "pending 14", 1)},
		{parseDeposits, deposit, `"depId":"90220391"`, `"depId":""`, ""},
		{parseWithdrawals, withdrawal, "", "", out},
		{parseWithdrawals, withdrawal, `"state":"2"`, `"state":"-1"`, strings.Replace(out, "ok 2", "failed -1", 1)},
		{parseWithdrawals, withdrawal, `"state":"2"`, `"state":"-2"`, strings.Replace(out, "ok 2", "canceled -2", 1)},
		{parseWithdrawals, withdrawal, `"state":"2"`, `"state":"-3"`, strings.Replace(out, "ok 2", "pending -3", 1)},
		{parseWithdrawals, withdrawal, `"feeCcy":"ETH"`, `"feeCcy":"USDT"`, strings.Replace(out, "0.0007 ETH", "0.0007 USDT", 1)},
		{parseWithdrawals, withdrawal, `"feeCcy":"ETH"`, `"feeCcy":""`, out},
	} {
		if got := lines(t, tt.parse, nil, strings.Replace(tt.message, tt.from, tt.to, 1), sayTransaction); got != tt.want {
			t.Errorf("%s: got\n%s, want\n%s", tt.to, got, tt.want)
		}
	}
}
