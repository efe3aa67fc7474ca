package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/exchanges"
)

// serving is one run of the command venue.
type serving struct {
	*app
	simulation
	length time.Duration
}

func (a *app) venueCommand() *cobra.Command {
	s := &serving{app: a}
	c := &cobra.Command{
		Use:   "venue NAME",
		Short: "Serve a simulated venue, or a recording, on this machine",
		Long: "Serves a simulated venue on loopback until Ctrl-C: its true protocols, a market that moves by itself, and faults\n" +
			"on demand. What it prints first can be pasted into another shell.\n\n" + faultHelp(),
		Example: "  depthwire venue binance\n" +
			"  depthwire venue okx --markets BTC/USDT,ETH/USDT --rate 100 --seed 7\n" +
			"  depthwire venue binance --fault 'after 5s drop-delta BTC/USDT; every 10s disconnect'\n" +
			"  depthwire venue okx --capture okx.jsonl.gz --fault @faults.txt",
		Args: argumentsBetween(1, 1, "name one venue to serve"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return exchanges.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error { return s.run(c.Context(), args[0]) },
	}
	f := c.Flags()
	f.StringSliceVar(&s.markets, "markets", nil, "only these `symbols`")
	f.StringVar(&s.capture, "capture", "", "replay this recording (JSON lines, gzip or plain): Binance spot or OKX")
	f.BoolVar(&s.fast, "fast", false, "replay as fast as clients read, not in the rhythm of the recording")
	f.DurationVar(&s.length, "for", 0, "end after so long, e.g. 1m")
	s.flags(c, a.in)
	complete(c, "for")
	if err := c.RegisterFlagCompletionFunc("markets", s.completeMarkets); err != nil {
		panic(err) // as in complete
	}
	return c
}

// completeMarkets offers the markets of the venue that is named.
func (s *serving) completeMarkets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	simulator, ok := simulators[args[0]]
	if !ok {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return symbolsOf(simulator.markets()), cobra.ShellCompDirectiveNoFileComp
}

func (s *serving) run(ctx context.Context, venue string) error {
	if err := checkVenue(venue); err != nil {
		return err
	}
	switch {
	case s.capture != "" && (len(s.markets) > 0 || s.rate != usualRate || s.seed != 0):
		return usagef("--capture has its own markets: --markets, --rate and --seed do not go with it")
	case s.capture == "" && s.fast:
		return usagef("--fast is for --capture")
	case s.length < 0:
		return usagef("--for must not be below 0")
	}
	if s.length > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, s.length)
		defer stop()
	}
	v, err := s.start(venue, false)
	if err != nil {
		return err
	}
	return s.serve(ctx, venue, v)
}

// serve serves a venue until ctx ends, and closes it.
func (s *serving) serve(ctx context.Context, venue string, v *served) error {
	defer v.server.Close()
	if err := s.announce(venue, v); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var telling sync.Mutex
	var failed error
	tell := func(do func() error) {
		telling.Lock()
		defer telling.Unlock()
		if failed == nil {
			failed = do()
		}
		if failed != nil {
			cancel()
		}
	}
	var events sync.WaitGroup
	events.Go(v.misbehave(ctx, func(text string) { tell(func() error { return s.struck(venue, text) }) }))
	events.Go(func() {
		select {
		case <-v.server.Played():
			tell(func() error { return s.played(venue) })
		case <-ctx.Done():
		}
	})
	<-ctx.Done()
	events.Wait()
	return failed
}

// servedRecord is what is served, as JSON.
type servedRecord struct {
	Event     string            `json:"event"` // "serving"
	Venue     string            `json:"venue"`
	Endpoints map[string]string `json:"endpoints"`
	Markets   []string          `json:"markets"`
}

// faultRecord is a fault that struck.
type faultRecord struct {
	Event string    `json:"event"` // "fault"
	Venue string    `json:"venue"`
	Time  time.Time `json:"time"`
	Fault string    `json:"fault"`
}

// playedRecord says that a recording was played to its end.
type playedRecord struct {
	Event string    `json:"event"` // "played"
	Venue string    `json:"venue"`
	Time  time.Time `json:"time"`
}

// announce prints where the venue is, in a form that a shell reads.
func (s *serving) announce(venue string, v *served) error {
	endpoints := v.server.Endpoints()
	symbols := symbolsOf(v.server.Markets())
	if s.json {
		return json.NewEncoder(s.out).Encode(servedRecord{"serving", venue, endpoints, symbols})
	}
	var b bytes.Buffer
	what := fmt.Sprintf("simulated, seed %d, %g changes a second and market", s.seed, s.rate)
	if s.capture != "" {
		what = "replayed from " + s.capture
	}
	fmt.Fprintf(&b, "# %s, %s. Ctrl-C ends it.\n#\n", venue, what)
	for _, name := range slices.Sorted(maps.Keys(endpoints)) {
		fmt.Fprintf(&b, "#   %-14s %s\n", name, endpoints[name])
	}
	fmt.Fprintf(&b, "#\n# %d markets: %s\n", len(symbols), strings.Join(symbols, " "))
	if s.capture != "" {
		fmt.Fprintf(&b, "# recorded: %s\n", strings.Join(recordedTopics(v.server), " "))
	}
	fmt.Fprintf(&b, "#\n# In another shell:\nexport %s='%s'\n", endpointsEnv, assignments(venue, endpoints))
	if token := simulatedToken(venue); token != "" {
		fmt.Fprintf(&b, "export DEPTHWIRE_%s_TOKEN=%s\n", strings.ToUpper(venue), token)
	}
	if len(symbols) > 0 {
		fmt.Fprintf(&b, "depthwire watch %s %s\n", venue, symbols[0])
	}
	if n := len(v.script); n > 0 {
		fmt.Fprintf(&b, "#\n# %d faults to come\n", n)
	}
	_, err := b.WriteTo(s.out)
	return err
}

// struck tells of a fault.
func (s *serving) struck(venue, text string) error {
	now := time.Now().UTC()
	if s.json {
		out := json.NewEncoder(s.out)
		out.SetEscapeHTML(false)
		return out.Encode(faultRecord{"fault", venue, now, text})
	}
	p := s.palette()
	_, err := fmt.Fprintf(s.out, "%s  %s\n", p.paint(faint, stampTime(now)), p.paint(warning, printable(text)))
	return err
}

// played tells that the recording is at its end.
func (s *serving) played(venue string) error {
	now := time.Now().UTC()
	if s.json {
		return json.NewEncoder(s.out).Encode(playedRecord{"played", venue, now})
	}
	p := s.palette()
	_, err := fmt.Fprintf(s.out, "%s  %s\n", p.paint(faint, stampTime(now)), "the recording was played to its end")
	return err
}
