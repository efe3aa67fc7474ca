package okx

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// The frames of section 8.
const (
	pushedAccount    = `{"arg":{"channel":"account","uid":"518230047716904960"},"eventType":"snapshot","curPage":1,"lastPage":true,"data":[{"adjEq":"","availEq":"","borrowFroz":"","delta":"0","deltaLever":"0","deltaNeutralStatus":"0","details":[{"availBal":"6120.45","availEq":"","borrowFroz":"","cashBal":"6279.02","ccy":"USDT","coinUsdPrice":"0.9997","crossLiab":"","colRes":"0","collateralEnabled":false,"collateralRestrict":false,"colBorrAutoConversion":"0","disEq":"6277.14","eq":"6279.02","eqUsd":"6277.14","smtSyncEq":"0","spotCopyTradingEq":"0","fixedBal":"0","frozenBal":"158.57","frpType":"0","imr":"","interest":"","isoEq":"0","isoLiab":"","isoUpl":"0","liab":"","maxLoan":"","mgnRatio":"","mmr":"","notionalLever":"","ordFrozen":"158.57","rewardBal":"0","spotInUseAmt":"","clSpotInUseAmt":"","maxSpotInUseAmt":"","spotIsoBal":"0","stgyEq":"0","twap":"0","uTime":"1789389290903","upl":"0","uplLiab":"","spotBal":"","openAvgPx":"","accAvgPx":"","spotUpl":"","spotUplRatio":"","totalPnl":"","totalPnlRatio":""}],"imr":"","isoEq":"0","mgnRatio":"","mmr":"","notionalUsd":"","notionalUsdForBorrow":"0","notionalUsdForFutures":"0","notionalUsdForOption":"0","notionalUsdForSwap":"0","ordFroz":"","totalEq":"6277.14","uTime":"1789389296311","upl":""}]}`
	pushedPosition   = `{"arg":{"channel":"positions","uid":"518230047716904960","instType":"ANY"},"eventType":"snapshot","curPage":1,"lastPage":true,"data":[{"adl":"1","availPos":"","avgPx":"63800.5","cTime":"1789300225685","ccy":"USDT","deltaBS":"","deltaPA":"","gammaBS":"","gammaPA":"","hedgedPos":"","imr":"128.2","instId":"BTC-USDT-SWAP","instType":"SWAP","interest":"","idxPx":"64119.2","last":"64120.4","usdPx":"1","bePx":"63864.3","lever":"10","liab":"","liabCcy":"","liqPx":"52011.7","markPx":"64118.7","margin":"","mgnMode":"cross","mgnRatio":"41.2","mmr":"5.1","notionalUsd":"1282.3","optVal":"","pTime":"1789389296462","pendingCloseOrdLiabVal":"","pos":"2","baseBorrowed":"","baseInterest":"","quoteBorrowed":"","quoteInterest":"","posCcy":"","posId":"2938840112233447424","posSide":"net","spotInUseAmt":"","clSpotInUseAmt":"","maxSpotInUseAmt":"","spotInUseCcy":"","bizRefId":"","bizRefType":"","thetaBS":"","thetaPA":"","tradeId":"1604482210","uTime":"1789380000153","upl":"6.364","uplLastPx":"6.398","uplRatio":"0.0498","uplRatioLastPx":"0.0501","vegaBS":"","vegaPA":"","realizedPnl":"-0.33","pnl":"0","fee":"-0.41","fundingFee":"0.08","liqPenalty":"0","nonSettleAvgPx":"","settledPnl":"","closeOrderAlgo":[]}]}`
	pushedOrder      = `{"arg":{"channel":"orders","instType":"ANY","uid":"518230047716904960"},"data":[{"accFillSz":"0.0004","algoClOrdId":"","algoId":"","amendResult":"","amendSource":"","avgPx":"64100.2","cancelSource":"","category":"normal","ccy":"","clOrdId":"sample01","code":"0","cTime":"1789388000123","execType":"M","fee":"-0.0000004","feeCcy":"BTC","fillFee":"-0.0000004","fillFeeCcy":"BTC","fillNotionalUsd":"25.64","fillPx":"64100.2","fillSz":"0.0004","fillPnl":"0","fillTime":"1789388001200","fillPxVol":"","fillPxUsd":"","fillMarkVol":"","fillFwdPx":"","fillMarkPx":"","fillIdxPx":"","instId":"BTC-USDT","instType":"SPOT","lever":"0","msg":"","notionalUsd":"64.1","ordId":"2941177305512812544","ordType":"limit","pnl":"0","posSide":"","px":"64100.2","pxUsd":"","pxVol":"","pxType":"","quickMgnType":"","rebate":"0","rebateCcy":"USDT","reduceOnly":"false","reqId":"","side":"buy","attachAlgoClOrdId":"","slOrdPx":"","slTriggerPx":"","slTriggerPxType":"","source":"","state":"partially_filled","stpId":"","stpMode":"cancel_maker","sz":"0.001","tag":"","tdMode":"cash","tgtCcy":"","tpOrdPx":"","tpTriggerPx":"","tpTriggerPxType":"","attachAlgoOrds":[],"tradeId":"820101010","tradeQuoteCcy":"USDT","lastPx":"64120.4","uTime":"1789388001201","isTpLimit":"false","linkedAlgoOrd":{"algoId":""}}]}`
	pushedDeposit    = `{"arg":{"channel":"deposit-info","uid":"518230047716904960"},"data":[{"actualDepBlkConfirm":"0","amt":"100","areaCodeFrom":"","ccy":"USDT","chain":"USDT-TRC20","depId":"90220417","from":"","fromWdId":"","pTime":"1789000661147","state":"0","subAcct":"","to":"TXexampleAddress","ts":"1789000661123","txId":"ab12","uid":"518230047716904960"}]}`
	pushedWithdrawal = `{"arg":{"channel":"withdrawal-info","uid":"518230047716904960"},"data":[{"addrEx":null,"amt":"2","areaCodeFrom":"","areaCodeTo":"","ccy":"USDT","chain":"USDT-TRC20","clientId":"","fee":"0.8","feeCcy":"USDT","from":"","memo":"","nonTradableAsset":false,"note":"","pTime":"1789000268578","pmtId":"","state":"0","subAcct":"","tag":"","to":"TXexampleAddress","toAddrType":"1","ts":"1789000268472","txId":"","uid":"518230047716904960","wdId":"61920335"}]}`
)

