package exchange

import (
	"errors"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/decimal"
)

func num(s string) decimal.Decimal {
	if s == "" {
		return decimal.Decimal{}
	}
	return decimal.MustParse(s)
}

// limitOrder is a good one.
func limitOrder(symbol, price, size string) NewOrder {
	return NewOrder{Symbol: symbol, Side: Buy, Type: LimitOrder, Price: num(price), Size: num(size)}
}

func contracts(price, n string) NewOrder {
	o := limitOrder("BTC/USDT:USDT", price, "")
	o.Contracts = num(n)
	return o
}

func TestInvalidOrders(t *testing.T) {
	with := func(o NewOrder, change func(*NewOrder)) NewOrder {
		change(&o)
		return o
	}
	good := limitOrder("BTC/USDT", "60000", "0.1")
	for name, tt := range map[string]struct {
		o       NewOrder
		rule    Rule // empty: it is good
		nearest string
	}{
		"good":                  {o: good},
		"price between ticks":   {limitOrder("BTC/USDT", "60000.013", "0.1"), RuleTick, "60000.01"},
		"price half way":        {limitOrder("BTC/USDT", "60000.0151", "0.1"), RuleTick, "60000.02"},
		"price with zeros":      {o: limitOrder("BTC/USDT", "60000.010000", "0.1")},
		"price with exponent":   {o: limitOrder("BTC/USDT", "6E4", "0.1")},
		"price too low":         {limitOrder("BTC/USDT", "0.001", "0.1"), RuleMinPrice, "0.01"},
		"price too high":        {limitOrder("BTC/USDT", "500000.01", "0.1"), RuleMaxPrice, "500000"},
		"price negative":        {limitOrder("BTC/USDT", "-1", "0.1"), RuleAmount, ""},
		"size between steps":    {limitOrder("BTC/USDT", "60000", "0.1004"), RuleStep, "0.1"},
		"size below the step":   {limitOrder("BTC/USDT", "60000", "0.0004"), RuleStep, "0.001"},
		"size too small":        {limitOrder("BTC/USDT", "60000", "0.001"), RuleMinSize, "0.002"},
		"size too large":        {limitOrder("BTC/USDT", "6000", "100.001"), RuleMaxSize, "100"},
		"size zero":             {limitOrder("BTC/USDT", "60000", "0"), RuleAmount, ""},
		"cost too low":          {limitOrder("BTC/USDT", "30", "0.1"), RuleMinCost, "0.167"},
		"cost just enough":      {o: limitOrder("BTC/USDT", "50", "0.1")},
		"cost too high":         {limitOrder("BTC/USDT", "60000", "99"), RuleMaxCost, ""},
		"no size":               {limitOrder("BTC/USDT", "60000", ""), RuleAmount, ""},
		"two sizes":             {with(good, func(o *NewOrder) { o.Contracts = num("1") }), RuleAmount, ""},
		"contracts of spot":     {with(good, func(o *NewOrder) { o.Size, o.Contracts = num(""), num("1") }), RuleContracts, ""},
		"no side":               {with(good, func(o *NewOrder) { o.Side = "" }), RuleTerms, ""},
		"no type":               {with(good, func(o *NewOrder) { o.Type = "stop" }), RuleTerms, ""},
		"no price":              {limitOrder("BTC/USDT", "", "0.1"), RuleTerms, ""},
		"good till date":        {with(good, func(o *NewOrder) { o.TimeInForce = GTD }), RuleTerms, ""},
		"post-only IOC":         {with(good, func(o *NewOrder) { o.PostOnly, o.TimeInForce = true, IOC }), RuleTerms, ""},
		"post-only FOK":         {with(good, func(o *NewOrder) { o.PostOnly, o.TimeInForce = true, FOK }), RuleTerms, ""},
		"post-only":             {o: with(good, func(o *NewOrder) { o.PostOnly = true })},
		"post-only market":      {with(good, func(o *NewOrder) { o.PostOnly, o.Type, o.Price = true, MarketOrder, num("") }), RuleTerms, ""},
		"market":                {o: with(good, func(o *NewOrder) { o.Type, o.Price = MarketOrder, num("") })},
		"market with a price":   {with(good, func(o *NewOrder) { o.Type = MarketOrder }), RuleTerms, ""},
		"market GTC":            {with(good, func(o *NewOrder) { o.Type, o.Price, o.TimeInForce = MarketOrder, num(""), GTC }), RuleTerms, ""},
		"market, large":         {o: with(good, func(o *NewOrder) { o.Type, o.Price, o.Size = MarketOrder, num(""), num("500") })},
		"market for a cost":     {o: with(good, func(o *NewOrder) { o.Type, o.Price, o.Size, o.QuoteSize = MarketOrder, num(""), num(""), num("5") })},
		"market for too little": {with(good, func(o *NewOrder) { o.Type, o.Price, o.Size, o.QuoteSize = MarketOrder, num(""), num(""), num("4.99") }), RuleMinCost, "5"},
		"limit for a cost":      {with(good, func(o *NewOrder) { o.Size, o.QuoteSize = num(""), num("50") }), RuleTerms, ""},
		"reduce-only on spot":   {with(good, func(o *NewOrder) { o.ReduceOnly = true }), RuleTerms, ""},
		"margin on spot":        {with(good, func(o *NewOrder) { o.Margin = CrossMargin }), RuleTerms, ""},
		"held on spot":          {with(good, func(o *NewOrder) { o.Held = Long }), RuleTerms, ""},
		"client id":             {o: with(good, func(o *NewOrder) { o.ClientID = "mine-1" })},
		"client id too long":    {with(good, func(o *NewOrder) { o.ClientID = strings.Repeat("x", 21) }), RuleClientID, ""},
		"market that is halted": {limitOrder("OLD/USDT", "1", "10"), RuleActive, ""},
		"contracts":             {o: contracts("60000.1", "2")},
		"reduces what is long":  {o: with(contracts("60000.1", "2"), func(o *NewOrder) { o.ReduceOnly, o.Held, o.Side = true, Long, Sell })},
		"reduces what is short": {o: with(contracts("60000.1", "2"), func(o *NewOrder) { o.ReduceOnly, o.Held = true, Short })},
		"reduces by buying":     {with(contracts("60000.1", "2"), func(o *NewOrder) { o.ReduceOnly, o.Held = true, Long }), RuleTerms, ""},
		"reduces by selling":    {with(contracts("60000.1", "2"), func(o *NewOrder) { o.ReduceOnly, o.Held, o.Side = true, Short, Sell }), RuleTerms, ""},
		"half a contract":       {contracts("60000.1", "2.5"), RuleStep, "2"},
		"one contract":          {contracts("60000.1", "1"), RuleMinSize, "2"},
		"base units":            {o: limitOrder("BTC/USDT:USDT", "60000.1", "0.05")},
		"base units, uneven":    {limitOrder("BTC/USDT:USDT", "60000.1", "0.056"), RuleContracts, "0.06"},
		"base units, too few":   {limitOrder("BTC/USDT:USDT", "60000.1", "0.01"), RuleMinSize, "0.02"},
		"inverse base units":    {limitOrder("BTC/USD:BTC", "60000.1", "0.05"), RuleContracts, ""},
		"inverse contracts":     {o: with(limitOrder("BTC/USD:BTC", "60000.1", ""), func(o *NewOrder) { o.Contracts = num("3") })},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				c := d.client(Options{})
				defer c.Close()
				placed, err := c.CreateOrder(t.Context(), tt.o)
				if tt.rule == "" {
					if err != nil || placed.ID == "" {
						t.Errorf("a good order: %+v, %v", placed, err)
					}
					return
				}
				var told *OrderError
				var broken *InvalidOrder
				if !errors.Is(err, ErrInvalidOrder) || !errors.As(err, &told) || told.Outcome != NotPlaced || !errors.As(err, &broken) || broken.Rule != tt.rule {
					t.Fatalf("got %v, want %s", err, tt.rule)
				}
				if !broken.Nearest.Equal(num(tt.nearest)) {
					t.Errorf("nearest %s, want %s: %v", broken.Nearest, tt.nearest, err)
				}
				if len(d.news()) != 0 {
					t.Error("the venue was asked")
				}
				if broken.Nearest.Absent() {
					return
				}
				o := tt.o // what is said to keep the rule does
				switch {
				case strings.Contains(string(tt.rule), "price") || tt.rule == RuleTick:
					o.Price = broken.Nearest
				case !o.Contracts.Absent():
					o.Contracts = broken.Nearest
				case !o.QuoteSize.Absent():
					o.QuoteSize = broken.Nearest
				default:
					o.Size = broken.Nearest
				}
				if _, err := c.CreateOrder(t.Context(), o); errors.As(err, &broken) && broken.Rule == tt.rule {
					t.Errorf("what is nearest: %v", err)
				}
			})
		})
	}
}

