package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/record/replay"
	"github.com/depthwire/depthwire/venuetest"
)

// replaying is one run of the command replay.
type replaying struct {
	watching
	venue    string
	from, to string
	speed    string
}

func (a *app) replayCommand() *cobra.Command {
	r := &replaying{watching: watching{app: a, connection: connection{app: a, timeout: 20 * time.Second}}}
	c := &cobra.Command{
		Use:   "replay RECORDING [SYMBOL…]",
		Short: "Bring a recording back: as a venue, or through a client",
		Long: "Brings back the frames of a recording (record with --raw). Without symbols they are served as a simulated venue on\n" +
			"loopback, until Ctrl-C: what it prints can be pasted into another shell, and it says when all that is subscribed to was\n" +
			"played. With symbols they go through a client in this process, which shows what comes, as watch does, to the end of the\n" +
			"recording.\n\n" +
			"RECORDING is the directory of a recorder, which may be at work and has what its stores do not have; a store\n" +
			"(recording.db, or an address as record --to takes it); or a file of JSON lines, gzip or plain. It is copied into a\n" +
			"temporary file: --from and --to say what of it.",
		Example: "  depthwire replay recording/recording.db --venue okx\n" +
			"  depthwire replay recording/recording.db BTC/USDT --venue okx --kind trades --speed 10\n" +
			"  depthwire replay frames.jsonl.gz BTC/USDT --kind book --speed fast --json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("name a recording")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return r.run(c.Context(), args[0], once(args[1:])) },
	}
	f := c.Flags()
	f.StringVar(&r.venue, "venue", "", "whose frames, where the recording has several venues")
	f.StringVar(&r.from, "from", "", "`time` of receipt, RFC 3339 or a date: what came before is left out")
	f.StringVar(&r.to, "to", "", "`time` from which on it is left out")
	f.StringVar(&r.speed, "speed", "1", "1 is the rhythm of the recording, 10 ten times as fast, fast as fast as it is read")
	f.StringVarP(&r.kindName, "kind", "k", kinds[0].name, "with symbols: what to show: "+strings.Join(kindNames(), ", "))
	f.IntVar(&r.depth, "depth", 0, "with symbols: levels a side of books that were recorded so (default: all, of which 5 are shown); rows a market of trades (default 5)")
	f.StringVar(&r.interval, "interval", "1m", "with symbols: of candles")
	f.IntVar(&r.count, "count", 0, "with symbols: end after so many values")
	f.DurationVar(&r.length, "for", 0, "end after so long, e.g. 10s")
	complete(c, "venue", exchanges.Names()...)
	complete(c, "speed", "1", "10", "fast")
	complete(c, "kind", kindNames()...)
	for _, flag := range []string{"from", "to", "depth", "interval", "count", "for"} {
		complete(c, flag)
	}
	return c
}

func (r *replaying) run(ctx context.Context, path string, symbols []string) error {
	o, err := r.replayOptions(len(symbols) > 0)
	if err != nil {
		return err
	}
	server, err := r.open(ctx, path, o)
	if err != nil {
		return err
	}
	if len(symbols) == 0 {
		if r.length > 0 {
			var stop context.CancelFunc
			ctx, stop = context.WithTimeout(ctx, r.length)
			defer stop()
		}
		s := &serving{app: r.app, simulation: simulation{capture: path}}
		return s.serve(ctx, server.Venue(), &served{server: server})
	}
	defer server.Close()
	r.replayed, r.rate, r.venues = server, usualRate, []string{server.Venue()}
	for _, symbol := range symbols {
		r.sources = append(r.sources, &source{venue: server.Venue(), symbol: symbol})
	}
	return r.watching.run(ctx)
}

// replayOptions reads the flags.
func (r *replaying) replayOptions(memory bool) (o replay.Options, err error) {
	o = replay.Options{Venue: r.venue, Speed: 1, Memory: memory, Log: r.log(r.app.err)}
	now := time.Now()
	if r.venue != "" {
		err = checkVenue(r.venue)
	}
	if err == nil && r.from != "" {
		o.From, err = parseTime(r.from, now)
	}
	if err == nil && r.to != "" {
		o.To, err = parseTime(r.to, now)
	}
	if r.speed == "fast" {
		o.Speed = 0
	} else if o.Speed, _ = strconv.ParseFloat(strings.TrimPrefix(r.speed, "x"), 64); !(o.Speed > 0 && o.Speed <= 1e6) && err == nil {
		err = usagef("--speed %s is none; write 1, 10, 0.5 or fast", quoted(r.speed))
	}
	return o, err
}

// open serves what a path or an address has.
func (r *replaying) open(ctx context.Context, path string, o replay.Options) (server *venuetest.Server, err error) {
	switch {
	case isDir(filepath.Join(path, "log")):
		server, err = replay.Open(ctx, filepath.Join(path, "log"), o)
	case strings.Contains(path, "://"), schemeOf(path) == "sqlite", isDir(path) && !isLog(path):
		server, err = r.stored(ctx, path, o)
	default:
		server, err = replay.Open(ctx, path, o)
	}
	switch {
	case errors.Is(err, replay.ErrVenues):
		return nil, usagef("%v: --venue", err)
	case err != nil && !errors.Is(err, venuetest.ErrNoRecording):
		return nil, err
	case err == nil && server.Venue() != "" && len(server.Markets()) > 0:
		return server, nil
	case err == nil:
		server.Close()
	}
	return nil, fmt.Errorf("there are no frames of that venue and time: they are recorded with --raw (raw: true); a log keeps those that a store lacks")
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// isLog reports whether a directory is that of a log itself.
func isLog(path string) bool {
	all, err := filepath.Glob(filepath.Join(path, "*.wal"))
	return err == nil && len(all) > 0
}

// stored serves the frames of a store.
func (r *replaying) stored(ctx context.Context, raw string, o replay.Options) (*venuetest.Server, error) {
	address, err := expandURL(raw, r.env)
	if err != nil {
		return nil, usagef("%v", err)
	}
	if err := checkSink(address); err != nil {
		return nil, err
	}
	store, err := openStore(ctx, address, r.timeout)
	if err != nil {
		return nil, err
	}
	from, to := o.From, o.To
	if from.IsZero() {
		from = time.Unix(0, 0)
	}
	if to.IsZero() {
		to = time.Now().AddDate(1, 0, 0)
	}
	server, err := replay.Serve(ctx, replay.Store(store, from, to), o)
	return server, errors.Join(err, store.Close())
}