func TestPushed(t *testing.T) {
	const order = "BTC/USDT, 2941177305512812544/sample01, limit GTC, buy, open partially_filled, created 1789388000123, at 1789388001201, price 64100.2, average 64100.2, size 0.001, filled 0.0004, remaining 0.0006, fee 0.0000004 BTC"
	const fill = "BTC/USDT, 820101010, 2941177305512812544/sample01, buy, maker, at 1789388001200, price 64100.2, size 0.0004, cost 25.64008, fee 0.0000004 BTC"
	const position = "BTC/USDT:USDT, 2938840112233447424, long cross, created 1789300225685, at 1789380000153, size 0.02, contracts 2, entry 63800.5, mark 64118.7, liquidation 52011.7, unrealized 6.364, realized -0.33, leverage 10, initial 128.2, maintenance 5.1"
	change := func(frame string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(frame) }
	for _, tt := range []struct{ got, want string }{
		{lines(t, parseBalances, nil, pushedAccount, sayBalance), "trading, USDT, at 1789389290903, free 6120.45, used 158.57, total 6279.02"},
		{lines(t, parseBalances, nil, change(pushedAccount, `"snapshot","curPage":1,"lastPage":true`, `"event_update"`, "6279.02", "0", "6120.45", "0", "158.57", "0"), sayBalance),
			"trading, USDT, at 1789389290903, free 0, used 0, total 0"},
		{lines(t, parseOrders, pair, pushedOrder, sayOrder), order},
		{lines(t, parsePushedFills, pair, pushedOrder, sayFill), fill},
		{lines(t, parseOrders, pair, change(pushedOrder, `"avgPx":"64100.2"`, `"avgPx":"0"`, `"accFillSz":"0.0004"`, `"accFillSz":"0"`, `"partially_filled"`, `"live"`, `"fee":"-0.0000004"`, `"fee":"0"`), sayOrder),
			"BTC/USDT, 2941177305512812544/sample01, limit GTC, buy, open live, created 1789388000123, at 1789388001201, price 64100.2, size 0.001, filled 0, remaining 0.001, fee 0 BTC"},
		{lines(t, parsePushedFills, pair, change(pushedOrder, `"tradeId":"820101010"`, `"tradeId":""`), sayFill), ""},
		{lines(t, parsePushedFills, pair, change(pushedOrder, `"fillSz":"0.0004"`, `"fillSz":"0"`), sayFill), ""}, // the end of a market order
		{lines(t, parsePushedFills, linear, change(pushedOrder, "BTC-USDT", "BTC-USDT-SWAP", `"fillSz":"0.0004"`, `"fillSz":"7"`, `"M"`, `"T"`, `"fee":"-0.0000004"`, `"fee":"-9"`, `"fillFeeCcy":"BTC"`, `"fillFeeCcy":"USDT"`), sayFill),
			"BTC/USDT:USDT, 820101010, 2941177305512812544/sample01, buy, taker, at 1789388001200, price 64100.2, size 0.07, contracts 7, fee 0.0000004 USDT"},
		{lines(t, parsePositions, linear, pushedPosition, sayPosition), position},
		{lines(t, parsePositions, linear, `{"arg":{"channel":"positions","uid":"1","instType":"ANY"},"eventType":"snapshot","curPage":1,"lastPage":true,"data":[]}`, sayPosition), ""},
		{lines(t, parseDeposits, nil, pushedDeposit, sayTransaction), "deposit, 90220417/, USDT by TRC20, to TXexampleAddress/, ab12, pending 0, at 1789000661123, amount 100 "},
		{lines(t, parseWithdrawals, nil, pushedWithdrawal, sayTransaction), "withdrawal, 61920335/, USDT by TRC20, to TXexampleAddress/, , pending 0, at 1789000268472, amount 2, fee 0.8 USDT"},
	} {
		if tt.got != tt.want {
			t.Errorf("got\n%s, want\n%s", tt.got, tt.want)
		}
	}
}

