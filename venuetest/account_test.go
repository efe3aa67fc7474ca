package venuetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/depthwire/depthwire/decimal"
)

var dec = decimal.MustParse

const secret = "hmac-s3cret-of-tests"

// trade makes an account that can trade everything.
func tradingAccount(s *Server, key string) *Account {
	return s.NewAccount(AccountOptions{Key: key, Secret: secret, Balances: map[string]string{
		"USDT": "1000000", "USDC": "1000000", "USD": "1000000", "BTC": "10", "ETH": "100", "SHIB": "100000000", "DOGE": "100000",
	}})
}

func TestOrdersFillAgainstTheBook(t *testing.T) {
	s := Binance(Options{Seed: 4, Memory: true})
	defer s.Close()
	a := tradingAccount(s, "k")
	book, _ := s.Book("BTC/USDT", s.Last("BTC/USDT"))
	ask, second, bid := book.Asks[0], book.Asks[1], book.Bids[0]
	size := decimal.New(ask.Size+1, book.SizeScale) // one step of the second level
	o, err := a.Place(Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", TimeInForce: "IOC", Price: dec(book.Price(second)), Size: size})
	if err != nil || o.Status != Filled || o.Fills != 2 || !o.Filled.Equal(size) {
		t.Fatalf("%+v, %v: want all of it filled at two prices", o, err)
	}
	fs := a.Fills()
	if got, want := fmt.Sprint(fs[0].Price, " ", fs[1].Price, " ", fs[1].Size), fmt.Sprint(decimal.New(ask.Price, 2), " ", decimal.New(second.Price, 2), " ", "0.00001"); got != want {
		t.Errorf("fills %s, want %s", got, want)
	}
	if want := fs[0].Cost.Add(fs[1].Cost); !o.Cost.Equal(want) || fs[0].Maker || !fs[0].Fee.Equal(fs[0].Size.Mul(dec("0.001")).Trunc(8)) || fs[0].FeeUnit != "BTC" {
		t.Errorf("cost %v, want %v; fill %+v", o.Cost, want, fs[0])
	}
	o, err = a.Place(Order{Symbol: "BTC/USDT", Side: "sell", Type: "limit", TimeInForce: "FOK", Price: dec(book.Price(bid)), Size: decimal.New(bid.Size+1, book.SizeScale)})
	if err != nil || o.Status != Expired || o.Why != Unfillable || o.Fills != 0 {
		t.Errorf("FOK %+v, %v", o, err)
	}
	_, err = a.Place(Order{Symbol: "BTC/USDT", Side: "sell", Type: "limit", PostOnly: true, Price: dec(book.Price(bid)), Size: dec("0.001")})
	if !errors.Is(err, WouldTake) {
		t.Errorf("post-only: %v", err)
	}
	o, err = a.Place(Order{Symbol: "BTC/USDT", Side: "buy", Type: "market", QuoteSize: dec("100")})
	if err != nil || o.Status != Filled || o.Cost.Cmp(dec("100")) > 0 || o.Cost.Cmp(dec("99")) < 0 {
		t.Errorf("market by cost: %+v, %v", o, err)
	}
}

func TestRestingOrdersFillAsTheMarketMoves(t *testing.T) {
	s := Binance(Options{Seed: 9, Memory: true})
	defer s.Close()
	a := tradingAccount(s, "k")
	for i := range 40 {
		book, _ := s.Book("BTC/USDT:USDT", s.Last("BTC/USDT:USDT"))
		side, l := "buy", book.Bids[0]
		if i%2 == 0 {
			side, l = "sell", book.Asks[0]
		}
		if _, err := a.Place(Order{Symbol: "BTC/USDT:USDT", Side: side, Type: "limit", Price: dec(book.Price(l)), Size: dec("0.02")}); err != nil {
			t.Fatal(err)
		}
		s.Step(20, "BTC/USDT:USDT")
		notThrough(t, s, a)
	}
	parts := 0
	for _, o := range a.Orders() {
		if o.Fills > 1 {
			parts++
		}
	}
	if fs := a.Fills(); len(fs) < 40 || parts < 5 {
		t.Errorf("%d fills, %d orders in several parts: too few", len(fs), parts)
	}
	for _, f := range a.Fills() {
		if !f.Maker {
			t.Errorf("%+v: taken by an order that rested", f)
		}
	}
}

// notThrough fails when an order rests that the book would trade with.
func notThrough(t *testing.T, s *Server, a *Account) {
	t.Helper()
	for _, o := range a.OpenOrders() {
		book, _ := s.Book(o.Symbol, s.Last(o.Symbol))
		if o.Side == "buy" && dec(book.Price(book.Asks[0])).Cmp(o.Price) <= 0 || o.Side == "sell" && dec(book.Price(book.Bids[0])).Cmp(o.Price) >= 0 {
			t.Errorf("%s at %v rests through the book", o.Side, o.Price)
		}
	}
}

// What an account has is what it had, and what its fills and transactions say, to the last digit.
func TestBalancesAreTheSumOfFills(t *testing.T) {
	venues := []func(Options) *Server{Binance, OKX, Huobi, Backpack}
	for seed := range uint64(40) {
		s := venues[seed%4](Options{Seed: seed, Memory: true, Depth: 200})
		a := tradingAccount(s, "k")
		had := a.Balances()
		for i := range 10 {
			a.Trade(seed*10+uint64(i), 20)
			s.Step(5)
		}
		sums := make(map[string]decimal.Decimal)
		add := func(wallet, asset string, v decimal.Decimal) {
			if was, ok := sums[wallet+"/"+asset]; ok {
				v = was.Add(v)
			}
			sums[wallet+"/"+asset] = v
		}
		for _, b := range had {
			add(b.Wallet, b.Asset, b.Total)
		}
		ofOrder := make(map[int64]decimal.Decimal)
		for _, f := range a.Fills() {
			if was, ok := ofOrder[f.OrderID]; ok {
				ofOrder[f.OrderID] = was.Add(f.Size)
			} else {
				ofOrder[f.OrderID] = f.Size
			}
			m := s.find(f.Symbol)
			wallet := s.rules.wallet(m)
			add(wallet, f.FeeUnit, f.Fee.Neg())
			switch {
			case m.Settle != "":
				add(wallet, m.Settle, f.Profit)
			case f.Side == "buy":
				add(wallet, m.Base, f.Size)
				add(wallet, m.Quote, f.Size.Mul(f.Price).Neg())
			default:
				add(wallet, m.Base, f.Size.Neg())
				add(wallet, m.Quote, f.Size.Mul(f.Price))
			}
		}
		for _, x := range a.Transactions() {
			switch {
			case x.Withdrawal && x.Status != Failed:
				add(x.Wallet, x.Asset, x.Amount.Add(x.Fee).Neg())
			case !x.Withdrawal && x.Status == Completed:
				add(x.Wallet, x.Asset, x.Amount)
			}
		}
		for _, b := range a.Balances() {
			want, ok := sums[b.Wallet+"/"+b.Asset]
			if !ok {
				want = dec("0")
			}
			if !b.Total.Equal(want) || !b.Free.Add(b.Used).Equal(b.Total) {
				t.Errorf("seed %d: %+v, want a total of %v", seed, b, want)
			}
		}
		checkOrders(t, seed, a, ofOrder)
		checkPositions(t, seed, a)
		checkEvents(t, seed, a)
		checkHolds(t, seed, s, a)
		if len(a.Fills()) < 20 {
			t.Errorf("seed %d: %d fills", seed, len(a.Fills()))
		}
		s.Close()
	}
}

func checkOrders(t *testing.T, seed uint64, a *Account, filled map[int64]decimal.Decimal) {
	t.Helper()
	last := int64(0)
	for _, o := range a.Orders() {
		got, ok := filled[o.ID]
		if !ok {
			got = dec("0")
		}
		full := !o.Size.Absent() && o.Filled.Equal(o.Size)
		if !o.Filled.Equal(got) || !o.Size.Absent() && o.Filled.Cmp(o.Size) > 0 || (o.Status == Filled) != full || o.ID <= last {
			t.Errorf("seed %d: %+v, whose fills are %v", seed, o, got)
		}
		last = o.ID
	}
	for i, f := range a.Fills() {
		if f.Seq != int64(i)+1 {
			t.Errorf("seed %d: fill %d has the number %d", seed, i, f.Seq)
		}
	}
	for i, e := range a.Events(0) {
		if e.Seq != int64(i)+1 {
			t.Fatalf("seed %d: event %d has the number %d", seed, i, e.Seq)
		}
	}
}

// checkEvents fails when who has heard every event does not know what the account knows.
func checkEvents(t *testing.T, seed uint64, a *Account) {
	t.Helper()
	orders, balances, sizes := make(map[int64]Order), make(map[string]Balance), make(map[string]decimal.Decimal)
	var fills []Fill
	for _, e := range a.Events(0) {
		if e.Order.ID != 0 {
			orders[e.Order.ID] = e.Order
		}
		if e.Kind == OrderFilled {
			fills = append(fills, e.Fill)
		}
		for _, b := range e.Balances {
			balances[b.Wallet+b.Asset] = b
		}
		if e.Kind == PositionChanged {
			sizes[e.Position.Symbol] = e.Position.Size
		}
	}
	for _, o := range a.Orders() {
		if orders[o.ID] != o {
			t.Errorf("seed %d: events say %+v\nof %+v", seed, orders[o.ID], o)
		}
	}
	if !slices.Equal(fills, a.Fills()) {
		t.Errorf("seed %d: events tell %d fills of %d", seed, len(fills), len(a.Fills()))
	}
	for _, b := range a.Balances() {
		if told, ok := balances[b.Wallet+b.Asset]; ok && (!told.Free.Equal(b.Free) || !told.Total.Equal(b.Total)) {
			t.Errorf("seed %d: events say %+v of %+v", seed, told, b)
		}
	}
	for _, p := range a.Positions() {
		if !sizes[p.Symbol].Equal(p.Size) {
			t.Errorf("seed %d: events say %v of %+v", seed, sizes[p.Symbol], p)
		}
	}
}

// checkPositions fails when positions are not the sum of fills.
func checkPositions(t *testing.T, seed uint64, a *Account) {
	t.Helper()
	sums := make(map[string]decimal.Decimal)
	for _, f := range a.Fills() {
		size := f.Size
		if f.Side == "sell" {
			size = size.Neg()
		}
		if was, ok := sums[f.Symbol]; ok {
			size = was.Add(size)
		}
		sums[f.Symbol] = size
	}
	for _, p := range a.Positions() {
		if !p.Size.Equal(sums[p.Symbol]) || p.Size.IsZero() {
			t.Errorf("seed %d: %+v, want the size %v", seed, p, sums[p.Symbol])
		}
	}
}

// checkHolds fails when what is held is not what open orders and positions need.
func checkHolds(t *testing.T, seed uint64, s *Server, a *Account) {
	t.Helper()
	held := make(map[string]decimal.Decimal)
	add := func(key string, v decimal.Decimal) {
		if was, ok := held[key]; ok {
			v = was.Add(v)
		}
		held[key] = v
	}
	for _, o := range a.OpenOrders() {
		m, left := s.find(o.Symbol), o.Size.Sub(o.Filled)
		wallet := s.rules.wallet(m) + "/"
		switch {
		case m.Settle != "" && !o.ReduceOnly:
			value := left.Mul(decimal.New(m.contract, m.cscale))
			if m.Family == "inverse" {
				value = value.Quo(o.Price).Trunc(12)
			} else {
				value = value.Mul(o.Price)
			}
			add(wallet+m.Settle, a.margin(value))
		case m.Settle != "":
		case o.Side == "buy":
			add(wallet+m.Quote, o.Price.Mul(left))
		default:
			add(wallet+m.Base, left)
		}
	}
	for _, p := range a.Positions() {
		add(s.rules.wallet(s.find(p.Symbol))+"/"+p.Settle, p.Margin)
	}
	for _, b := range a.Balances() {
		want, ok := held[b.Wallet+"/"+b.Asset]
		if !ok {
			want = dec("0")
		}
		if !b.Used.Equal(want) {
			t.Errorf("seed %d: %+v, want %v held", seed, b, want)
		}
	}
}

func TestSameSeedSameAccount(t *testing.T) {
	var was string
	for range 2 {
		s := OKX(Options{Seed: 5, Memory: true, Depth: 200})
		a := tradingAccount(s, "k")
		a.Trade(7, 200)
		var now string
		for _, f := range a.Fills() {
			now += fmt.Sprint(f.ID, f.OrderID, f.Price, f.Size, f.Fee, f.Profit, ";")
		}
		now += fmt.Sprint(a.Balances())
		if was != "" && now != was {
			t.Fatalf("got %s, want %s", now, was)
		}
		was = now
		s.Close()
	}
}

func TestPositions(t *testing.T) {
	for _, tc := range []struct {
		name, symbol string
		open         func(o Options) *Server
		trades       []string // side, size, price
		entry, size  string
		profit       string
	}{
		{"two buys", "BTC/USDT:USDT", Binance, []string{"buy 0.1 60000", "buy 0.3 61000"}, "60750", "0.4", "0"},
		{"part of a long", "BTC/USDT:USDT", Binance, []string{"buy 0.2 60000", "sell 0.1 61000"}, "60000", "0.1", "100"},
		{"turned round", "BTC/USDT:USDT", Binance, []string{"sell 0.2 60000", "buy 0.3 59000"}, "59000", "0.1", "200"},
		{"closed", "BTC/USDT:USDT", Binance, []string{"sell 0.2 60000", "buy 0.2 61000"}, "", "", "-200"},
		{"contracts", "BTC/USDT:USDT", OKX, []string{"buy 10 60000", "sell 4 60500"}, "60000", "6", "20"},
		{"inverse", "BTC/USD:BTC", OKX, []string{"buy 10 50000", "sell 10 62500"}, "", "", "0.004"},
		{"inverse, two sells", "BTC/USD:BTC", OKX, []string{"sell 10 50000", "sell 10 100000"}, "66666.666666667", "-20", "0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.open(Options{Memory: true, Depth: 50})
			defer s.Close()
			a := tradingAccount(s, "k")
			profit := dec("0")
			for _, text := range tc.trades {
				var side, size, price string
				fmt.Sscan(text, &side, &size, &price)
				a.trade(t, tc.symbol, side, size, price)
			}
			for _, f := range a.Fills() {
				profit = profit.Add(f.Profit)
			}
			if !profit.Equal(dec(tc.profit)) {
				t.Errorf("profit %v, want %s", profit, tc.profit)
			}
			ps := a.Positions()
			if tc.size == "" {
				if len(ps) > 0 {
					t.Errorf("positions %+v, want none", ps)
				}
				return
			}
			if len(ps) != 1 || !ps[0].Size.Equal(dec(tc.size)) || !ps[0].Entry.Equal(dec(tc.entry)) {
				t.Errorf("positions %+v, want %s at %s", ps, tc.size, tc.entry)
			}
		})
	}
}

