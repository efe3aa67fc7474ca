package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/stream"
)

// watching is one run of the command watch.
type watching struct {
	*app
	connection
	venues   []string
	kindName string
	interval string
	depth    int
	count    int
	length   time.Duration
	merged   bool
	as       []string

	kind    *kind
	asking  asking
	sources []*source
	failed  bool
}

// source is one market of one venue; or one symbol of several, merged.
type source struct {
	parts         []part // of a merged one, which has no client
	client        *exchange.Client
	venue, symbol string                 // as the user wrote them
	market        atomic.Pointer[string] // the unified symbol, once it is known: the user may have written the venue's id
}

// unified returns the unified symbol, empty while it is not known.
func (s *source) unified() string {
	if m := s.market.Load(); m != nil {
		return *m
	}
	return ""
}

// news is a value of a source, or its end.
type news struct {
	from *source
	value
	err error
}

// view shows what comes. Its methods are called by one goroutine.
type view interface {
	show(n *news) error
	fail(from *source, err error) error
	silent(from *source, text string) // nothing has come of it yet
	beat(now time.Time) error         // now and then, at most ten times a second
	close() error
}

func (a *app) watchCommand() *cobra.Command {
	w := &watching{app: a, connection: connection{app: a}}
	c := &cobra.Command{
		Use:   "watch VENUE… SYMBOL…",
		Short: "Follow books, trades, tickers and more, live",
		Long: "Follows markets live: a table that is redrawn in place on a terminal, lines elsewhere. What is missing from a\n" +
			"stream is a row of its own; a book that is out of sync has no prices.\n\n" +
			"Names of venues come first, the rest are symbols: BTC/USDT (spot), BTC/USDT:USDT (linear swap),\n" +
			"BTC/USD:BTC (inverse swap), or the venue's own ids. Each symbol is followed on each venue.\n\n" +
			"With --merged the books of all venues are one: who stands at each price, what each venue gives, and since when\n" +
			"and why one is left out. Kinds: bidask and book. Prices are merged as they are: --as says where another symbol\n" +
			"stands for it. crossed marks a bid above an ask of another venue; levels that a venue may lack are faint.\n\n" +
			"AGE is how long ago the newest value came, LATENCY from the venue's clock to its receipt here, SHOWN from the\n" +
			"receipt to the screen.",
		Example: "  depthwire watch binance okx BTC/USDT ETH/USDT\n" +
			"  depthwire watch okx --kind book --depth 10 BTC/USDT:USDT\n" +
			"  depthwire watch binance BTC/USDT --kind trades --json | jq .price\n" +
			"  depthwire watch --merged binance okx backpack BTC/USDT --as backpack/BTC/USDT=BTC/USDC\n" +
			"  depthwire watch --simulated binance okx BTC/USDT --fault 'every 5s drop-delta BTC/USDT' --kind book",
		Args: func(_ *cobra.Command, args []string) error { return w.split(args) },
		RunE: func(c *cobra.Command, _ []string) error {
			return w.run(c.Context())
		},
		ValidArgsFunction: w.completions,
	}
	f := c.Flags()
	f.StringVarP(&w.kindName, "kind", "k", kinds[0].name, "what to follow: "+strings.Join(kindNames(), ", "))
	f.StringSliceVar(&w.venues, "venue", nil, "the venues, so that all arguments are symbols")
	f.BoolVar(&w.merged, "merged", false, "one book of all venues, for kinds bidask and book")
	f.StringArrayVar(&w.as, "as", nil, "merged: `VENUE/SYMBOL=THEIRS`: on that venue another symbol stands for SYMBOL; repeatable")
	f.IntVar(&w.depth, "depth", 0, "book: levels a side; trades: rows a market (default 5)")
	f.StringVar(&w.interval, "interval", "1m", "candles: 1s, 1m, 5m, 1h, 1d and so on, as the venue has them")
	f.IntVar(&w.count, "count", 0, "end after so many values")
	f.DurationVar(&w.length, "for", 0, "end after so long, e.g. 10s")
	complete(c, "kind", kindNames()...)
	complete(c, "venue", exchanges.Names()...)
	complete(c, "interval", "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M")
	complete(c, "as")
	complete(c, "depth")
	complete(c, "count")
	complete(c, "for")
	w.connection.flags(c)
	return c
}

