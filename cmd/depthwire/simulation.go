package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/venuetest"
)

// simulators are the simulated venues, with the markets they have by default.
var simulators = map[string]struct {
	start   func(venuetest.Options) *venuetest.Server
	markets func() []venuetest.Market
}{
	"alltick":  {venuetest.AllTick, venuetest.AllTickMarkets},
	"backpack": {venuetest.Backpack, venuetest.BackpackMarkets},
	"binance":  {venuetest.Binance, venuetest.BinanceMarkets},
	"huobi":    {venuetest.Huobi, venuetest.HuobiMarkets},
	"okx":      {venuetest.OKX, venuetest.OKXMarkets},
}

// simulation is how a simulated venue behaves: flags.
type simulation struct {
	in      io.Reader // of --fault @-
	seed    uint64
	rate    float64
	faults  []string
	scripts []namedScript // what faults say; loaded once for all venues

	oneMarket bool              // the same costs the same on all venues, as in the world
	prices    map[string]string // then: by base

	markets []string // of the command venue alone, as the next two
	capture string
	fast    bool
}

const usualRate = 20

func (s *simulation) flags(cmd *cobra.Command, in io.Reader) {
	s.in = in
	f := cmd.Flags()
	f.Uint64Var(&s.seed, "seed", 0, "simulated: of the generator of markets: the same seed, the same market")
	f.Float64Var(&s.rate, "rate", usualRate, "simulated: changes a second and market; 0 stands still")
	f.StringArrayVar(&s.faults, "fault", nil, "simulated: a `script` of faults, lines separated by ;, or @file, or @- for standard input; repeatable")
	if err := cmd.RegisterFlagCompletionFunc("fault", completeFault); err != nil {
		panic(err) // as in complete
	}
	complete(cmd, "seed")
	complete(cmd, "rate")
}

// used reports whether a flag was given.
func (s *simulation) used() bool { return s.seed != 0 || s.rate != usualRate || len(s.faults) > 0 }

// served is a simulated venue at work, and what shall happen to it.
type served struct {
	server *venuetest.Server
	script script
}

// start starts the simulated venue of that name: on loopback, or in memory.
func (s *simulation) start(venue string, memory bool) (*served, error) {
	if s.rate < 0 || s.rate > 10_000 {
		return nil, usagef("--rate must be from 0 to 10000")
	}
	if s.scripts == nil {
		var err error
		if s.scripts, err = loadScripts(s.faults, s.in); err != nil {
			return nil, err
		}
	}
	markets, err := s.chosen(venue)
	if err != nil {
		return nil, err
	}
	o := venuetest.Options{Seed: s.seed, Rate: s.rate, Memory: memory, Markets: markets}
	var server *venuetest.Server
	if s.capture != "" {
		server, err = replayCapture(venue, s.capture, venuetest.Options{Memory: memory, Timed: !s.fast})
	} else {
		server = simulators[venue].start(o)
	}
	if err != nil {
		return nil, err
	}
	v := &served{server: server}
	for _, text := range s.scripts {
		script, err := parseScript(text.text, server.Markets())
		if err != nil {
			server.Close()
			return nil, usagef("%s, %v", text.where, err)
		}
		v.script = append(v.script, script...)
	}
	return v, nil
}

// chosen returns the markets that the venue shall have.
func (s *simulation) chosen(venue string) ([]venuetest.Market, error) {
	all := simulators[venue].markets()
	if s.oneMarket {
		s.align(all)
	}
	if len(s.markets) == 0 {
		return all, nil
	}
	var some []venuetest.Market
	for _, name := range s.markets {
		i := slices.IndexFunc(all, func(m venuetest.Market) bool { return m.Symbol == name || m.ID == name })
		if i < 0 {
			return nil, usagef("--markets: %s", unknown("market", name, symbolsOf(all)))
		}
		some = append(some, all[i])
	}
	return some, nil
}

// align gives markets the prices that those of the venues before began with, by base. What is another thing of the same
// name, or counted in thousands, keeps its own.
func (s *simulation) align(markets []venuetest.Market) {
	if s.prices == nil {
		s.prices = make(map[string]string)
	}
	for i := range markets {
		m := &markets[i]
		known, ok := s.prices[m.Base]
		if !ok {
			s.prices[m.Base] = m.Price
			continue
		}
		ours, _ := strconv.ParseFloat(m.Price, 64)
		theirs, _ := strconv.ParseFloat(known, 64)
		if ratio := ours / theirs; ratio > 0.5 && ratio < 2 {
			m.Price = known
		}
	}
}

func symbolsOf(markets []venuetest.Market) []string {
	var all []string
	for _, m := range markets {
		all = append(all, m.Symbol)
	}
	return all
}

// replayCapture serves a recording, when it is one of the venue.
func replayCapture(venue, path string, o venuetest.Options) (*venuetest.Server, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	server, err := venuetest.Replay(f, o)
	switch {
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return nil, fmt.Errorf("%s: damaged: %w", path, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range exchanges.Names() { // a recording does not say whose it is, the endpoints do
		if c, err := exchanges.Open(name, exchange.Options{Endpoints: server.Endpoints()}); err == nil {
			c.Close()
			if name == venue {
				return server, nil
			}
		}
	}
	server.Close()
	return nil, fmt.Errorf("%s is not a recording of %s", path, venue)
}

// misbehave lets the faults of the script happen until ctx ends: those that wait for no time before the venue is
// asked anything, the others by the function that is returned.
func (s *served) misbehave(ctx context.Context, tell func(string)) (later func()) {
	strike := func(x *step) {
		switch x.what {
		case healing:
			s.server.Heal()
		case chaos:
			s.server.Chaos(x.seed, x.p)
		default:
			s.server.Fault(x.fault)
		}
		tell(x.text)
	}
	rest := s.script.begin(strike)
	return func() { rest.run(ctx, strike) }
}

// simulatedToken returns a token that the simulated venue takes, empty where none is asked for.
func simulatedToken(venue string) string {
	if venue == "alltick" {
		return "free-simulated"
	}
	return ""
}

// recordedTopics returns the topics of a replayed recording and how many frames each has.
func recordedTopics(s *venuetest.Server) []string {
	recorded := s.Recorded()
	names := slices.SortedFunc(maps.Keys(recorded), func(a, b string) int {
		return cmp.Or(cmp.Compare(recorded[b], recorded[a]), strings.Compare(a, b))
	})
	for i, n := range names {
		names[i] = fmt.Sprintf("%s (%d)", n, recorded[n])
	}
	return names
}
