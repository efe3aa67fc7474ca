package exchangetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// Harness is what Run needs to know of a venue. What the venue cannot do by its protocol is said
// here with the reason, and Run sees that it is true: other behaviour is then expected, none is left untested.
type Harness struct {
	New     func(exchange.Options) *exchange.Client   // the venue's constructor
	Venue   *exchange.Venue                           // that it makes clients of
	Serve   func(venuetest.Options) *venuetest.Server // the simulated venue
	Markets []venuetest.Market                        // of the simulated venue: all of Symbols at least
	Symbols map[string][]string                       // by family, two or more that trade
	Options exchange.Options                          // of every client: a token, a plan
	Page    string                                    // the file that lists what the venue must offer
	Ban     venuetest.Fault                           // how the venue bans an address; zero: by status 418

	// Whole is why a lost message does no harm to a book: each is the whole one. It must be empty
	// where the venue has a channel of deltas.
	Whole string
	// Shallow is why a book may have fewer levels than were asked for and than there are.
	Shallow string
	// Unsized are the symbols of which the venue tells neither sizes nor the taker's side, and why.
	Unsized map[string]string
	// Without is why no symbol of a family has a kind that the family offers for others, by
	// "family Method". Each such call must answer exchange.ErrNotSupported.
	Without map[string]string
}

// Run tests a venue by its simulation: whether it offers what it must, and for each method that it offers
// whether values, several symbols, the end of a subscription, reconnection, gaps, refusals, limits, bad input, slow
// readers and Close are as package exchange promises. Subtests are named family/method/check.
func Run(t *testing.T, h Harness) {
	t.Run("offers", func(t *testing.T) {
		for _, err := range h.offers() {
			t.Error(err)
		}
	})
	t.Run("harness", func(t *testing.T) {
		for _, err := range h.sound() {
			t.Error(err)
		}
	})
	if t.Failed() {
		return
	}
	for _, f := range h.families() {
		t.Run(f.Name, func(t *testing.T) { h.family(t, f) })
	}
}

// family runs the checks of each method, and those of the family as a whole.
func (h *Harness) family(t *testing.T, f *exchange.Family) {
	for _, m := range h.methods(f) {
		t.Run(m.name, func(t *testing.T) {
			for _, c := range m.checks(h, f) {
				t.Run(c.name, func(t *testing.T) { h.stage(t, f, c) })
			}
		})
	}
	t.Run("not offered", func(t *testing.T) {
		has := h.methods(f)
		h.stage(t, f, check{run: notOffered(slices.DeleteFunc(slices.Clone(methods), func(m method) bool {
			return slices.ContainsFunc(has, func(x method) bool { return x.name == m.name })
		}))})
	})
	for _, c := range closings(f) {
		t.Run("Close/"+c.name, func(t *testing.T) { h.stage(t, f, c) })
	}
}

// families are those of the plan.
func (h *Harness) families() []*exchange.Family {
	if bought := h.Venue.Plans[h.Options.Plan]; bought != nil {
		return bought
	}
	return h.Venue.Families
}

// methods are what a family offers, as far as the suite knows them; sound tells of others.
func (h *Harness) methods(f *exchange.Family) []method {
	c := h.New(h.Options)
	defer c.Close()
	offered := c.OffersOf(f.Name)
	return slices.DeleteFunc(slices.Clone(methods), func(m method) bool { return !slices.Contains(offered, m.name) })
}

// offers compares what the venue offers with what it must.
func (h *Harness) offers() []error {
	c := h.New(h.Options)
	defer c.Close()
	if err := c.Err(); err != nil {
		return []error{err}
	}
	must, err := required(h.Page, h.Venue.Name)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, f := range c.Families() {
		if must[f] == nil {
			errs = append(errs, fmt.Errorf("%s does not list the family %s", h.Page, f))
		}
	}
	for family, methods := range must {
		offered := c.OffersOf(family)
		for _, m := range methods {
			if !slices.Contains(offered, m) {
				errs = append(errs, fmt.Errorf("%s: %s is not offered; %s wants it", family, m, h.Page))
			}
		}
		for _, m := range offered {
			if !slices.Contains(methods, m) {
				errs = append(errs, fmt.Errorf("%s: %s is offered; %s does not list it", family, m, h.Page))
			}
			if !tested(m) {
				errs = append(errs, fmt.Errorf("%s: %s is offered, and has no test in this suite", family, m))
			}
		}
	}
	return errs
}

// tested reports whether the suite has checks for a method of that name.
func tested(name string) bool {
	return slices.Contains(accountMethods, name) || slices.ContainsFunc(methods, func(m method) bool { return m.name == name })
}

// sound finds what is wrong with the harness itself, above all a reason that is no reason, and in the venue's tables.
func (h *Harness) sound() []error {
	var errs []error
	deltas := false
	for _, f := range h.families() {
		if n := len(h.Symbols[f.Name]); n < 2 {
			errs = append(errs, fmt.Errorf("%s: %d symbols, want two at least", f.Name, n))
		}
		if err := tables(f); err != nil {
			errs = append(errs, err)
		}
		for _, ch := range f.Push.OrderBook {
			deltas = deltas || ch.Sync.Source != exchange.EveryMessage
		}
	}
	if deltas != (h.Whole == "") {
		errs = append(errs, fmt.Errorf("harness: Whole is %q, and the venue has deltas: %t", h.Whole, deltas))
	}
	for key, why := range h.Without {
		family, m, ok := strings.Cut(key, " ")
		i := slices.IndexFunc(h.families(), func(f *exchange.Family) bool { return f.Name == family })
		if !ok || why == "" || i < 0 || !slices.ContainsFunc(h.methods(h.families()[i]), func(x method) bool { return x.name == m }) {
			errs = append(errs, fmt.Errorf("harness: Without %q (%s): no method that is offered, or no reason", key, why))
		}
	}
	for symbol, why := range h.Unsized {
		if why == "" {
			errs = append(errs, errors.New("Unsized "+symbol+" without a reason"))
		}
	}
	return errs
}

// ban is how the venue bans.
func (h *Harness) ban() venuetest.Fault {
	f := h.Ban
	if f.Kind == "" {
		f = venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 418}
	}
	return f
}