// TestPrivateData: a topic is what was asked for, whatever else the venue says beside it.
func TestPrivateData(t *testing.T) {
	for _, tt := range []struct{ frame, want string }{
		{pushedAccount, `{"channel":"account"}`},
		{pushedPosition, `{"channel":"positions","instType":"ANY"}`},
		{pushedOrder, `{"channel":"orders","instType":"ANY"}`},
		{pushedDeposit, `{"channel":"deposit-info"}`},
		{pushedWithdrawal, `{"channel":"withdrawal-info"}`},
		{`{"arg":{"channel":"orders","uid":"1","instType":"SWAP"},"data":[]}`, `{"channel":"orders","instType":"SWAP"}`},
		{`{"arg":{"channel":"orders","instType":"SWAP"},"data":[]}`, `{"channel":"orders","instType":"SWAP"}`},
		{`{"arg":{"uid":"1","instType":"SWAP","channel":"orders"},"data":[]}`, `{"channel":"orders","instType":"SWAP"}`},
		{`{"data":[],"arg":{"channel":"orders","instType":"SWAP","new":"key"}}`, `{"channel":"orders","instType":"SWAP"}`},
		{`{"arg":{"channel":"orders","instType":"SWAP","new":"key"},"data":[]}`, `{"channel":"orders","instType":"SWAP"}`},
		{`{"eventType":"snapshot","arg":{"channel":"account","uid":"1"},"data":[]}`, `{"channel":"account"}`},
	} {
		var f stream.Frame
		if err := newPrivate(nil).Route([]byte(tt.frame), &f); err != nil || string(f.Topic) != tt.want || string(f.Data) != tt.frame || f.Answer != nil {
			t.Errorf("%s: topic %s, %v", tt.frame, f.Topic, err)
		}
	}
	d, f, frame := newPrivate(nil), stream.Frame{}, []byte(pushedOrder)
	if allocs := testing.AllocsPerRun(100, func() { _ = d.Route(frame, &f) }); allocs > 0 {
		t.Errorf("%v allocations for an order", allocs)
	}
}

