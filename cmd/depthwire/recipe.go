package main

import (
	"cmp"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// recipe is what is recorded, and where to: the file of --config, or flags.
type recipe struct {
	dir      string
	venues   []venueRecipe
	sinks    []sinkRecipe
	log      wal.Options
	depth    int
	snapshot time.Duration
	drain    time.Duration
	metrics  string // address to listen on, empty: no metrics
}

// venueRecipe is some symbols of a venue, by one client.
type venueRecipe struct {
	name      string
	symbols   []string
	channels  []record.Channel
	intervals []exchange.Interval
	raw       bool
	endpoints map[string]string
	token     string
	plan      string
	proxy     string
}

// sinkRecipe is one sink.
type sinkRecipe struct {
	name  string
	url   string
	batch int
	every time.Duration
}

// channels that can be asked for: frames are asked for by raw.
var channels = []string{string(record.Trades), string(record.Books), string(record.Tickers), string(record.BidAsks), string(record.Candles), string(record.Funding)}

const mostLevels = 5000 // of a side of a book

// readRecipe reads the file of --config.
func readRecipe(path string, env func(string) string) (*recipe, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, r := &settings{file: path, env: env}, &recipe{}
	if n := s.document(text); n != nil {
		r.read(s, n)
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	return r, r.finish()
}

func (r *recipe) read(s *settings, n *yaml.Node) {
	s.mapping(n, "the file",
		setting{"dir", func(n *yaml.Node) { r.dir = s.text(n, "dir") }},
		setting{"venues", func(n *yaml.Node) { r.readVenues(s, n) }},
		setting{"sinks", func(n *yaml.Node) { r.readSinks(s, n) }},
		setting{"log", func(n *yaml.Node) { r.readLog(s, n) }},
		setting{"depth", func(n *yaml.Node) { r.depth = s.count(n, "depth", mostLevels) }},
		setting{"snapshot", func(n *yaml.Node) { r.snapshot = s.span(n, "snapshot") }},
		setting{"drain", func(n *yaml.Node) { r.drain = s.span(n, "drain") }},
		setting{"metrics", func(n *yaml.Node) {
			address, err := listenAddress(s.text(n, "metrics"))
			if r.metrics = address; err != nil {
				s.wrong(n, "%v", err)
			}
		}},
	)
}

// readVenues reads venues by name: the settings of each, or a list of such.
func (r *recipe) readVenues(s *settings, n *yaml.Node) {
	s.entries(n, "venues", func(key, value *yaml.Node) {
		if !slices.Contains(exchanges.Names(), key.Value) {
			s.wrong(key, "%s", unknown("venue", key.Value, exchanges.Names()))
			return
		}
		parts := []*yaml.Node{value}
		if target(value).Kind == yaml.SequenceNode {
			parts = s.items(value, key.Value, "- symbols: [BTC/USDT]")
		}
		for _, part := range parts {
			r.readVenue(s, key.Value, part)
		}
	})
}

func (r *recipe) readVenue(s *settings, name string, n *yaml.Node) {
	v := venueRecipe{name: name}
	s.mapping(n, name,
		setting{"symbols", func(n *yaml.Node) { v.symbols = s.texts(n, "symbols", "[BTC/USDT, ETH/USDT]") }},
		setting{"channels", func(n *yaml.Node) {
			for _, c := range s.choices(n, "channels", channels...) {
				v.channels = append(v.channels, record.Channel(c))
			}
		}},
		setting{"intervals", func(n *yaml.Node) {
			for _, text := range s.texts(n, "intervals", "[1m]") {
				if v.intervals = append(v.intervals, exchange.Interval(text)); exchange.Interval(text).Duration() == 0 {
					s.wrong(n, "intervals: %s is none; write 1m, 1h, 1d", quoted(text))
				}
			}
		}},
		setting{"raw", func(n *yaml.Node) { v.raw = s.flag(n, "raw") }},
		setting{"endpoints", func(n *yaml.Node) {
			v.endpoints = make(map[string]string)
			s.entries(n, "endpoints", func(key, value *yaml.Node) { v.endpoints[key.Value] = s.address(value, key.Value) })
		}},
		setting{"token", func(n *yaml.Node) { v.token = s.text(n, "token") }},
		setting{"plan", func(n *yaml.Node) { v.plan = s.text(n, "plan") }},
		setting{"proxy", func(n *yaml.Node) { v.proxy = s.address(n, "proxy") }},
	)
	switch {
	case len(s.errs) > 0:
	case len(v.symbols) == 0:
		s.wrong(n, "%s has no symbols", name)
	case len(v.intervals) > 0 && !slices.Contains(v.channels, record.Candles):
		s.wrong(n, "%s: intervals are for the channel candles", name)
	}
	r.venues = append(r.venues, v)
}

func (r *recipe) readSinks(s *settings, n *yaml.Node) {
	for _, item := range s.items(n, "sinks", "- url: sqlite:///var/lib/depthwire/ticks.db") {
		var x sinkRecipe
		s.mapping(item, "sinks",
			setting{"url", func(n *yaml.Node) {
				if x.url = s.address(n, "url"); x.url != "" {
					if err := checkSink(x.url); err != nil {
						s.wrong(n, "%v", err)
					}
				}
			}},
			setting{"name", func(n *yaml.Node) {
				if x.name = s.text(n, "name"); x.name != "" && !sinkName.MatchString(x.name) {
					s.wrong(n, "name: letters, digits, - and _ are allowed")
				}
			}},
			setting{"batch", func(n *yaml.Node) { x.batch = s.count(n, "batch", 1_000_000) }},
			setting{"every", func(n *yaml.Node) { x.every = s.span(n, "every") }},
		)
		if x.url == "" && len(s.errs) == 0 {
			s.wrong(item, "the sink has no url")
		}
		r.sinks = append(r.sinks, x)
	}
}

var sinkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func (r *recipe) readLog(s *settings, n *yaml.Node) {
	o := &r.log
	s.mapping(n, "log",
		setting{"sync", func(n *yaml.Node) {
			if word := s.choice(n, "sync", "every", "always", "never"); word != "every" {
				o.Sync = wal.Sync(word)
			}
		}},
		setting{"every", func(n *yaml.Node) { o.Every = s.span(n, "every") }},
		setting{"segment", func(n *yaml.Node) { o.Segment = s.bytes(n, "segment") }},
		setting{"budget", func(n *yaml.Node) { o.Budget = s.bytes(n, "budget") }},
		setting{"full", func(n *yaml.Node) {
			if word := s.choice(n, "full", "block", "oldest"); word != "block" {
				o.Full = wal.Policy(word)
			}
		}},
	)
	const leastSegment, usualSegment = 4 << 10, 64 << 20
	switch {
	case o.Segment != 0 && o.Segment < leastSegment:
		s.wrong(n, "log: segment must be 4KiB or more")
	case o.Budget != 0 && o.Budget < 2*cmp.Or(o.Segment, usualSegment):
		s.wrong(n, "log: budget must be two segments or more, %s", size(2*cmp.Or(o.Segment, usualSegment)))
	}
}

// usualDir is where a recording goes that nobody has said a place for.
const usualDir = "recording"

// finish fills in what was left out, and finds what does not fit together.
func (r *recipe) finish() error {
	r.dir = cmp.Or(r.dir, usualDir)
	if len(r.venues) == 0 {
		return usagef("there are no venues to record: name some and their symbols, such as --venues binance,okx --symbols BTC/USDT,ETH/USDT")
	}
	if len(r.sinks) == 0 {
		r.sinks = []sinkRecipe{{url: usualSink(r.dir)}}
	}
	taken := make(map[string]int)
	for _, x := range r.sinks {
		taken[strings.ToLower(x.name)]++
	}
	for i := range r.sinks {
		x := &r.sinks[i]
		if x.name != "" && taken[strings.ToLower(x.name)] > 1 {
			return usagef("two sinks are called %s", x.name)
		}
		for n, scheme := 1, schemeOf(x.url); x.name == ""; n++ { // clickhouse, clickhouse-2
			name := scheme
			if n > 1 {
				name += "-" + strconv.Itoa(n)
			}
			if taken[name] == 0 {
				x.name, taken[name] = name, 1
			}
		}
	}
	return nil
}

// listenAddress completes an address: without a host it is loopback.
func listenAddress(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if !strings.Contains(text, ":") {
		text = ":" + text
	}
	host, port, err := net.SplitHostPort(text)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		return "", usagef("metrics: %s is no address; write :9464 for this machine alone, 0.0.0.0:9464 for all", quoted(text))
	}
	return net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port), nil
}

// names returns the venues, each once.
func (r *recipe) names() []string {
	all := make(map[string]bool)
	for _, v := range r.venues {
		all[v.name] = true
	}
	return slices.Sorted(maps.Keys(all))
}