// split tells venues and symbols apart.
func (w *watching) split(args []string) error {
	symbols := args
	if len(w.venues) == 0 {
		w.venues = leading(args)
		symbols = args[len(w.venues):]
	}
	switch {
	case len(w.venues) == 0 && len(args) > 0:
		return usageError(unknown("venue", args[0], exchanges.Names()))
	case len(w.venues) == 0:
		return usagef("name a venue and a symbol, such as: depthwire watch binance BTC/USDT")
	case len(symbols) == 0:
		return usagef("name a symbol too, such as: depthwire watch %s BTC/USDT", strings.Join(w.venues, " "))
	}
	for i, v := range w.venues {
		if err := checkVenue(v); err != nil {
			return err
		}
		for _, s := range symbols {
			if !w.merged && !slices.Contains(w.venues[:i], v) && !slices.ContainsFunc(w.sources, func(x *source) bool { return x.venue == v && x.symbol == s }) {
				w.sources = append(w.sources, &source{venue: v, symbol: s})
			}
		}
	}
	w.venues = once(w.venues)
	if w.merged {
		w.mergedSources(symbols)
	}
	return w.substitute()
}

// once returns what there is, each once, in order.
func once(all []string) (some []string) {
	for _, x := range all {
		if !slices.Contains(some, x) {
			some = append(some, x)
		}
	}
	return some
}

func (w *watching) options() error {
	known := slices.Contains(kindNames(), w.kindName)
	kinds := kinds
	if w.merged {
		kinds = mergedKinds
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == w.kindName })
	switch {
	case !known:
		return usagef("--kind: %s", unknown("kind", w.kindName, kindNames()))
	case i < 0:
		return usagef("--merged is for the kinds bidask and book: %s are not merged", w.kindName)
	case w.depth < 0 || w.depth > 5000:
		return usagef("--depth must be from 1 to 5000")
	case w.count < 0:
		return usagef("--count must not be below 0")
	case w.length < 0:
		return usagef("--for must not be below 0")
	case exchange.Interval(w.interval).Duration() == 0:
		return usagef("--interval %s is none; write 1m, 1h, 1d", quoted(w.interval))
	}
	w.oneMarket = w.merged
	levels := w.depth
	if w.kind = &kinds[i]; w.depth == 0 {
		w.depth = w.kind.depth
	}
	if w.replayed == nil { // of a recording only what was recorded can be asked for: mostly whole books
		levels = w.depth
	}
	w.asking = asking{depth: w.depth, levels: levels, interval: exchange.Interval(w.interval)}
	return w.check(w.venues)
}

