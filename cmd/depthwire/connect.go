package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/venuetest"
)

// connection is how the command reaches venues: flags, and the clients that are made of them.
type connection struct {
	app *app

	endpoints []string
	tokenFile string
	plan      string
	proxy     string
	timeout   time.Duration
	simulated bool
	replayed  *venuetest.Server // of the command replay, in place of all venues
	simulation

	clients []*exchange.Client
	running []*served
	work    sync.WaitGroup
}

// endpointsEnv is the variable that the command venue prints.
const endpointsEnv = "DEPTHWIRE_ENDPOINTS"

// flags adds the flags of a command that asks venues.
func (c *connection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&c.endpoints, "endpoint", nil, "`[venue/]name=url` in place of the venue's own address; repeatable; also from "+endpointsEnv)
	f.StringVar(&c.tokenFile, "token-file", "", "`file` with the token of the one venue that is named; or set DEPTHWIRE_<VENUE>_TOKEN")
	f.StringVar(&c.plan, "plan", "", "what was bought with the token, where a venue sells several")
	f.StringVar(&c.proxy, "proxy", "", "http, https or socks5 `url` of a proxy")
	f.DurationVar(&c.timeout, "timeout", 20*time.Second, "how long the list of markets may take, and a stream be silent before watch says so")
	f.BoolVar(&c.simulated, "simulated", false, "ask simulated venues inside this process: no network, no account")
	c.simulation.flags(cmd, c.app.in)
	complete(cmd, "endpoint")
	complete(cmd, "plan", "free", "basic", "premium", "professional")
	complete(cmd, "proxy")
}

// check finds flags that do not go together.
func (c *connection) check(venues []string) error {
	switch {
	case c.timeout <= 0:
		return usagef("--timeout must be above 0")
	case c.tokenFile != "" && len(venues) != 1:
		return usagef("--token-file is for one venue: set DEPTHWIRE_<VENUE>_TOKEN for several")
	case c.plan != "" && len(venues) != 1:
		return usagef("--plan is for one venue: ask them one by one")
	case c.simulated && len(c.endpoints) > 0:
		return usagef("--simulated and --endpoint exclude each other")
	case !c.simulated && c.simulation.used():
		return usagef("--seed, --rate and --fault are for --simulated")
	}
	return nil
}

// open returns a client of the venue. The library's log goes to log.
func (c *connection) open(ctx context.Context, venue string, venues []string, log io.Writer) (*exchange.Client, error) {
	return c.openWith(ctx, venue, venues, log, func(*exchange.Options) {})
}

// openWith is open with options that flags do not say.
func (c *connection) openWith(ctx context.Context, venue string, venues []string, log io.Writer, more func(*exchange.Options)) (*exchange.Client, error) {
	o := exchange.Options{Proxy: c.proxy, Plan: c.plan, Log: c.app.log(log), UserAgent: "depthwire"}
	if err := c.address(ctx, &o, venue, venues); err != nil {
		return nil, err
	}
	more(&o)
	client, err := exchanges.Open(venue, o)
	if err != nil {
		return nil, err
	}
	c.clients = append(c.clients, client)
	return client, nil
}

// address fills in where the venue is and by what token it knows us.
func (c *connection) address(ctx context.Context, o *exchange.Options, venue string, venues []string) (err error) {
	if c.replayed != nil {
		o.Endpoints, o.DialContext, o.Token = c.replayed.Endpoints(), c.replayed.DialContext, simulatedToken(venue)
		return nil
	}
	if c.simulated {
		s, err := c.simulation.start(venue, true)
		if err != nil {
			return err
		}
		c.running = append(c.running, s)
		c.work.Go(s.misbehave(ctx, func(string) {}))
		o.Endpoints, o.DialContext = s.server.Endpoints(), s.server.DialContext
		o.Token = simulatedToken(venue)
		return nil
	}
	if o.Endpoints, err = c.endpointsOf(venue, venues); err != nil {
		return err
	}
	o.Token = c.app.env("DEPTHWIRE_" + strings.ToUpper(venue) + "_TOKEN")
	if c.tokenFile != "" {
		text, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return err
		}
		o.Token = strings.TrimSpace(string(text))
	}
	return nil
}

// endpointsOf returns the addresses that flags and environment name for a venue; flags win.
func (c *connection) endpointsOf(venue string, venues []string) (map[string]string, error) {
	all := make(map[string]string)
	fromEnv := strings.FieldsFunc(c.app.env(endpointsEnv), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
	for _, text := range slices.Concat(fromEnv, c.endpoints) {
		e, err := parseEndpoint(text)
		switch {
		case err != nil:
			return nil, err
		case e.venue == "" && len(venues) != 1:
			return nil, usagef("endpoint %q: of which venue? write %s/%s=…", printable(text), venues[0], e.name)
		case e.venue == "" || e.venue == venue:
			all[e.name] = e.url
		}
	}
	return all, nil
}

// endpoint is one address: [venue/]name=url.
type endpoint struct{ venue, name, url string }

func parseEndpoint(text string) (e endpoint, err error) {
	name, url, ok := strings.Cut(text, "=")
	if !ok || name == "" || url == "" {
		return e, usagef("endpoint %q is not written [venue/]name=url", printable(text))
	}
	e = endpoint{name: name, url: url}
	if venue, name, ok := strings.Cut(name, "/"); ok {
		e.venue, e.name = venue, name
		if !slices.Contains(exchanges.Names(), venue) {
			return e, usagef("endpoint %q: %s", printable(text), unknown("venue", venue, exchanges.Names()))
		}
	}
	return e, nil
}

// assignments writes endpoints as parseEndpoint reads them, separated by commas.
func assignments(venue string, endpoints map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		all = append(all, venue+"/"+name+"="+endpoints[name])
	}
	return strings.Join(all, ",")
}

// close ends what open began. The context given to open has ended.
func (c *connection) close() {
	for _, client := range c.clients {
		client.Close()
	}
	c.work.Wait()
	for _, s := range c.running {
		s.server.Close()
	}
}

// markets fetches the list of markets of a venue. Those that could be loaded are there
// beside an error.
func (c *connection) markets(ctx context.Context, client *exchange.Client) ([]exchange.Market, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no answer within %v", c.timeout))
	defer cancel()
	return client.FetchMarkets(ctx)
}

// errNoSymbol is the kind of the error of a symbol that a venue does not have.
var errNoSymbol = errors.New("no symbol")

// noSymbolError names the symbols that come near.
type noSymbolError string

// Error returns the text.
func (e noSymbolError) Error() string { return string(e) }

// Is makes it an errNoSymbol.
func (e noSymbolError) Is(target error) bool { return target == errNoSymbol }

// known returns the market of a symbol: to somebody who mistyped it the nearest are named, in an errNoSymbol.
func (c *connection) known(ctx context.Context, client *exchange.Client, symbol string) (exchange.Market, error) {
	limited, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no answer within %v", c.timeout))
	defer cancel()
	m, err := client.Market(limited, symbol)
	if !errors.Is(err, exchange.ErrBadSymbol) {
		return m, err
	}
	markets, _ := c.markets(ctx, client) // for the suggestion only: the error is known
	text := client.Venue() + ": " + unknown("symbol", symbol, marketNames(markets))
	if near := nearest(symbol, exchanges.Names()); len(near) > 0 && distance(symbol, near[0]) <= 1 {
		text = client.Venue() + ": no symbol " + quoted(symbol) + "; did you mean the venue " + near[0] + "?"
	}
	return m, noSymbolError(text)
}
