package exchanges_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
)

func ExampleOpen() {
	c, err := exchanges.Open("okx", exchange.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.Venue())
	// Output: okx
}

func ExampleNames() {
	fmt.Println(exchanges.Names())
	// Output: [alltick backpack binance huobi okx]
}

func TestOpenEveryName(t *testing.T) {
	names := exchanges.Names()
	if !slices.IsSorted(names) {
		t.Errorf("Names() = %v, want them sorted", names)
	}
	for _, name := range names {
		c, err := exchanges.Open(name, exchange.Options{})
		if err != nil {
			t.Fatalf("Open(%q): %v", name, err)
		}
		if c.Venue() != name {
			t.Errorf("Open(%q).Venue() = %q", name, c.Venue())
		}
		if err := c.Close(); err != nil {
			t.Errorf("Close of %s: %v", name, err)
		}
	}
}

func TestOpenUnknown(t *testing.T) {
	for _, name := range []string{"", "mtgox", "OKX", "okx "} {
		c, err := exchanges.Open(name, exchange.Options{})
		if c != nil || !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("Open(%q) = %v, %v, want ErrBadRequest", name, c, err)
			continue
		}
		for _, known := range exchanges.Names() {
			if !strings.Contains(err.Error(), known) {
				t.Errorf("Open(%q): %q does not name %s", name, err, known)
			}
		}
	}
}
