package exchanges_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
)

var update = flag.Bool("update", false, "write the table of what each venue offers into the README")

const (
	readme = "../README.md"
	begins = "<!-- offers: made by `go generate ./exchanges` -->\n"
	ends   = "<!-- offers end -->"
)

// The README's table is made from the venues' own tables.
func TestREADMESaysWhatIsOffered(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begins)
	old, after, also := strings.Cut(rest, ends)
	if !ok || !also {
		t.Fatal("the README has no place for the table")
	}
	now := table(t)
	if *update {
		if err := os.WriteFile(readme, []byte(before+begins+now+ends+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != now {
		t.Errorf("the README's table is old: run go generate ./exchanges\ngot\n%s\nwant\n%s", old, now)
	}
}

func table(t *testing.T) string {
	t.Helper()
	offers := map[string]map[string][]string{} // method, venue, families
	var all []string
	for _, name := range exchanges.Names() {
		c, err := exchanges.Open(name, exchange.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range c.Families() {
			for _, method := range c.OffersOf(family) {
				if offers[method] == nil {
					offers[method] = map[string][]string{}
					all = append(all, method)
				}
				offers[method][name] = append(offers[method][name], family)
			}
		}
		c.Close()
	}
	slices.Sort(all)
	var b strings.Builder
	fmt.Fprintf(&b, "| | %s |\n|---|%s\n", strings.Join(exchanges.Names(), " | "), strings.Repeat("---|", len(exchanges.Names())))
	for _, method := range all {
		fmt.Fprintf(&b, "| `%s` |", method)
		for _, name := range exchanges.Names() {
			fmt.Fprintf(&b, " %s |", strings.Join(offers[method][name], ", "))
		}
		b.WriteString("\n")
	}
	return b.String()
}
