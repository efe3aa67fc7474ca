package venuetest

import (
	"strings"
	"time"
)

// BinanceMarkets returns the default markets of Binance: what section 12.1 of its
// document asks for.
func BinanceMarkets() []Market {
	expiry := time.Date(2026, 12, 25, 8, 0, 0, 0, time.UTC)
	return []Market{
		{Symbol: "BTC/USDT", ID: "BTCUSDT", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDT", Price: "68250", Tick: "0.01", Step: "0.00001", Size: "0.2"},
		{Symbol: "ETH/USDT", ID: "ETHUSDT", Family: "spot", Kind: "spot", Base: "ETH", Quote: "USDT", Price: "3412.5", Tick: "0.01", Step: "0.0001", Size: "3"},
		{Symbol: "SHIB/USDT", ID: "SHIBUSDT", Family: "spot", Kind: "spot", Base: "SHIB", Quote: "USDT", Price: "0.00002345", Tick: "0.00000001", Step: "1", Size: "9000000"},
		{Symbol: "DOGE/USDT", ID: "DOGEUSDT", Family: "spot", Kind: "spot", Base: "DOGE", Quote: "USDT", Price: "0.16250", Tick: "0.00001", Step: "1", Size: "20000"},
		{Symbol: "币安人生/USDT", ID: "币安人生USDT", Family: "spot", Kind: "spot", Base: "币安人生", Quote: "USDT", Price: "0.1432", Tick: "0.0001", Step: "0.1", Size: "5000"},
		{Symbol: "LUNA/USDT", ID: "LUNAUSDT", Family: "spot", Kind: "spot", Base: "LUNA", Quote: "USDT", Status: "BREAK", Price: "0.5", Tick: "0.0001", Step: "0.01"},
		{Symbol: "BTC/USDT:USDT", ID: "BTCUSDT", Family: "linear", Kind: "swap", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "68241.5", Tick: "0.10", Step: "0.001", Size: "2"},
		{Symbol: "ETH/USDT:USDT", ID: "ETHUSDT", Family: "linear", Kind: "swap", Base: "ETH", Quote: "USDT", Settle: "USDT", Price: "3411.9", Tick: "0.01", Step: "0.001", Size: "20"},
		{Symbol: "1000SHIB/USDT:USDT", ID: "1000SHIBUSDT", Family: "linear", Kind: "swap", Base: "1000SHIB", Quote: "USDT", Settle: "USDT", Price: "0.023450", Tick: "0.000001", Step: "1", Size: "50000"},
		{Symbol: "BTC/USDT:USDT-261225", ID: "BTCUSDT_261225", Family: "linear", Kind: "future", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "69020.3", Tick: "0.1", Step: "0.001", Size: "0.5", Expiry: expiry},
		{Symbol: "BTC/USD:BTC", ID: "BTCUSD_PERP", Family: "inverse", Kind: "swap", Base: "BTC", Quote: "USD", Settle: "BTC", Price: "68210.1", Tick: "0.1", Step: "1", Size: "150", ContractSize: "100", ContractUnit: "USD", Listed: true},
	}
}

var binanceIntervals = []interval{
	{name: "1s", length: time.Second}, {name: "1m", length: time.Minute}, {name: "3m", length: 3 * time.Minute},
	{name: "5m", length: 5 * time.Minute}, {name: "15m", length: 15 * time.Minute}, {name: "30m", length: 30 * time.Minute},
	{name: "1h", length: time.Hour}, {name: "2h", length: 2 * time.Hour}, {name: "4h", length: 4 * time.Hour},
	{name: "6h", length: 6 * time.Hour}, {name: "8h", length: 8 * time.Hour}, {name: "12h", length: 12 * time.Hour},
	{name: "1d", length: dayLong}, {name: "3d", length: 3 * dayLong}, {name: "1w", length: weekLong}, {name: "1M", months: 1},
}

// newBinance makes the markets: spot symbols count their changes each for
// itself, all futures share one counter.
func newBinance(s *Server) *binance {
	b := &binance{s: s}
	shared := &counter{seq: 8_934_567_880_000, step: 4}
	for i, cfg := range s.opts.Markets {
		c, intervals := shared, binanceIntervals[1:]
		if cfg.Family == "spot" {
			c, intervals = &counter{seq: 81_234_567_890 + int64(i)*1_000_003, step: 1}, binanceIntervals
		}
		m := newMarket(cfg, s.opts, c, intervals, s.start)
		m.pdec, m.sdec = m.pscale, m.sscale
		if cfg.Family == "spot" {
			m.pdec, m.sdec = max(8, m.pscale), max(8, m.sscale)
		}
		s.markets = append(s.markets, m)
	}
	b.routes()
	b.accountRoutes()
	return b
}

// symbolInfo writes a row of exchangeInfo, section 2.1 or 2.2.
func symbolInfo(w *writer, m *market, sets bool) {
	if m.Family == "spot" {
		spotInfo(w, m, sets)
		return
	}
	futuresInfo(w, m)
}

func status(m *market) string {
	if m.Status != "" && m.Status != replaying {
		return m.Status
	}
	return "TRADING"
}

func spotInfo(w *writer, m *market, sets bool) {
	w.open('{')
	w.keyText("symbol", m.ID)
	w.keyText("status", status(m))
	w.keyText("baseAsset", m.Base)
	w.keyInt("baseAssetPrecision", int64(m.sdec))
	w.keyText("quoteAsset", m.Quote)
	for _, k := range []string{"quotePrecision", "quoteAssetPrecision", "baseCommissionPrecision", "quoteCommissionPrecision"} {
		w.keyInt(k, int64(m.pdec))
	}
	w.keyRaw("orderTypes", `["LIMIT","LIMIT_MAKER","MARKET","STOP_LOSS","STOP_LOSS_LIMIT","TAKE_PROFIT","TAKE_PROFIT_LIMIT"]`)
	for _, k := range []string{"icebergAllowed", "ocoAllowed", "otoAllowed", "opoAllowed", "quoteOrderQtyMarketAllowed", "allowTrailingStop",
		"cancelReplaceAllowed", "amendAllowed", "pegInstructionsAllowed"} {
		w.keyBool(k, true)
	}
	w.keyBool("isSpotTradingAllowed", status(m) == "TRADING")
	w.keyBool("isMarginTradingAllowed", m.Base == "BTC" || m.Base == "ETH")
	w.key("filters")
	w.open('[')
	w.open('{')
	w.keyText("filterType", "PRICE_FILTER")
	w.keyPrice("minPrice", m, m.tick)
	w.keyPrice("maxPrice", m, m.ref*15)
	w.keyPrice("tickSize", m, m.tick)
	w.close('}')
	w.open('{')
	w.keyText("filterType", "LOT_SIZE")
	w.keySize("minQty", m, m.step)
	w.keySize("maxQty", m, m.size*m.step*10_000)
	w.keySize("stepSize", m, m.step)
	w.close('}')
	w.raw(`{"filterType":"ICEBERG_PARTS","limit":100}`)
	w.open('{')
	w.keyText("filterType", "MARKET_LOT_SIZE")
	w.keySize("minQty", m, 0)
	w.keySize("maxQty", m, m.size*m.step*500)
	w.keySize("stepSize", m, 0)
	w.close('}')
	w.raw(`{"filterType":"TRAILING_DELTA","minTrailingAboveDelta":10,"maxTrailingAboveDelta":2000,"minTrailingBelowDelta":10,"maxTrailingBelowDelta":2000}`)
	w.raw(`{"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"5","bidMultiplierDown":"0.2","askMultiplierUp":"5","askMultiplierDown":"0.2","avgPriceMins":5}`)
	w.raw(`{"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,"maxNotional":"9000000.00000000","applyMaxToMarket":false,"avgPriceMins":5}`)
	w.raw(`{"filterType":"MAX_NUM_ORDERS","maxNumOrders":200}`)
	w.raw(`{"filterType":"MAX_NUM_ORDER_LISTS","maxNumOrderLists":20}`)
	w.raw(`{"filterType":"MAX_NUM_ALGO_ORDERS","maxNumAlgoOrders":5}`)
	w.raw(`{"filterType":"MAX_NUM_ORDER_AMENDS","maxNumOrderAmends":10}`)
	w.close(']')
	w.keyRaw("permissions", `[]`)
	if sets {
		w.keyRaw("permissionSets", `[["SPOT","MARGIN","TRD_GRP_004"]]`)
	} else {
		w.keyRaw("permissionSets", `[]`)
	}
	w.keyText("defaultSelfTradePreventionMode", "EXPIRE_MAKER")
	w.keyRaw("allowedSelfTradePreventionModes", `["NONE","EXPIRE_TAKER","EXPIRE_MAKER","EXPIRE_BOTH","DECREMENT"]`)
	w.close('}')
}

const forever = 4133404800000 // deliveryDate of what never expires

func futuresInfo(w *writer, m *market) {
	kind, delivery := "PERPETUAL", int64(forever)
	pair, _, _ := strings.Cut(m.ID, "_")
	if m.Kind == "future" {
		kind, delivery = "CURRENT_QUARTER", m.Expiry.UnixMilli()
	}
	w.open('{')
	w.keyText("symbol", m.ID)
	w.keyText("pair", pair)
	w.keyText("contractType", kind)
	w.keyInt("deliveryDate", delivery)
	w.keyInt("onboardDate", 1569398400000)
	w.keyText("status", status(m))
	w.keyText("maintMarginPercent", "2.5000")
	w.keyText("requiredMarginPercent", "5.0000")
	w.keyText("baseAsset", m.Base)
	w.keyText("quoteAsset", m.Quote)
	w.keyText("marginAsset", m.Settle)
	w.keyInt("pricePrecision", int64(m.pdec))
	w.keyInt("quantityPrecision", int64(m.sdec))
	w.keyRaw("baseAssetPrecision", `8,"quotePrecision":8,"underlyingType":"COIN","underlyingSubType":["PoW"],"settlePlan":0,"triggerProtect":"0.0500","liquidationFee":"0.012500","marketTakeBound":"0.05","maxMoveOrderLimit":10000`)
	w.key("filters")
	w.open('[')
	w.open('{') // the venue's keys inside a filter are in no order
	w.key("maxPrice")
	w.number(m.ref*60, m.pscale, -1)
	w.keyPrice("tickSize", m, m.tick)
	w.keyPrice("minPrice", m, m.tick*10)
	w.keyText("filterType", "PRICE_FILTER")
	w.close('}')
	w.open('{')
	w.keyText("filterType", "LOT_SIZE")
	w.keySize("minQty", m, m.step)
	w.keySize("stepSize", m, m.step)
	w.key("maxQty")
	w.number(m.size*m.step*1000, m.sscale, -1)
	w.close('}')
	w.open('{')
	w.keySize("stepSize", m, m.step)
	w.keySize("minQty", m, m.step)
	w.key("maxQty")
	w.number(m.size*m.step*100, m.sscale, -1)
	w.keyText("filterType", "MARKET_LOT_SIZE")
	w.close('}')
	w.raw(`{"filterType":"MAX_NUM_ORDERS","limit":200}`)
	w.raw(`{"filterType":"MIN_NOTIONAL","notional":"100"}`)
	w.raw(`{"multiplierDecimal":"4","multiplierUp":"1.0500","multiplierDown":"0.9500","filterType":"PERCENT_PRICE"}`)
	w.close(']')
	w.keyRaw("orderTypes", `["LIMIT","MARKET","STOP","STOP_MARKET","TAKE_PROFIT","TAKE_PROFIT_MARKET","TRAILING_STOP_MARKET"]`)
	w.keyRaw("timeInForce", `["GTC","IOC","FOK","GTX","GTD","RPI"]`)
	w.close('}')
}