func (w *watching) run(ctx context.Context) error {
	if err := w.options(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer w.close()
	defer cancel()
	v, log := w.view()
	for _, venue := range w.venues {
		client, err := w.open(ctx, venue, w.venues, log)
		if err != nil {
			return err
		}
		for _, s := range w.sources {
			if s.venue == venue {
				s.client = client
			}
		}
	}
	if w.merged {
		w.asking.merged = w.consolidate()
	}
	err := w.follow(ctx, cancel, v)
	if err := errors.Join(err, v.close()); err != nil {
		return err
	}
	if w.failed {
		return errTold
	}
	return nil
}

// lastValues is how long nothing has to come any more when a recording was played to its end.
const lastValues = time.Second

// follow shows what comes from all sources until ctx ends, they do, or there is enough.
func (w *watching) follow(ctx context.Context, cancel context.CancelFunc, v view) error {
	came, wait := w.start(ctx)
	defer wait()
	defer cancel()
	beat, late := time.NewTicker(time.Second/10), time.NewTimer(w.timeout)
	defer beat.Stop()
	defer late.Stop()
	var end, last <-chan time.Time
	if w.length > 0 {
		end = time.After(w.length)
	}
	var played <-chan struct{}
	if w.replayed != nil {
		played = w.replayed.Played()
	}
	spoke := make(map[*source]bool)
	err := v.beat(time.Now()) // something stands there before the first value comes
	for seen := 0; err == nil && (w.count == 0 || seen < w.count); {
		select {
		case n, more := <-came:
			if !more {
				return nil
			}
			spoke[n.from] = spoke[n.from] || n.err != nil || n.state != book.Syncing.String()
			if err = w.take(v, n); n.err == nil {
				seen++
			}
			if last != nil {
				last = time.After(lastValues)
			}
		case <-played:
			played, last = nil, time.After(lastValues)
		case <-last:
			return nil
		case now := <-beat.C:
			err = v.beat(now)
		case <-late.C:
			w.waiting(v, spoke)
		case <-end:
			return w.unheard(v, spoke)
		case <-ctx.Done():
			return nil
		}
	}
	return err
}

// start has every source followed. The channel is closed when all are at their end; wait
// waits for that, when the context has ended.
func (w *watching) start(ctx context.Context) (<-chan *news, func()) {
	came := make(chan *news)
	var readers, last sync.WaitGroup
	for _, s := range w.sources {
		readers.Go(func() { w.read(ctx, s, came) })
	}
	last.Go(func() { readers.Wait(); close(came) })
	return came, last.Wait
}

// waiting tells of the sources of which nothing has come for long.
func (w *watching) waiting(v view, spoke map[*source]bool) {
	for _, s := range w.sources {
		if !spoke[s] {
			v.silent(s, fmt.Sprintf("%s %s: nothing has come for %v; still waiting (%s)%s", s.venue, s.symbol, w.timeout, w.standing(s), w.tape()))
		}
	}
}

// unheard tells of the sources of which nothing came because they are not subscribed. A
// market in which nothing happens is no failure.
func (w *watching) unheard(v view, spoke map[*source]bool) error {
	for _, s := range w.sources {
		standing := w.standing(s)
		text := fmt.Sprintf("%s %s: nothing came within %v (%s)%s", s.venue, s.symbol, w.length, standing, w.tape())
		switch {
		case spoke[s]:
		case standing != string(stream.Subscribed):
			w.failed = true
			if err := v.fail(s, errors.New(text)); err != nil {
				return err
			}
		case w.replayed != nil:
			v.silent(s, text)
		}
	}
	return nil
}

// tape says what there is that can come, of a recording.
func (w *watching) tape() string {
	if w.replayed == nil {
		return ""
	}
	const most = 10
	topics := recordedTopics(w.replayed)
	if n := len(topics) - most; n > 0 {
		topics = append(topics[:most], fmt.Sprintf("%d more", n))
	}
	return "; recorded: " + strings.Join(topics, ", ")
}

// standing says how far the subscription of a source is.
func (w *watching) standing(s *source) string {
	if w.merged {
		return "no venue is live"
	}
	for _, h := range s.client.Health() {
		switch {
		case h.Kind != w.kind.stream || h.Symbol != s.unified():
		case h.Err != nil:
			return oneLine(h.Err.Error())
		case !h.Connected:
			return "not connected"
		default:
			return string(h.State)
		}
	}
	return "not asked for yet"
}

func (w *watching) take(v view, n *news) error {
	if n.err == nil {
		return v.show(n)
	}
	w.failed = true
	return v.fail(n.from, n.err)
}

// read follows one source; a failure is its own, and hurts no other.
func (w *watching) read(ctx context.Context, s *source, came chan<- *news) {
	send := func(n *news) {
		select {
		case came <- n:
		case <-ctx.Done():
		}
	}
	var err error
	if !w.merged { // a merged one is left out where it is not
		var m exchange.Market
		if m, err = w.known(ctx, s.client, s.symbol); err == nil {
			s.market.Store(&m.Symbol)
		}
	}
	if err == nil {
		err = w.kind.follow(ctx, s.client, s.symbol, w.asking, func(v value) { send(&news{from: s, value: v}) })
	}
	if w.merged && nobodys(err) {
		err = w.nowhere(ctx, s)
	}
	if err != nil && ctx.Err() == nil {
		send(&news{from: s, err: err})
	}
}

// completions offers venues first, then symbols of those that were named too; after a
// symbol there are only symbols.
func (w *watching) completions(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	venues, offer := w.venues, []string(nil)
	if len(venues) == 0 {
		venues = leading(args)
		if len(venues) == len(args) {
			offer = without(exchanges.Names(), args)
		}
	}
	if len(venues) > 0 {
		offer = append(offer, without(w.symbols(c.Context(), venues), args)...)
	}
	return offer, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// leading returns the venues that arguments begin with.
func leading(args []string) []string {
	n := 0
	for n < len(args) && slices.Contains(exchanges.Names(), args[n]) {
		n++
	}
	return args[:n]
}

// view returns what fits the output, and where the library's log goes.
func (w *watching) view() (view, io.Writer) {
	if w.json {
		return jsonLines{w.app}, w.err
	}
	if size, ok := w.terminal(); ok {
		b := newBoard(w.app, w.kind, w.depth, w.sources, size)
		return b, b
	}
	return newPlainLines(w.app, w.kind, w.sources), w.err
}