// trade makes one fill at a price, whatever the book is.
func (a *Account) trade(t *testing.T, symbol, side, size, price string) {
	t.Helper()
	s := a.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.find(symbol)
	o := &shadow{Order: Order{Symbol: symbol, Side: side, Type: "limit", TimeInForce: "GTC", Price: dec(price), Size: dec(size),
		Filled: dec("0"), Base: dec("0"), Cost: dec("0"), Fee: dec("0")}, a: a, m: m, held: dec("0")}
	o.px, _ = mantissa(o.Price, m.pscale)
	o.sz, _ = mantissa(o.Size, m.sscale)
	a.accept(o, Open)
	o.reserve()
	a.fill(o, o.px, o.sz, true)
}

func TestRefusedOrders(t *testing.T) {
	s := Binance(Options{Memory: true, Depth: 50})
	defer s.Close()
	a := s.NewAccount(AccountOptions{Key: "k", Secret: secret, Balances: map[string]string{"spot/USDT": "100"}})
	good := Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: dec("50000"), Size: dec("0.001"), ClientID: "one"}
	if _, err := a.Place(good); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		bend func(o *Order)
		want Refused
	}{
		"market":    {func(o *Order) { o.Symbol = "X/Y" }, NoMarket},
		"closed":    {func(o *Order) { o.Symbol = "LUNA/USDT" }, MarketClosed},
		"tick":      {func(o *Order) { o.Price = dec("50000.001") }, BadPrice},
		"step":      {func(o *Order) { o.Size = dec("0.000001") }, BadSize},
		"zero":      {func(o *Order) { o.Size = dec("0") }, BadSize},
		"no price":  {func(o *Order) { o.Price = decimal.Decimal{} }, BadOrder},
		"funds":     {func(o *Order) { o.Size = dec("0.002") }, NoFunds},
		"nothing":   {func(o *Order) { o.Side = "sell" }, NoFunds},
		"small":     {func(o *Order) { o.Size = dec("0.00002") }, TooSmall},
		"same id":   {func(o *Order) { o.ClientID = "one" }, DuplicateID},
		"no margin": {func(o *Order) { o.Symbol, o.Size = "BTC/USDT:USDT", dec("0.004") }, NoFunds},
		"reducing":  {func(o *Order) { o.Symbol, o.ReduceOnly = "BTC/USDT:USDT", true }, NoPosition},
	} {
		o := good
		o.ClientID = ""
		tc.bend(&o)
		if got, err := a.Place(o); !errors.Is(err, tc.want) {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, tc.want)
		}
	}
	if n := len(a.Orders()); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
}

