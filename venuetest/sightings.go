package venuetest

import (
	"strings"
	"time"
)

// sightings is what a recording shows of its markets: ids, and how many digits
// their numbers have after the point.
type sightings struct {
	seen   []sighting
	digits map[sighting]int
}

type sighting struct{ family, id string }

func newSightings() *sightings { return &sightings{digits: make(map[sighting]int)} }

// numbers looks at every quoted number in a frame of a market.
func (g *sightings) numbers(family, id, text string) {
	if id == "" {
		return
	}
	x := sighting{family, id}
	if _, ok := g.digits[x]; !ok {
		g.seen = append(g.seen, x)
	}
	most := g.digits[x]
	for _, part := range strings.Split(text, `"`) {
		if strings.Trim(part, "0123456789.") != "" {
			continue
		}
		if _, frac, ok := strings.Cut(part, "."); ok {
			most = max(most, len(strings.TrimRight(frac, "0")))
		}
	}
	g.digits[x] = min(most, 12)
}

// markets makes up the instruments.
func (g *sightings) markets(venue string) []Market {
	var ms []Market
	for _, x := range g.seen {
		step := "1"
		if n := g.digits[x]; n > 0 {
			step = "0." + strings.Repeat("0", n-1) + "1"
		}
		m := Market{ID: x.id, Family: x.family, Kind: "spot", Status: replaying, Tick: step, Step: step}
		switch venue {
		case "okx":
			m.okx()
		case "huobi":
			m.huobi()
		case "backpack":
			m.backpack()
		case "alltick":
			m.allTick()
		default:
			m.binance()
		}
		ms = append(ms, m)
	}
	return ms
}

func (m *Market) binance() {
	id, day, dated := strings.Cut(m.ID, "_")
	m.Base, m.Quote = splitID(id)
	m.Symbol = m.Base + "/" + m.Quote
	if m.Family == "spot" {
		return
	}
	m.Kind, m.Settle = "swap", m.Quote
	m.Symbol += ":" + m.Settle
	if at, err := time.Parse("060102", day); dated && err == nil {
		m.Kind, m.Expiry = "future", at.Add(8*time.Hour)
		m.Symbol += "-" + day
	}
}

func (m *Market) huobi() {
	if !strings.Contains(m.ID, "-") {
		m.Base, m.Quote = splitID(strings.ToUpper(m.ID))
		m.Symbol = m.Base + "/" + m.Quote
		return
	}
	m.okx()
	if len(strings.Split(m.ID, "-")) == 2 {
		m.contract()
	}
}

func (m *Market) backpack() {
	id, swap := strings.CutSuffix(m.ID, "_PERP")
	m.Base, m.Quote, _ = strings.Cut(id, "_")
	m.Symbol = m.Base + "/" + m.Quote
	if swap {
		m.Family, m.Kind, m.Settle = "swap", "swap", m.Quote
		m.Symbol += ":" + m.Settle
	}
}

func (m *Market) allTick() {
	m.Family, m.Base, m.Quote = "non-stock", m.ID, "USD"
	if base, country, stock := strings.Cut(m.ID, "."); stock {
		m.Family, m.Base, m.Quote = "stock", base, country
	}
	m.Symbol = m.Base + "/" + m.Quote
}

// okx fills in what the id of an instrument tells.
func (m *Market) okx() {
	parts := strings.Split(m.ID, "-")
	if len(parts) < 2 {
		return
	}
	m.Base, m.Quote = parts[0], parts[1]
	m.Symbol = m.Base + "/" + m.Quote
	if len(parts) == 2 {
		return
	}
	m.contract()
	if day, err := time.Parse("060102", parts[2]); err == nil {
		m.Kind, m.Expiry = "future", day.Add(8*time.Hour)
		m.Symbol += "-" + parts[2]
	}
}

// contract makes a swap of a pair: of dollars it is settled in the base.
func (m *Market) contract() {
	m.Family, m.Kind, m.Settle, m.ContractSize, m.ContractUnit = "linear", "swap", m.Quote, "1", m.Base
	if m.Quote == "USD" {
		m.Family, m.Settle, m.ContractSize, m.ContractUnit = "inverse", m.Base, "10", "USD"
	}
	m.Symbol += ":" + m.Settle
}

// splitID splits a Binance id at a well-known quote.
func splitID(id string) (base, quote string) {
	for _, q := range []string{"USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD", "EUR", "TRY", "BTC", "ETH", "BNB"} {
		if b, ok := strings.CutSuffix(id, q); ok && b != "" {
			return b, q
		}
	}
	return id, ""
}