// multiple agrees with the slow way, whatever the forms of the numbers.
func FuzzMultiple(f *testing.F) {
	for _, s := range [][2]string{{"1.5", "0.5"}, {"0.30000000", "0.1"}, {"1E+3", "7"}, {"18446744073709551615", "0.00000001"}, {"60000.013", "0.01"}, {"1E-30", "1E-31"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		v, err := decimal.ParseString(a)
		step, wrong := decimal.ParseString(b)
		if err != nil || wrong != nil || v.Sign() <= 0 || step.Sign() <= 0 || !v.Exact() || !step.Exact() {
			return
		}
		q := v.Quo(step)
		if !q.Exact() && q.Round(0).Mul(step).Equal(v) {
			return // beyond 28 digits
		}
		if got, want := multiple(v, step), q.Exact() && q.Trunc(0).Equal(q); got != want && q.Abs().Cmp(num("1E+27")) < 0 {
			t.Errorf("%s of %s: %v", v, step, got)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	d := &desk{}
	v := d.venue()
	m, t := &v.Families[0].Listed[0], &v.Families[0].Trade
	o := limitOrder("BTC/USDT", "60000.01", "0.1")
	o.ClientID = "mine-1"
	b.ReportAllocs()
	for b.Loop() {
		if _, broken := instruct(m, t, &o); broken != nil {
			b.Fatal(broken)
		}
	}
}
