package binance

import (
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

const spotInfo = `{"timezone":"UTC","serverTime":1763776800123,"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000}],"exchangeFilters":[],"symbols":[
{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","baseAssetPrecision":8,"quoteAsset":"USDT","quotePrecision":8,"orderTypes":["LIMIT"],"isSpotTradingAllowed":true,"filters":[
{"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"0.01000000"},
{"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000","stepSize":"0.00001000"},{"filterType":"ICEBERG_PARTS","limit":100},
{"filterType":"MARKET_LOT_SIZE","minQty":"0.00000000","maxQty":"96.40000000","stepSize":"0.00000000"},
{"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,"maxNotional":"9000000.00000000"}],"permissions":[],"permissionSets":[]},
{"symbol":"OLDUSDT","status":"BREAK","baseAsset":"OLD","quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","minPrice":"0","maxPrice":"0.00000000","tickSize":"0.00000000"},{"filterType":"MIN_NOTIONAL","minNotional":"10.00000000","applyToMarket":true}]},
{"symbol":"币安人生USDT","status":"TRADING","baseAsset":"币安人生","quoteAsset":"USDT","filters":[]},
{"symbol":"BADUSDT","status":"TRADING","baseAsset":"BAD","quoteAsset":"USDT","filters":[{"filterType":"PRICE_FILTER","tickSize":"x"}]},
{"symbol":"","status":"TRADING","baseAsset":"NONE","quoteAsset":"USDT"}],"sors":[]}`

const linearInfo = `{"timezone":"UTC","serverTime":1763776800100,"futuresType":"U_MARGINED","assets":[{"asset":"USDT","marginAvailable":true}],"symbols":[
{"symbol":"BTCUSDT","pair":"BTCUSDT","contractType":"PERPETUAL","deliveryDate":4133404800000,"onboardDate":1569398400000,"status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","marginAsset":"USDT","pricePrecision":2,"quantityPrecision":3,"underlyingType":"COIN","filters":[
{"maxPrice":"4529764","tickSize":"0.10","minPrice":"556.80","filterType":"PRICE_FILTER"},{"filterType":"LOT_SIZE","minQty":"0.001","stepSize":"0.001","maxQty":"1000"},
{"stepSize":"0.001","minQty":"0.001","maxQty":"120","filterType":"MARKET_LOT_SIZE"},{"filterType":"MIN_NOTIONAL","notional":"100"}]},
{"symbol":"BTCUSDT_251226","pair":"BTCUSDT","contractType":"CURRENT_QUARTER","deliveryDate":1766736000000,"onboardDate":1751011200000,"status":"SETTLING","baseAsset":"BTC","quoteAsset":"USDT","marginAsset":"USDT","filters":[]},
{"symbol":"TSLAUSDT","contractType":"TRADIFI_PERPETUAL","deliveryDate":4133404800000,"status":"TRADING","baseAsset":"TSLA","quoteAsset":"USDT","marginAsset":"USDT","underlyingType":"EQUITY","filters":[]},
{"symbol":"NEWUSDT","contractType":"","status":"PENDING_TRADING","baseAsset":"NEW","quoteAsset":"USDT","marginAsset":"USDT","filters":[]},
{"symbol":"BTCUSD_PERP","contractType":"PERPETUAL","deliveryDate":4133404800000,"status":"TRADING","baseAsset":"BTC","quoteAsset":"USD","marginAsset":"BTC","filters":[]}]}`

func TestMarkets(t *testing.T) {
	for _, tt := range []struct {
		parse exchange.Parser[exchange.Market]
		list  string
		want  []string
	}{
		{spotMarkets, spotInfo, []string{
			"BTCUSDT BTC/USDT spot active TRADING tick 0.01 step 0.00001 size 0.00001 to 9000 price 0.01 to 1000000 cost 5 to 9000000",
			"OLDUSDT OLD/USDT spot inactive BREAK tick  step  size  to  price  to  cost 10 to ",
			"币安人生USDT 币安人生/USDT spot active TRADING tick  step  size  to  price  to  cost  to ",
		}},
		{linearMarkets, linearInfo, []string{
			"BTCUSDT BTC/USDT:USDT swap active TRADING tick 0.1 step 0.001 size 0.001 to 1000 price 556.8 to 4529764 cost 100 to  listed 2019-09-25",
			"BTCUSDT_251226 BTC/USDT:USDT-251226 future inactive SETTLING tick  step  size  to  price  to  cost  to  listed 2025-06-27 expires 2025-12-26T08:00:00Z",
			"TSLAUSDT TSLA/USDT:USDT swap active TRADING tick  step  size  to  price  to  cost  to ",
		}},
	} {
		ms, err := tt.parse(nil, &exchange.Scope{}, []byte(tt.list))
		if err != nil || len(ms) != len(tt.want) {
			t.Fatalf("got %v, %v", ms, err)
		}
		for i := range ms {
			if got := describe(&ms[i]); got != tt.want[i] {
				t.Errorf("got  %s\nwant %s", got, tt.want[i])
			}
		}
	}
}

func describe(m *exchange.Market) string {
	active := " inactive "
	if m.Active {
		active = " active "
	}
	text := m.ID + " " + m.Symbol + " " + string(m.Kind) + active + m.Status + " tick " + m.TickSize.String() + " step " + m.StepSize.String() +
		" size " + m.MinSize.String() + " to " + m.MaxSize.String() + " price " + m.MinPrice.String() + " to " + m.MaxPrice.String() + " cost " + m.MinCost.String() + " to " + m.MaxCost.String()
	if !m.Listed.IsZero() {
		text += " listed " + m.Listed.Format("2006-01-02")
	}
	if !m.Expiry.IsZero() {
		text += " expires " + m.Expiry.Format("2006-01-02T15:04:05Z07:00")
	}
	return text
}
