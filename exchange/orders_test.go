package exchange

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCancelAllOrders(t *testing.T) {
	for name, tt := range map[string]struct {
		begin   func(d *desk, c *Client)
		symbols []string
		fault   script
		outcome Outcome
		left    []string // client ids that stay open
		named   int      // orders that are returned
		asked   string   // how
	}{
		"a market":           {symbols: []string{"BTC/USDT"}, left: []string{"c", "d"}, named: 2, asked: "cancelall"},
		"two markets":        {symbols: []string{"BTC/USDT", "BTC/USDT:USDT", "BTC/USDT"}, named: 4, asked: "cancelall cancelall"},
		"none is open":       {symbols: []string{"BTC/USD:BTC"}, left: []string{"a", "b", "c", "d"}, asked: "cancelall"},
		"whole":              {begin: func(_ *desk, c *Client) { c.venue.Families[0].Trade.CancelAll.Whole = true }, named: 4, asked: "cancelall"},
		"all, one by one":    {begin: lacking(0), named: 4, asked: "cancel cancel cancel cancel open"},
		"all, listed":        {named: 4, asked: "cancelall cancelall open"},
		"one by one":         {begin: lacking(0), symbols: []string{"BTC/USDT"}, left: []string{"c", "d"}, named: 2, asked: "cancel cancel open"},
		"one by one, acks":   {begin: func(d *desk, c *Client) { lacking(0)(d, c); d.acks = true }, symbols: []string{"BTC/USDT"}, left: []string{"c", "d"}, named: 2, asked: "cancel cancel open order order"},
		"one fails at first": {begin: lacking(0), symbols: []string{"BTC/USDT"}, fault: once("cancel", fault{}), left: []string{"c", "d"}, named: 2},
		"answer lost":        {symbols: []string{"BTC/USDT"}, fault: once("cancelall", fault{heard: true}), left: []string{"c", "d"}, asked: "cancelall open"},
		"lost on the way":    {symbols: []string{"BTC/USDT"}, fault: once("cancelall", fault{}), left: []string{"c", "d"}, named: 2, asked: "cancel cancel open"},
		"refused":            {symbols: []string{"BTC/USDT"}, fault: once("cancelall", fault{code: "perm"}), outcome: NotDone, left: []string{"a", "b", "c", "d"}},
		"says there is none": {symbols: []string{"BTC/USDT"}, fault: once("cancelall", fault{code: "gone"}), left: []string{"a", "b", "c", "d"}},
		"one never":          {begin: lacking(0), symbols: []string{"BTC/USDT"}, fault: always("cancel", fault{}), outcome: Unknown, left: []string{"a", "b", "c", "d"}},
		"cannot be listed":   {begin: lacking(0), symbols: []string{"BTC/USDT"}, fault: always("open", fault{code: "perm"}), outcome: NotDone, left: []string{"a", "b", "c", "d"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				c := d.client(Options{})
				defer c.Close()
				for id, o := range map[string]NewOrder{"a": want, "b": want, "c": contracts("60000", "2"), "d": contracts("60000", "2")} {
					o.ClientID = id
					if _, err := c.CreateOrder(t.Context(), o); err != nil {
						t.Fatal(err)
					}
				}
				if tt.begin != nil {
					tt.begin(d, c)
				}
				d.set(func() { d.fault, d.asked = tt.fault.begin(), nil })
				gone, err := c.CancelAllOrders(t.Context(), tt.symbols...)
				asked := d.news()
				var told *OrderError
				if (tt.outcome == "") != (err == nil) || err != nil && (!errors.As(err, &told) || told.Outcome != tt.outcome) {
					t.Errorf("got %v, want %q", err, tt.outcome)
				}
				if len(gone) != tt.named || slices.ContainsFunc(gone, func(o Order) bool { return o.ID == "" || o.Status != OrderCanceled }) {
					t.Errorf("%d orders are named, want %d: %+v", len(gone), tt.named, gone)
				}
				var left []string
				for _, o := range d.placed() {
					if o.Status == "open" {
						left = append(left, o.Client)
					}
				}
				if slices.Sort(left); !slices.Equal(left, tt.left) {
					t.Errorf("%q are left, want %q", left, tt.left)
				}
				slices.Sort(asked) // they go beside each other
				if how := strings.Join(asked, " "); tt.asked != "" && how != tt.asked {
					t.Errorf("asked %s, want %s", how, tt.asked)
				}
			})
		})
	}
}

