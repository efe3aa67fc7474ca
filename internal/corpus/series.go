package corpus

import (
	"math/rand/v2"
	"strconv"
)

// Print is a trade, or the best prices, of which frames are made.
type Print struct {
	ID           int64
	Price, Size  int64
	Ask, AskSize int64
	Sell         bool
}

// Prints draws n of them, ids in sequence after first.
func Prints(seed uint64, first int64, n int) []Print {
	r := rand.New(rand.NewPCG(seed, uint64(first)))
	all, price := make([]Print, n), int64(6_825_005)
	for i := range all {
		price += r.Int64N(21) - 10
		all[i] = Print{first + 1 + int64(i), price, 1 + r.Int64N(300_000), price + 1 + r.Int64N(3), 1 + r.Int64N(300_000), r.IntN(2) == 0}
	}
	return all
}

func text(scale int, units int64) string { return string(Number(nil, units, scale)) }

// HuobiTrades writes frames of trade.detail of btcusdt, one trade each, packed.
func HuobiTrades(ps []Print) [][]byte {
	return written(ps, true, func(p Print, at string) string {
		seq := strconv.FormatInt(163200418861+p.ID, 10)
		b := `{"ch":"market.btcusdt.trade.detail","ts":` + at + `,"tick":{"id":` + seq + `,"ts":` + at + `,"data":[{"id":` + seq + `359286410323766,"ts":` + at + `,"tradeId":` + strconv.FormatInt(104517381183+p.ID, 10)
		b += `,"amount":` + string(double(nil, p.Size, SizeScale)) + `,"price":` + string(double(nil, p.Price, PriceScale))
		return b + `,"direction":"` + word(p.Sell, "sell", "buy") + `"}]}}`
	})
}

// HuobiBidAsk writes frames of bbo of btcusdt, packed.
func HuobiBidAsk(ps []Print) [][]byte {
	return written(ps, true, func(p Print, at string) string {
		return `{"ch":"market.btcusdt.bbo","ts":` + at + `,"tick":{"seqId":` + strconv.FormatInt(163200418861+p.ID, 10) + `,"ask":` + string(double(nil, p.Ask, PriceScale)) + `,"askSize":` + string(double(nil, p.AskSize, SizeScale)) +
			`,"bid":` + string(double(nil, p.Price, PriceScale)) + `,"bidSize":` + string(double(nil, p.Size, SizeScale)) + `,"quoteTime":` + at + `,"symbol":"btcusdt"}}`
	})
}

// BackpackTrades writes frames of trade of BTC_USDC.
func BackpackTrades(ps []Print) [][]byte {
	return written(ps, false, func(p Print, at string) string {
		return `{"data":{"E":` + at + `000,"T":` + at + `000,"a":"59887375340","b":"59887375311","e":"trade","m":` + word(p.Sell, "true", "false") + `,"p":"` + text(PriceScale, p.Price) + `","q":"` + text(SizeScale, p.Size) +
			`","s":"BTC_USDC","t":` + strconv.FormatInt(p.ID, 10) + `},"stream":"trade.BTC_USDC"}`
	})
}

// BackpackBidAsk writes frames of bookTicker of BTC_USDC.
func BackpackBidAsk(ps []Print) [][]byte {
	return written(ps, false, func(p Print, at string) string {
		return `{"data":{"A":"` + text(SizeScale, p.AskSize) + `","B":"` + text(SizeScale, p.Size) + `","E":` + at + `000,"T":` + at + `000,"a":"` + text(PriceScale, p.Ask) + `","b":"` + text(PriceScale, p.Price) +
			`","e":"bookTicker","s":"BTC_USDC","u":` + strconv.FormatInt(4_330_360_995+p.ID, 10) + `},"stream":"bookTicker.BTC_USDC"}`
	})
}

// AllTickTrades writes pushes of trades of BTCUSDT.
func AllTickTrades(ps []Print) [][]byte {
	return written(ps, false, func(p Print, at string) string {
		return `{"cmd_id":22998,"data":{"code":"BTCUSDT","seq":` + strconv.FormatInt(30841439+p.ID, 10) + `,"tick_time":` + at + `,"price":"` + text(PriceScale, p.Price) + `","volume":"` + text(SizeScale, p.Size) +
			`","turnover":"0","trade_direction":` + word(p.Sell, "2", "1") + `}}`
	})
}

func written(ps []Print, packed bool, write func(p Print, at string) string) [][]byte {
	frames := make([][]byte, len(ps))
	for i, p := range ps {
		frames[i] = []byte(write(p, strconv.FormatInt(1789560003127+p.ID*10, 10)))
	}
	if packed {
		return pack(frames)
	}
	return frames
}

func word(which bool, yes, no string) string {
	if which {
		return yes
	}
	return no
}
