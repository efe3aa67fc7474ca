package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// recording is one run of the command record.
type recording struct {
	*app
	connection
	file string // of the recipe; else flags, which follow

	dir       string
	venues    []string
	symbols   []string
	channels  []string
	intervals []string
	to        []string
	raw       bool
	metrics   string

	every  time.Duration // between lines
	length time.Duration

	recipe *recipe
	sinks  []record.Target
}

func (a *app) recordCommand() *cobra.Command {
	r := &recording{app: a, connection: connection{app: a}}
	c := &cobra.Command{
		Use:   "record",
		Short: "Record venues into stores, through a log on disk",
		Long: "Records what venues send into a log on disk, and from there into stores: each at its own pace, exactly once, and\n" +
			"with a row for everything that is missing. A store that is down finds its rows in the log when it comes back.\n\n" +
			"Ctrl-C ends it: what is in the log is written into the stores for as long as drain says, 10 s by default; what is\n" +
			"left then stays in the log, for the next run.\n\n" +
			"Stores, by their address (--to; repeatable):\n" + sinkHelp() + "\n" +
			"${NAME} in an address is a variable of the environment: passwords do not belong on a command line.\n\n" +
			"Exit codes: 0 all is in the stores, 3 some is in the log only, 1 it failed, 2 the command line or the file is wrong.",
		Example: "  depthwire record --venues binance,okx --symbols BTC/USDT,ETH/USDT\n" +
			"  depthwire record --venues okx --symbols BTC/USDT:USDT --channels trades,books,funding --to 'clickhouse://user:${PASSWORD}@localhost/ticks'\n" +
			"  depthwire record --config record.yaml\n" +
			"  depthwire record --simulated --venues binance --symbols BTC/USDT --for 10s\n" +
			"  depthwire record verify 2026-11-22",
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error {
			if !c.Flags().Changed("log-level") {
				a.level = "warn" // for months nobody looks at the screen
			}
			return r.run(c.Context(), c)
		},
	}
	f := c.Flags()
	f.StringVar(&r.file, "config", "", "`file` that says what is recorded, and where to (docs/recorder.md)")
	f.StringVar(&r.dir, "dir", usualDir, "directory of the log")
	f.StringSliceVar(&r.venues, "venues", nil, "the venues")
	f.StringSliceVar(&r.symbols, "symbols", nil, "the symbols, each recorded of each venue")
	f.StringSliceVar(&r.channels, "channels", nil, "of "+strings.Join(channels, ", ")+" (default trades, books)")
	f.StringSliceVar(&r.intervals, "intervals", nil, "of the channel candles (default 1m)")
	f.BoolVar(&r.raw, "raw", false, "record the frames of the wire, too: depthwire replay brings them back")
	f.StringArrayVar(&r.to, "to", nil, "`address` of a store; repeatable (default recording.db in the directory of the log)")
	f.StringVar(&r.metrics, "metrics", "", "`address` for Prometheus and /healthz, such as :9464, which is loopback")
	f.DurationVar(&r.every, "every", 10*time.Second, "between lines of progress, where there is no terminal")
	f.DurationVar(&r.length, "for", 0, "end after so long, e.g. 1h")
	complete(c, "venues", exchanges.Names()...)
	complete(c, "channels", channels...)
	complete(c, "symbols")
	complete(c, "intervals")
	complete(c, "metrics")
	complete(c, "every")
	complete(c, "for")
	r.connection.flags(c)
	c.AddCommand(a.verifyCommand())
	return c
}

// simpleFlags are those that a file says.
var simpleFlags = []string{"dir", "venues", "symbols", "channels", "intervals", "to", "raw", "metrics", "token-file", "plan"}

func sinkHelp() string {
	var b strings.Builder
	for _, s := range schemes() {
		fmt.Fprintf(&b, "  %s\n", openers[s].form)
	}
	return b.String()
}

// prepare makes the recipe.
func (r *recording) prepare(c *cobra.Command) (err error) {
	switch {
	case r.every <= 0:
		return usagef("--every must be above 0")
	case r.length < 0:
		return usagef("--for must not be below 0")
	}
	if r.file == "" {
		r.recipe, err = r.simple()
		return err
	}
	for _, name := range simpleFlags {
		if c.Flags().Changed(name) {
			return usagef("--config and --%s exclude each other: the file says it", name)
		}
	}
	if r.recipe, err = readRecipe(r.file, r.env); err != nil {
		return err
	}
	return r.check(r.recipe.names())
}

