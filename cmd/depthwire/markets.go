package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
)

// listing is one run of the command markets.
type listing struct {
	*app
	connection
	base, quote, kind string
	active            bool
	activeSet         bool
}

func (a *app) marketsCommand() *cobra.Command {
	l := &listing{app: a, connection: connection{app: a}}
	c := &cobra.Command{
		Use:   "markets VENUE [SEARCH]",
		Short: "The markets of a venue: symbols, steps of price and size, contracts",
		Long: "The markets of a venue, by symbol. SEARCH is a part of the symbol or of the venue's own id; capitals and\n" +
			"separators do not count. STEP and MIN are in the unit of the order book: contracts where CONTRACT says how\n" +
			"much one is, else base units.",
		Example: "  depthwire markets binance btcusdt\n" +
			"  depthwire markets okx --quote USDT --kind swap --active\n" +
			"  depthwire markets huobi --simulated --json",
		Args:              argumentsBetween(1, 2, "name one venue, and perhaps what to search for"),
		ValidArgsFunction: l.completions,
		RunE: func(c *cobra.Command, args []string) error {
			l.activeSet = c.Flags().Changed("active")
			return l.run(c.Context(), args)
		},
	}
	f := c.Flags()
	f.StringVar(&l.base, "base", "", "only this base `currency`")
	f.StringVar(&l.quote, "quote", "", "only this quote `currency`")
	f.StringVar(&l.kind, "kind", "", "only this `kind`: spot, swap, future or option")
	f.BoolVar(&l.active, "active", false, "only what trades now; --active=false: only what does not")
	complete(c, "base")
	complete(c, "quote")
	complete(c, "kind", marketKinds...)
	l.connection.flags(c)
	return c
}

var marketKinds = []string{string(exchange.Spot), string(exchange.Swap), string(exchange.Future), string(exchange.Option)}

// argumentsBetween checks how many arguments there are.
func argumentsBetween(least, most int, say string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usageError(say)
		}
		return nil
	}
}

func (l *listing) run(ctx context.Context, args []string) error {
	venue := args[0]
	if err := checkVenue(venue); err != nil {
		return err
	}
	if l.kind != "" && !slices.Contains(marketKinds, l.kind) {
		return usagef("--kind: %s", unknown("kind", l.kind, marketKinds))
	}
	if err := l.check(args[:1]); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer l.close()
	defer cancel()
	client, err := l.open(ctx, venue, args[:1], l.err)
	if err != nil {
		return err
	}
	markets, failure := l.markets(ctx, client)
	search := ""
	if len(args) > 1 {
		search = letters(args[1])
	}
	found := slices.DeleteFunc(slices.Clone(markets), func(m exchange.Market) bool { return !l.wants(&m, search) })
	slices.SortStableFunc(found, func(a, b exchange.Market) int {
		return cmp.Or(strings.Compare(a.Symbol, b.Symbol), strings.Compare(a.ID, b.ID))
	})
	if err := l.print(venue, found); err != nil || failure != nil {
		return cmp.Or(err, failure)
	}
	if len(found) == 0 {
		return fmt.Errorf("%s: none of %d markets fits%s", venue, len(markets), l.meant(args[1:], markets))
	}
	return nil
}

