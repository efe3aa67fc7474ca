package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
)

func (a *app) venuesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "venues [VENUE…]",
		Short: "What each venue offers",
		Long: "What each venue offers, as the code has it: F can be fetched, W can be watched, yes can be done. Where not\n" +
			"all families of the venue's markets have it those that do are named.",
		Example:           "  depthwire venues\n  depthwire venues okx --json",
		ValidArgsFunction: completeVenues,
		RunE: func(_ *cobra.Command, names []string) error {
			return a.venues(names)
		},
	}
}

// offer is what one family of a venue's markets offers.
type offer struct {
	Venue   string   `json:"venue"`
	Family  string   `json:"family"`
	Methods []string `json:"methods"`
}

func (a *app) venues(names []string) error {
	if len(names) == 0 {
		names = exchanges.Names()
	}
	var all []offer
	for _, name := range names {
		if err := checkVenue(name); err != nil {
			return err
		}
		c, err := exchanges.Open(name, exchange.Options{})
		if err != nil {
			return err
		}
		for _, f := range c.Families() {
			all = append(all, offer{name, f, c.OffersOf(f)})
		}
		c.Close()
	}
	if !a.json {
		return a.offersTable(names, all)
	}
	for _, o := range all {
		if err := json.NewEncoder(a.out).Encode(o); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) offersTable(names []string, all []offer) error {
	what := make(map[string]bool)
	for _, o := range all {
		for _, m := range o.Methods {
			what[strings.TrimPrefix(strings.TrimPrefix(m, "Fetch"), "Watch")] = true
		}
	}
	columns := []column{{title: "WHAT"}}
	for _, n := range names {
		columns = append(columns, column{title: strings.ToUpper(n)})
	}
	var rows [][]cell
	for _, w := range slices.Sorted(maps.Keys(what)) {
		r := []cell{{text: w}}
		for _, n := range names {
			r = append(r, offered(all, n, w))
		}
		rows = append(rows, r)
	}
	return newTable(a.palette(), columns...).print(a.out, rows, a.width())
}

// offered says how a venue has one kind of data.
func offered(all []offer, venue, what string) cell {
	var fetch, watch, do, families []string
	for _, o := range all {
		if o.Venue != venue {
			continue
		}
		families = append(families, o.Family)
		if slices.Contains(o.Methods, "Fetch"+what) {
			fetch = append(fetch, o.Family)
		}
		if slices.Contains(o.Methods, "Watch"+what) {
			watch = append(watch, o.Family)
		}
		if slices.Contains(o.Methods, what) {
			do = append(do, o.Family)
		}
	}
	where := func(in []string) string {
		if len(in) == len(families) {
			return ""
		}
		return " " + strings.Join(in, " ")
	}
	switch {
	case len(do) > 0:
		return cell{text: "yes" + where(do)}
	case len(fetch) == 0 && len(watch) == 0:
		return cell{"-", faint}
	case slices.Equal(fetch, watch):
		return cell{text: "FW" + where(fetch)}
	case len(watch) == 0:
		return cell{text: "F" + where(fetch)}
	case len(fetch) == 0:
		return cell{text: "W" + where(watch)}
	}
	return cell{text: "F" + where(fetch) + ", W" + where(watch)}
}

func checkVenue(name string) error {
	if !slices.Contains(exchanges.Names(), name) {
		return usageError(unknown("venue", name, exchanges.Names()))
	}
	return nil
}

// completeVenues offers the venues that are not on the line yet.
func completeVenues(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return without(exchanges.Names(), args), cobra.ShellCompDirectiveNoFileComp
}

func without(all, some []string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return slices.Contains(some, s) })
}

// width returns how wide the terminal is, 0 when the output is none.
func (a *app) width() int {
	if size, ok := a.terminal(); ok {
		if w, _, err := size(); err == nil {
			return w
		}
	}
	return 0
}