func TestAmendAndCancel(t *testing.T) {
	s := Binance(Options{Memory: true, Depth: 50})
	defer s.Close()
	a := tradingAccount(s, "k")
	o, err := a.Place(Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: dec("50000"), Size: dec("0.003")})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Fill(o.ID, dec("0.001")); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	x := a.order(o.ID)
	for _, tc := range []struct {
		amendment
		want error
	}{
		{amendment{size: dec("0.003")}, NoChange},
		{amendment{price: dec("50000.001")}, BadPrice},
		{amendment{size: dec("300")}, NoFunds},
		{amendment{size: dec("0.002"), client: "later"}, nil},
		{amendment{size: dec("0.001")}, nil},
		{amendment{size: dec("0.002")}, OrderEnded},
	} {
		if got := a.amend(x, tc.amendment); got != tc.want {
			t.Errorf("%+v: %v, want %v", tc.amendment, got, tc.want)
		}
	}
	s.mu.Unlock()
	if o = a.Orders()[0]; o.Status != Canceled || o.Why != Shrunk || o.ClientID != "later" || !o.Filled.Equal(dec("0.001")) {
		t.Errorf("%+v", o)
	}
	if err := a.Amend(o.ID, dec("51000"), decimal.Decimal{}); err != OrderEnded {
		t.Errorf("amended after its end: %v", err)
	}
	if err := a.Cancel(o.ID); err != OrderEnded {
		t.Errorf("cancelled twice: %v", err)
	}
	var kinds []EventKind
	for _, e := range a.Events(0) {
		kinds = append(kinds, e.Kind)
	}
	want := "[accepted balance filled balance amended balance canceled balance]"
	if fmt.Sprint(kinds) != want {
		t.Errorf("events %v, want %s", kinds, want)
	}
}