// simple makes a recipe of flags.
func (r *recording) simple() (*recipe, error) {
	p := &recipe{dir: r.dir}
	var err error
	if p.metrics, err = listenAddress(r.metrics); err != nil {
		return nil, err
	}
	for _, v := range once(r.venues) {
		if err := checkVenue(v); err != nil {
			return nil, err
		}
		x := venueRecipe{name: v, symbols: once(r.symbols), raw: r.raw}
		for _, c := range once(r.channels) {
			if !slices.Contains(channels, c) {
				return nil, usagef("--channels: %s", unknown("channel", c, channels))
			}
			x.channels = append(x.channels, record.Channel(c))
		}
		for _, i := range once(r.intervals) {
			if exchange.Interval(i).Duration() == 0 || !slices.Contains(x.channels, record.Candles) {
				return nil, usagef("--intervals is for --channels candles; write 1m, 1h, 1d")
			}
			x.intervals = append(x.intervals, exchange.Interval(i))
		}
		p.venues = append(p.venues, x)
	}
	if len(r.venues) > 0 && len(r.symbols) == 0 {
		return nil, usagef("name symbols too, such as --symbols BTC/USDT,ETH/USDT")
	}
	for _, raw := range r.to {
		address, err := expandURL(raw, r.env)
		if err != nil {
			return nil, usagef("--to: %v", err)
		}
		if err := checkSink(address); err != nil {
			return nil, usagef("--to: %v", err)
		}
		p.sinks = append(p.sinks, sinkRecipe{url: address})
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return p, r.check(p.names())
}

func (r *recording) run(ctx context.Context, c *cobra.Command) error {
	if err := r.prepare(c); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer r.close()
	defer cancel()
	view, log := r.progress()
	sources, err := r.sources(ctx, log)
	if err != nil {
		return err
	}
	if err := r.hold(); err != nil {
		return err
	}
	if err := r.openSinks(ctx); err != nil {
		return errors.Join(err, r.closeSinks())
	}
	err = r.work(ctx, cancel, view, record.Config{
		Dir: r.recipe.dir, Sources: sources, Sinks: r.sinks, Log: r.recipe.log,
		Depth: r.recipe.depth, Snapshot: r.recipe.snapshot, Drain: r.recipe.drain, Logger: r.log(log),
	})
	return errors.Join(err, r.closeSinks())
}

// work records until ctx ends, and shows how it does.
func (r *recording) work(ctx context.Context, cancel context.CancelFunc, view progress, config record.Config) error {
	recorder := record.New(config)
	stop, err := r.serveMetrics(r.recipe.metrics, recorder.Stats)
	if err != nil {
		return err
	}
	if r.length > 0 {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, r.length)
		defer done()
	}
	var recorded error // of the goroutine, until it has ended
	over := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() { defer close(over); recorded = recorder.Run(ctx) })
	beat := time.NewTicker(view.interval())
	defer beat.Stop()
	for shown := error(nil); ; {
		select {
		case now := <-beat.C:
			s := recorder.Stats()
			if err := view.show(&s, now); err != nil && shown == nil {
				shown = err // nobody reads what is shown: that ends it well
				cancel()
			}
			continue
		case <-over:
		}
		work.Wait()
		s := recorder.Stats()
		return errors.Join(r.ended(recorded, &s), view.close(&s, time.Now()), shown, stop())
	}
}

// ended says how the recording has ended.
func (r *recording) ended(err error, s *record.Stats) error {
	if err == nil || !leftOnly(err) {
		return err
	}
	var left []string
	for _, x := range s.Sinks {
		if x.Lag > 0 {
			left = append(left, fmt.Sprintf("%s %s rows", x.Name, thousands(x.Lag)))
		}
	}
	if len(left) == 0 { // values that the log did not take
		return leftError(err.Error())
	}
	return leftError(fmt.Sprintf("not written yet: %s; they are in the log in %s, the next run writes them", strings.Join(left, ", "), r.recipe.dir))
}

// leftOnly says that nothing worse has happened than that something is left.
func leftOnly(err error) bool {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || slices.Contains(all.Unwrap(), record.ErrLeft) {
		return errors.Is(err, record.ErrLeft)
	}
	return !slices.ContainsFunc(all.Unwrap(), func(err error) bool { return !leftOnly(err) })
}

// sources opens the clients, and checks what they are asked for.
func (r *recording) sources(ctx context.Context, log io.Writer) (all []record.Source, err error) {
	failed := make([]error, len(r.recipe.venues))
	taps := make(map[string]*record.Tap) // one of a venue
	var asked sync.WaitGroup
	defer asked.Wait()
	for i := range r.recipe.venues {
		v := &r.recipe.venues[i]
		s := record.Source{Symbols: v.symbols, Channels: v.channels, Intervals: v.intervals}
		if v.raw && taps[v.name] == nil {
			taps[v.name] = &record.Tap{}
		}
		if v.raw {
			s.Raw = taps[v.name]
		}
		if s.Client, err = r.client(ctx, v, s.Raw, log); err != nil {
			return nil, err
		}
		all = append(all, s)
		asked.Go(func() { failed[i] = r.offered(ctx, &s) })
	}
	asked.Wait()
	return all, r.gone(errors.Join(failed...))
}