func TestPrivateAnswers(t *testing.T) {
	for _, tt := range []struct{ frame, want string }{
		{`{"id":"o1","op":"order","data":[{"clOrdId":"sample01","ordId":"2941177305512812544","tag":"","ts":"1789389296430","sCode":"0","sMsg":""}],"code":"0","msg":"","inTime":"1789389296421339","outTime":"1789389296431240"}`, "o1"},
		{`{"id":"o3","op":"order","data":[],"code":"60013","msg":"Invalid args","inTime":"1789389296451339","outTime":"1789389296453240"}`, "o3"},
		{`{"op":"cancel-order","code":"0","data":[],"id":"c1"}`, "c1"},
		{`{"event":"channel-conn-count","channel":"orders","connCount":"2","connId":"19e4c6d8"}`, ""},
		{"pong", ""},
	} {
		var f stream.Frame
		err := newPrivate(nil).Route([]byte(tt.frame), &f)
		if err != nil || string(f.Answer) != tt.want || (tt.want != "" && string(f.Data) != tt.frame) || f.Topic != nil || f.Acks != nil || f.Denied != nil || f.Greeted {
			t.Errorf("%s: %+v, %v", tt.frame, f, err)
		}
	}
}

func TestLoginAnswers(t *testing.T) {
	var f stream.Frame
	d := newPrivate(nil)
	if err := d.Route([]byte(`{"event":"login","code":"0","msg":"","connId":"7c1e90b2"}`), &f); err != nil || !f.Greeted || f.Denied != nil {
		t.Errorf("%+v, %v", f, err)
	}
	f = stream.Frame{}
	if err := d.Route([]byte(`{"event":"error","code":"60012","msg":"Invalid request","connId":"7c1e90b2"}`), &f); err == nil || f.Denied != nil {
		t.Errorf("after the login: %+v, %v", f, err)
	}
	for code, want := range map[string]error{
		"60004": exchange.ErrAuth, "60005": exchange.ErrAuth, "60006": exchange.ErrNonce, "60007": exchange.ErrAuth, "60009": exchange.ErrAuth, "60014": exchange.ErrRateLimit,
		"60023": exchange.ErrRateLimit, "60024": exchange.ErrPassphrase, "60032": exchange.ErrAuth, "63999": exchange.ErrUnavailable, "60999": exchange.ErrAuth,
	} {
		for _, event := range []string{"error", "login"} {
			var f stream.Frame
			err := newPrivate(nil).Route([]byte(`{"event":"`+event+`","code":"`+code+`","msg":"Login failed.","connId":"7c1e90b2"}`), &f)
			var e *exchange.Error
			if err != nil || f.Greeted || !errors.As(f.Denied, &e) || e.Kind != want || e.Code != code {
				t.Errorf("%s: %+v, %v", code, f.Denied, err)
			}
		}
	}
}

// TestTooManyConnections: an acknowledged subscription is void.
func TestTooManyConnections(t *testing.T) {
	var f stream.Frame
	err := newPrivate(nil).Route([]byte(`{"event":"channel-conn-count-error","channel":"orders","connCount":"30","connId":"7c1e90b2"}`), &f)
	refused := make(map[string]bool)
	for _, a := range f.Acks {
		refused[string(a.Topic)] = errors.Is(a.Err, exchange.ErrRateLimit)
	}
	if err != nil || !refused[`{"channel":"orders","instType":"SWAP"}`] || !refused[`{"channel":"orders"}`] {
		t.Errorf("%v, %v", refused, err)
	}
}

func FuzzPrivate(f *testing.F) {
	for _, frame := range []string{pushedAccount, pushedPosition, pushedOrder, pushedDeposit, pushedWithdrawal, `{"event":"login","code":"0"}`, `{"id":"o1","op":"order","data":[]}`, "pong"} {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var x stream.Frame
		if err := newPrivate(nil).Route(b, &x); err == nil && x.Topic != nil && !strings.HasPrefix(string(x.Topic), argChannel) {
			t.Errorf("%s", x.Topic)
		}
		in := &exchange.Scope{Market: linear, Received: time.Now()}
		_, _ = parsePushedFills(nil, in, b)
		_, _ = parseOrdered(nil, in, b)
	})
}