// lacking is a venue that cannot cancel all orders.
func lacking(batch int) func(*desk, *Client) {
	return func(_ *desk, c *Client) {
		c.venue.Families[0].Trade.CancelAll, c.venue.Families[0].Trade.Cancel.Batch = Action{}, batch
	}
}

// An order that comes while all others are cancelled stays.
func TestCancelAllSparesNewOrders(t *testing.T) {
	inBubble(t, func(t *testing.T, d *desk) {
		c := d.client(Options{})
		defer c.Close()
		if _, err := c.CreateOrder(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		d.set(func() { d.fault = once("cancelall", fault{heard: true, mute: true})() })
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := c.CancelAllOrders(t.Context(), "BTC/USDT"); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(5 * time.Second)
		if _, err := c.CreateOrder(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		if d.placed()[0].Status != "canceled" || d.placed()[1].Status != "open" {
			t.Errorf("%+v, %+v", d.placed()[0], d.placed()[1])
		}
	})
}

func TestEditOrder(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   script
		change  NewOrder
		begin   func(c *Client)
		outcome Outcome
		kind    error
		price   string
	}{
		"price":                   {change: NewOrder{Symbol: "BTC/USDT", Price: num("59000"), Size: num("0.2")}, price: "59000"},
		"nothing":                 {change: NewOrder{Symbol: "BTC/USDT"}, outcome: NotDone, kind: ErrInvalidOrder},
		"a price between ticks":   {change: NewOrder{Symbol: "BTC/USDT", Price: num("59000.001")}, outcome: NotDone, kind: ErrInvalidOrder},
		"answer lost":             {fault: once("edit", fault{heard: true}), change: NewOrder{Symbol: "BTC/USDT", Price: num("59000"), Size: num("0.2")}, price: "59000"},
		"lost on the way":         {fault: once("edit", fault{}), change: NewOrder{Symbol: "BTC/USDT", Price: num("59000"), Size: num("0.2")}, outcome: NotDone, kind: ErrNetwork},
		"heard late":              {fault: once("edit", fault{heard: true, late: 3 * time.Second}), change: NewOrder{Symbol: "BTC/USDT", Price: num("59000"), Size: num("0.2")}, price: "59000"},
		"nobody can be asked":     {fault: both(once("edit", fault{heard: true}), always("order", fault{})), change: NewOrder{Symbol: "BTC/USDT", Price: num("59000"), Size: num("0.2")}, outcome: Unknown, kind: ErrNetwork},
		"the venue does not edit": {begin: func(c *Client) { c.venue.Families[0].Trade.Edit = Action{} }, change: NewOrder{Symbol: "BTC/USDT", Price: num("59000")}, outcome: NotDone, kind: ErrNotSupported},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, d *desk) {
				c := d.client(Options{})
				defer c.Close()
				placed, err := c.CreateOrder(t.Context(), want)
				if err != nil {
					t.Fatal(err)
				}
				if tt.begin != nil {
					tt.begin(c)
				}
				d.set(func() { d.fault = tt.fault.begin() })
				o, err := c.EditOrder(t.Context(), Ref{ID: placed.ID}, tt.change)
				var told *OrderError
				if tt.outcome != "" && (!errors.As(err, &told) || told.Outcome != tt.outcome || !errors.Is(err, tt.kind)) {
					t.Errorf("got %v, want %s", err, tt.outcome)
				}
				if tt.outcome == "" && (err != nil || o.Price.String() != tt.price || o.ID != placed.ID) {
					t.Errorf("got %+v, %v", o, err)
				}
				if n := len(d.placed()); n != 1 {
					t.Errorf("%d orders", n)
				}
			})
		})
	}
}
