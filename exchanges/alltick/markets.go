package alltick

import (
	"slices"
	"strings"

	"github.com/depthwire/depthwire/exchange"
)

// known are codes of the vendor's spreadsheet by class (section 1). It has thousands:
// those that are not here are adopted.
var known = strings.Fields(`
	AAPL.US AMD.US AMZN.US BABA.US BAC.US GOOGL.US INTC.US JPM.US META.US MSFT.US NFLX.US NVDA.US TSLA.US UNH.US XOM.US
	5.HK 388.HK 700.HK 857.HK 941.HK 1288.HK 1299.HK 1810.HK 3690.HK 9988.HK
	600036.SH 600206.SH 600416.SH 600519.SH 601318.SH 000055.SZ 000627.SZ 000858.SZ 300750.SZ
	EURUSD GBPUSD AUDUSD NZDUSD USDJPY USDCHF USDCAD USDCNH USDHKD USDSGD EURGBP EURJPY EURCHF EURAUD EURCAD EURNZD
	GBPJPY GBPCHF GBPAUD GBPCAD AUDJPY AUDCAD AUDNZD CADJPY CHFJPY NZDJPY XAUUSD XAGUSD
	BTCUSDT ETHUSDT BNBUSDT SOLUSDT XRPUSDT DOGEUSDT ADAUSDT LTCUSDT LINKUSDT
	GOLD Silver Platinum Palladium USOIL UKOIL NGAS COPPER Nickel Aluminum
	US30 US500 NDX UK100 GER40 FRA40`)

// commodities are what is priced in dollars under a free name. Indices have no quote currency.
var commodities = strings.Fields("GOLD Silver Platinum Palladium USOIL UKOIL NGAS COPPER Nickel Aluminum")

// currencies are the halves of forex codes; metals are among them.
var currencies = strings.Fields("AUD BRL CAD CHF CNH CNY CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW MXN NOK NZD PHP PLN RUB SEK SGD THB TRY TWD USD XAG XAU XPD XPT ZAR")

// boards are the ends of codes of shares, and what these are quoted in.
var boards = map[string]string{"US": "USD", "HK": "HKD", "SH": "CNY", "SZ": "CNY"}

func listed(family string) (all []exchange.Market) {
	for _, code := range known {
		if m, of := market(code); of == family {
			all = append(all, m)
		}
	}
	return all
}

// market makes the market of a code, by the mapping of section 1, and tells its family: what ends like a
// share is one (section 2.1). The family is empty when code cannot be one. There are no
// increments, limits or states (section 2.1).
func market(code string) (m exchange.Market, family string) {
	if code == "" || len(code) > 32 || strings.ContainsFunc(code, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("._-", c)
	}) {
		return m, ""
	}
	m, family = exchange.Market{ID: code, Kind: exchange.Spot, Active: true}, nonStock
	dot := max(strings.LastIndexByte(code, '.'), 0)
	share, board := code[:dot], strings.TrimPrefix(code[dot:], ".")
	switch coin, crypto := strings.CutSuffix(code, "USDT"); {
	case share != "" && boards[board] != "":
		m.Base, m.Quote, family = share, boards[board], stock
	case crypto && coin != "":
		m.Base, m.Quote = coin, "USDT"
	case len(code) == 6 && slices.Contains(currencies, code[:3]) && slices.Contains(currencies, code[3:]):
		m.Base, m.Quote = code[:3], code[3:]
	case slices.Contains(commodities, code):
		m.Base, m.Quote = code, "USD"
	default:
		m.Base, m.Symbol = code, code
		return m, family
	}
	m.Symbol = m.Base + "/" + m.Quote
	return m, family
}