// meant suggests symbols for a search that found nothing.
func (l *listing) meant(search []string, markets []exchange.Market) string {
	if len(search) == 0 {
		return ""
	}
	near := nearest(search[0], marketNames(markets))
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// wants reports whether a market is among those asked for.
func (l *listing) wants(m *exchange.Market, search string) bool {
	return (l.base == "" || strings.EqualFold(m.Base, l.base)) &&
		(l.quote == "" || strings.EqualFold(m.Quote, l.quote)) &&
		(l.kind == "" || string(m.Kind) == l.kind) &&
		(!l.activeSet || m.Active == l.active) &&
		(strings.Contains(letters(m.Symbol), search) || strings.Contains(letters(m.ID), search))
}

func (l *listing) print(venue string, markets []exchange.Market) error {
	if l.json {
		out := json.NewEncoder(l.out)
		out.SetEscapeHTML(false)
		for i := range markets {
			if err := out.Encode(recordMarket(venue, &markets[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if len(markets) == 0 {
		return nil
	}
	t := newTable(l.palette(), column{title: "SYMBOL"}, column{title: "ID", spare: 2}, column{title: "KIND", spare: 4}, column{title: "TICK", align: point},
		column{title: "STEP", align: point}, column{title: "MIN", align: point, spare: 3}, column{title: "CONTRACT", align: right, spare: 1},
		column{title: "EXPIRY", spare: 5}, column{title: "STATUS"})
	var rows [][]cell
	for i := range markets {
		rows = append(rows, marketRow(&markets[i]))
	}
	return t.print(l.out, rows, l.width())
}

func marketRow(m *exchange.Market) []cell {
	contract, expiry := "", ""
	if !m.Contract.Absent() {
		unit := m.Base
		if m.Inverse {
			unit = m.Quote
		}
		contract = m.Contract.String() + " " + unit
	}
	if !m.Expiry.IsZero() {
		expiry = m.Expiry.UTC().Format("2006-01-02 15:04")
	}
	r := row(m.Symbol, m.ID, string(m.Kind), m.TickSize.String(), m.StepSize.String(), m.MinSize.String(), contract, expiry)
	if m.Active {
		return append(r, cell{"active", good})
	}
	return append(r, cell{cmp.Or(m.Status, "inactive"), bad})
}

// marketRecord is a market as JSON.
type marketRecord struct {
	Venue    string          `json:"venue"`
	Symbol   string          `json:"symbol"`
	ID       string          `json:"id"`
	Family   string          `json:"family"`
	Kind     string          `json:"kind"`
	Base     string          `json:"base"`
	Quote    string          `json:"quote"`
	Settle   string          `json:"settle"`
	Active   bool            `json:"active"`
	Status   string          `json:"status"`
	Inverse  bool            `json:"inverse"`
	Contract decimal.Decimal `json:"contract"`
	Tick     decimal.Decimal `json:"tickSize"`
	Step     decimal.Decimal `json:"stepSize"`
	MinSize  decimal.Decimal `json:"minSize"`
	MaxSize  decimal.Decimal `json:"maxSize"`
	MinPrice decimal.Decimal `json:"minPrice"`
	MaxPrice decimal.Decimal `json:"maxPrice"`
	MinCost  decimal.Decimal `json:"minCost"`
	MaxCost  decimal.Decimal `json:"maxCost"`
	Listed   *time.Time      `json:"listed"`
	Expiry   *time.Time      `json:"expiry"`
}

func recordMarket(venue string, m *exchange.Market) marketRecord {
	return marketRecord{
		Venue: venue, Symbol: m.Symbol, ID: m.ID, Family: m.Family, Kind: string(m.Kind),
		Base: m.Base, Quote: m.Quote, Settle: m.Settle, Active: m.Active, Status: m.Status, Inverse: m.Inverse,
		Contract: m.Contract, Tick: m.TickSize, Step: m.StepSize, MinSize: m.MinSize, MaxSize: m.MaxSize,
		MinPrice: m.MinPrice, MaxPrice: m.MaxPrice, MinCost: m.MinCost, MaxCost: m.MaxCost,
		Listed: moment(m.Listed), Expiry: moment(m.Expiry),
	}
}

func marketNames(markets []exchange.Market) []string {
	var all []string
	for _, m := range markets {
		all = append(all, m.Symbol)
	}
	return all
}

// completions offers the venues, then the venue's symbols.
func (l *listing) completions(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return exchanges.Names(), cobra.ShellCompDirectiveNoFileComp
	case 1:
		return l.symbols(c.Context(), args), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// patience is how long somebody who pressed Tab is let wait.
const patience = 2 * time.Second

// symbols returns the symbols of venues, as many as there are in a short time.
func (c *connection) symbols(ctx context.Context, venues []string) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer c.close()
	defer cancel()
	var all []string
	for _, v := range venues {
		if checkVenue(v) != nil {
			continue
		}
		client, err := c.open(ctx, v, venues, c.app.err)
		if err != nil {
			continue
		}
		markets, _ := c.markets(ctx, client) // completion is an offer: there is nobody to tell
		all = append(all, marketNames(markets)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
