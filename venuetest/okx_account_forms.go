package venuetest

import "strings"

// The rows of the account, as sections 7 (…Form) and 8 (…Push) of OKX's document have them: what stands in angle brackets is filled in.
const (
	okxBalanceForm = `{"adjEq":"","availEq":"","borrowFroz":"","delta":"0","deltaLever":"0","deltaNeutralStatus":"0","details":[<details>],"imr":"","isoEq":"0","mgnRatio":"","mmr":"","notionalUsd":"",` +
		`"notionalUsdForBorrow":"0","notionalUsdForFutures":"0","notionalUsdForOption":"0","notionalUsdForSwap":"0","ordFroz":"","totalEq":"0","uTime":"<uTime>","upl":""}`
	okxAssetForm = `{"autoLendStatus":"off","autoLendMtAmt":"0","availBal":"<free>","availEq":"","borrowFroz":"","cashBal":"<total>","ccy":"<ccy>","crossLiab":"","colRes":"0",` +
		`"collateralEnabled":false,"collateralRestrict":false,"colBorrAutoConversion":"0","disEq":"<total>","eq":"<total>","eqUsd":"<total>","smtSyncEq":"0","spotCopyTradingEq":"0",` +
		`"fixedBal":"0","frozenBal":"<used>","frpType":"0","imr":"","interest":"","isoEq":"0","isoLiab":"","isoUpl":"0","liab":"","maxLoan":"","mgnRatio":"","mmr":"","notionalLever":"",` +
		`"ordFrozen":"<used>","rewardBal":"0","spotInUseAmt":"","clSpotInUseAmt":"","maxSpotInUse":"","spotIsoBal":"0","stgyEq":"0","twap":"0","uTime":"<uTime>","upl":"0","uplLiab":"",` +
		`"spotBal":"<total>","openAvgPx":"","accAvgPx":"","spotUpl":"","spotUplRatio":"","totalPnl":"","totalPnlRatio":""}`
	okxAssetPush = `{"availBal":"<free>","availEq":"","borrowFroz":"","cashBal":"<total>","ccy":"<ccy>","coinUsdPrice":"0.9997","crossLiab":"","colRes":"0","collateralEnabled":false,` +
		`"collateralRestrict":false,"colBorrAutoConversion":"0","disEq":"<total>","eq":"<total>","eqUsd":"<total>","smtSyncEq":"0","spotCopyTradingEq":"0","fixedBal":"0",` +
		`"frozenBal":"<used>","frpType":"0","imr":"","interest":"","isoEq":"0","isoLiab":"","isoUpl":"0","liab":"","maxLoan":"","mgnRatio":"","mmr":"","notionalLever":"",` +
		`"ordFrozen":"<used>","rewardBal":"0","spotInUseAmt":"","clSpotInUseAmt":"","maxSpotInUseAmt":"","spotIsoBal":"0","stgyEq":"0","twap":"0","uTime":"<uTime>","upl":"0","uplLiab":"",` +
		`"spotBal":"","openAvgPx":"","accAvgPx":"","spotUpl":"","spotUplRatio":"","totalPnl":"","totalPnlRatio":""}`
	okxFundForm  = `{"availBal":"<free>","bal":"<total>","ccy":"<ccy>","frozenBal":"<used>"}`
	okxOrderForm = `{"accFillSz":"<accFillSz>","algoClOrdId":"","algoId":"","attachAlgoClOrdId":"","attachAlgoOrds":[],"avgPx":"<avgPx>","cTime":"<cTime>","cancelSource":"<cancelSource>",` +
		`"cancelSourceReason":"","category":"normal","ccy":"","clOrdId":"<clOrdId>","fee":"<fee>","feeCcy":"<feeCcy>","fillPx":"<fillPx>","fillSz":"<fillSz>","fillTime":"<fillTime>",` +
		`"instId":"<instId>","instType":"<instType>","isTpLimit":"false","lever":"","linkedAlgoOrd":{"algoId":""},"ordId":"<ordId>","ordType":"<ordType>","pnl":"0","posSide":"net",` +
		`"px":"<px>","pxType":"","pxUsd":"","pxVol":"","quickMgnType":"","rebate":"0","rebateCcy":"","reduceOnly":"<reduceOnly>","side":"<side>","slOrdPx":"","slTriggerPx":"",` +
		`"slTriggerPxType":"","source":"","state":"<state>","stpId":"","stpMode":"cancel_maker","sz":"<sz>","tag":"","tdMode":"<tdMode>","tgtCcy":"<tgtCcy>","tpOrdPx":"","tpTriggerPx":"",` +
		`"tpTriggerPxType":"","tradeId":"<tradeId>","tradeQuoteCcy":"<tradeQuoteCcy>","uTime":"<uTime>"}`
	okxOrderPush = `{"accFillSz":"<accFillSz>","algoClOrdId":"","algoId":"","amendResult":"<amendResult>","amendSource":"","avgPx":"<avgPx>","cancelSource":"<cancelSource>","category":"normal",` +
		`"ccy":"","clOrdId":"<clOrdId>","code":"0","cTime":"<cTime>","execType":"<execType>","fee":"<fee>","feeCcy":"<feeCcy>","fillFee":"<fillFee>","fillFeeCcy":"<fillFeeCcy>",` +
		`"fillNotionalUsd":"","fillPx":"<fillPx>","fillSz":"<fillSz>","fillPnl":"<fillPnl>","fillTime":"<fillTime>","fillPxVol":"","fillPxUsd":"","fillMarkVol":"","fillFwdPx":"",` +
		`"fillMarkPx":"","fillIdxPx":"","instId":"<instId>","instType":"<instType>","lever":"0","msg":"","notionalUsd":"","ordId":"<ordId>","ordType":"<ordType>","pnl":"0","posSide":"",` +
		`"px":"<px>","pxUsd":"","pxVol":"","pxType":"","quickMgnType":"","rebate":"0","rebateCcy":"","reduceOnly":"<reduceOnly>","reqId":"<reqId>","side":"<side>","attachAlgoClOrdId":"",` +
		`"slOrdPx":"","slTriggerPx":"","slTriggerPxType":"","source":"","state":"<state>","stpId":"","stpMode":"cancel_maker","sz":"<sz>","tag":"","tdMode":"<tdMode>","tgtCcy":"<tgtCcy>",` +
		`"tpOrdPx":"","tpTriggerPx":"","tpTriggerPxType":"","attachAlgoOrds":[],"tradeId":"<tradeId>","tradeQuoteCcy":"<tradeQuoteCcy>","lastPx":"<lastPx>","uTime":"<uTime>",` +
		`"isTpLimit":"false","linkedAlgoOrd":{"algoId":""}}`
	okxFillForm = `{"side":"<side>","fillSz":"<fillSz>","fillPx":"<fillPx>","fillPxVol":"","fillFwdPx":"","fee":"<fee>","fillPnl":"<fillPnl>","ordId":"<ordId>","feeRate":"","instType":"<instType>",` +
		`"fillPxUsd":"","instId":"<instId>","clOrdId":"<clOrdId>","posSide":"net","billId":"<billId>","subType":"1","fillMarkVol":"","tag":"","fillTime":"<fillTime>",` +
		`"execType":"<execType>","fillIdxPx":"","tradeId":"<tradeId>","fillMarkPx":"","feeCcy":"<feeCcy>","ts":"<ts>","tradeQuoteCcy":"<tradeQuoteCcy>"}`
	okxPositionForm = `{"adl":"1","availPos":"","avgPx":"<avgPx>","baseBal":"","baseBorrowed":"","baseInterest":"","bePx":"<avgPx>","bizRefId":"","bizRefType":"","cTime":"<cTime>","ccy":"<ccy>",` +
		`"clSpotInUseAmt":"","closeOrderAlgo":[],"deltaBS":"","deltaPA":"","fee":"<fee>","fundingFee":"0","gammaBS":"","gammaPA":"","hedgedPos":"","idxPx":"<markPx>","imr":"<imr>",` +
		`"instId":"<instId>","instType":"<instType>","interest":"","last":"<markPx>","lever":"<lever>","liab":"","liabCcy":"","liqPenalty":"0","liqPx":"","margin":"","markPx":"<markPx>",` +
		`"maxSpotInUseAmt":"","mgnMode":"cross","mgnRatio":"","mmr":"<imr>","notionalUsd":"","optVal":"","pendingCloseOrdLiabVal":"","pnl":"0","pos":"<pos>","posCcy":"","posId":"<posId>",` +
		`"posSide":"net","quoteBal":"","quoteBorrowed":"","quoteInterest":"","realizedPnl":"<realizedPnl>","spotInUseAmt":"","spotInUseCcy":"","thetaBS":"","thetaPA":"",` +
		`"tradeId":"<tradeId>","uTime":"<uTime>","upl":"<upl>","uplLastPx":"<upl>","uplRatio":"","uplRatioLastPx":"","usdPx":"1","vegaBS":"","vegaPA":"","nonSettleAvgPx":"","settledPnl":""}`
	okxPositionPush = `{"adl":"1","availPos":"","avgPx":"<avgPx>","cTime":"<cTime>","ccy":"<ccy>","deltaBS":"","deltaPA":"","gammaBS":"","gammaPA":"","hedgedPos":"","imr":"<imr>","instId":"<instId>",` +
		`"instType":"<instType>","interest":"","idxPx":"<markPx>","last":"<markPx>","usdPx":"1","bePx":"<avgPx>","lever":"<lever>","liab":"","liabCcy":"","liqPx":"","markPx":"<markPx>",` +
		`"margin":"","mgnMode":"cross","mgnRatio":"","mmr":"<imr>","notionalUsd":"","optVal":"","pTime":"<pTime>","pendingCloseOrdLiabVal":"","pos":"<pos>","baseBorrowed":"",` +
		`"baseInterest":"","quoteBorrowed":"","quoteInterest":"","posCcy":"","posId":"<posId>","posSide":"net","spotInUseAmt":"","clSpotInUseAmt":"","maxSpotInUseAmt":"","spotInUseCcy":"",` +
		`"bizRefId":"","bizRefType":"","thetaBS":"","thetaPA":"","tradeId":"<tradeId>","uTime":"<uTime>","upl":"<upl>","uplLastPx":"<upl>","uplRatio":"","uplRatioLastPx":"","vegaBS":"",` +
		`"vegaPA":"","realizedPnl":"<realizedPnl>","pnl":"0","fee":"<fee>","fundingFee":"0","liqPenalty":"0","nonSettleAvgPx":"","settledPnl":"","closeOrderAlgo":[]}`
	okxDepositForm = `{"actualDepBlkConfirm":"2","amt":"<amt>","areaCodeFrom":"","ccy":"<ccy>","chain":"<chain>","depId":"<depId>","from":"","fromWdId":"","state":"<state>","to":"<to>","ts":"<ts>",` +
		`"txId":"<txId>"}`
	okxDepositPush = `{"actualDepBlkConfirm":"0","amt":"<amt>","areaCodeFrom":"","ccy":"<ccy>","chain":"<chain>","depId":"<depId>","from":"","fromWdId":"","pTime":"<pTime>","state":"<state>",` +
		`"subAcct":"","to":"<to>","ts":"<ts>","txId":"<txId>","uid":"<uid>"}`
	okxWithdrawalForm = `{"note":"","chain":"<chain>","fee":"<fee>","feeCcy":"<feeCcy>","ccy":"<ccy>","clientId":"<clientId>","toAddrType":"1","amt":"<amt>","txId":"<txId>","from":"","areaCodeFrom":"",` +
		`"to":"<to>","areaCodeTo":"","state":"<state>","ts":"<ts>","nonTradableAsset":false,"wdId":"<wdId>"}`
	okxWithdrawalPush = `{"addrEx":null,"amt":"<amt>","areaCodeFrom":"","areaCodeTo":"","ccy":"<ccy>","chain":"<chain>","clientId":"<clientId>","fee":"<fee>","feeCcy":"<feeCcy>","from":"","memo":"",` +
		`"nonTradableAsset":false,"note":"","pTime":"<pTime>","pmtId":"","state":"<state>","subAcct":"","tag":"<tag>","to":"<to>","toAddrType":"1","ts":"<ts>","txId":"<txId>","uid":"<uid>",` +
		`"wdId":"<wdId>"}`
)

// expand fills in a form: pairs are of names and values.
func expand(form string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "<" + pairs[i] + ">"
	}
	return strings.NewReplacer(pairs...).Replace(form)
}