// gone is err without symbols that a venue does not have any more: of a recording that goes on they cost themselves, and are told.
func (r *recording) gone(err error) error {
	if err == nil || !r.begun() {
		return err
	}
	var rest []error
	for _, err := range parts(err) {
		if errors.Is(err, errNoSymbol) {
			r.complain(fmt.Errorf("%w; the others are recorded", err))
		} else {
			rest = append(rest, err)
		}
	}
	return errors.Join(rest...)
}

// parts are the errors that were joined to one.
func parts(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, err := range joined.Unwrap() {
		all = append(all, parts(err)...)
	}
	return all
}

// client opens the client of a part of the recipe. raw hears its frames, when it is not nil.
func (r *recording) client(ctx context.Context, v *venueRecipe, raw *record.Tap, log io.Writer) (*exchange.Client, error) {
	return r.openWith(ctx, v.name, r.recipe.names(), log, func(o *exchange.Options) {
		if raw != nil {
			o.Tap = raw.Frame
		}
		for name, url := range v.endpoints {
			if !r.simulated {
				o.Endpoints[name] = url
			}
		}
		if v.token != "" {
			o.Token = v.token
		}
		if v.plan != "" {
			o.Plan = v.plan
		}
		if v.proxy != "" {
			o.Proxy = v.proxy
		}
	})
}

// methods say how channels are called in what venues offer.
var methods = map[record.Channel]string{
	record.Trades: "WatchTrades", record.Books: "WatchOrderBook", record.Tickers: "WatchTicker", record.BidAsks: "WatchBidAsk",
	record.Candles: "WatchOHLCV", record.Funding: "WatchFundingRate",
}

// offered finds symbols that the venue does not have, and channels that it does not have of them. A venue that does not answer
// is the recorder's matter: it goes on asking.
func (r *recording) offered(ctx context.Context, s *record.Source) error {
	var errs []error
	for _, symbol := range s.Symbols {
		m, err := r.known(ctx, s.Client, symbol)
		switch {
		case err != nil && !errors.Is(err, errNoSymbol):
			return nil
		case err != nil:
			errs = append(errs, err)
			continue
		}
		for _, c := range s.Channels {
			if !slices.Contains(s.Client.OffersOf(m.Family), methods[c]) {
				errs = append(errs, fmt.Errorf("%s: %s has no %s; symbols with other channels go into a part of their own", s.Client.Venue(), m.Symbol, c))
			}
		}
	}
	return errors.Join(errs...)
}

// begun reports whether the directory has a recording that goes on.
func (r *recording) begun() bool {
	_, err := os.Stat(filepath.Join(r.recipe.dir, "log"))
	return err == nil
}

// hold finds another recorder at work in the directory: before stores are taken over.
func (r *recording) hold() error {
	log, found, err := wal.Open(filepath.Join(r.recipe.dir, "log"), r.recipe.log)
	if err != nil {
		return err
	}
	if found.Cut > 0 || found.Damaged > 0 {
		r.complain(fmt.Errorf("the log was not closed: %d bytes cut off its end, kept in %q, %d records damaged", found.Cut, found.Kept, found.Damaged))
	}
	return log.Close()
}

// openSinks opens all at the same time: one that does not answer shall not keep the others waiting.
func (r *recording) openSinks(ctx context.Context) error {
	opened := make([]record.Sink, len(r.recipe.sinks))
	late, failed := make([]error, len(opened)), make([]error, len(opened))
	var opening sync.WaitGroup
	for i := range r.recipe.sinks {
		x := &r.recipe.sinks[i]
		opening.Go(func() {
			opened[i], failed[i] = openSink(ctx, x, r.timeout, func(err error) { late[i] = err })
		})
	}
	opening.Wait()
	for i, x := range r.recipe.sinks {
		if late[i] != nil {
			r.complain(fmt.Errorf("%w; its rows wait in the log", named(x.name, late[i])))
		}
		if failed[i] != nil {
			failed[i] = named(x.name, failed[i])
			continue
		}
		usual := openers[schemeOf(x.url)]
		r.sinks = append(r.sinks, record.Target{Name: x.name, Sink: opened[i], Rows: cmp.Or(x.batch, usual.batch), Every: cmp.Or(x.every, usual.every)})
	}
	return errors.Join(failed...)
}

func (r *recording) closeSinks() error {
	var errs []error
	for _, t := range r.sinks {
		if err := t.Sink.Close(); err != nil {
			errs = append(errs, named(t.Name, err))
		}
	}
	return errors.Join(errs...)
}

// named has an error say of which sink it is, where it does not do so itself.
func named(sink string, err error) error {
	if strings.HasPrefix(err.Error(), sink+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", sink, err)
}
