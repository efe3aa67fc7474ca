package exchange

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/rest"
)

// Options of a Client. The zero value is for public data of the real venue.
type Options struct {
	// Live lets Fetch methods answer from streams: the first call subscribes, later ones
	// read memory, REST serves what is not streamed or not in sync. The Stamp says which.
	Live bool
	// Raw keeps the venue's bytes in each value's Stamp.
	Raw bool
	// Ring is how many events of one market are kept for readers who are behind. 0: 1,024.
	Ring int
	// BookInterval is how long changes of watched order books may be gathered by the venue: fewer and larger messages, for
	// slow links. Of the intervals that the venue has the shortest that is no shorter is taken, or else the longest; where it
	// has one only, that. The book is as exact with any. docs/venues.md lists them. 0: the shortest.
	BookInterval time.Duration
	// LiveWait is how long a Live fetch waits for its first state before it asks
	// REST. 0: 5 s.
	LiveWait time.Duration
	// MarketsTTL is how long the list of markets is good. 0: 1 h. It is loaded anew as
	// well when a symbol is not found.
	MarketsTTL time.Duration

	// Token is what a venue that sells data knows its customer by. It is a secret, and never
	// stands in an error or a log.
	Token string
	// Plan is the name of what was bought with Token, where the venue sells several:
	// limits depend on it. Empty: the smallest.
	Plan string
	// Credentials are for private data, and wanted by signed calls alone. The client has a copy, which Close wipes.
	Credentials Credentials
	// Vault gives the Credentials in place of the field: before the first call that needs them, and again after the
	// venue has refused them. ctx ends with the client, which wipes what it is given.
	Vault func(ctx context.Context) (Credentials, error)

	// Environment is the name of one for trying things out, where the venue has such: demo or testnet. docs/venues.md lists
	// them. It has keys and accounts of its own, and may lack families of markets: nothing of it goes to the real venue. Empty:
	// the real one.
	Environment string
	// Endpoints replaces the addresses of the venue by name: simulated venues, regions.
	Endpoints map[string]string
	// DialContext makes all network connections, of REST and of sockets. It may serve
	// a network of its own: limits are then not shared with other clients.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Proxy is an http, https or socks5 URL for REST and sockets. The environment's proxy
	// variables are not looked at.
	Proxy string
	TLS   *tls.Config
	// Transport replaces the HTTP transport that is made of the above.
	Transport http.RoundTripper
	UserAgent string
	// Governor keeps the venue's limits. nil: all clients of this process that ask the same
	// host share one.
	Governor *rest.Governor
	// Tap is told everything that goes over the wire for public data: sockets, their messages both ways, and bodies of REST. Nothing
	// that is private is in it: no socket that is an account's, nothing signed, no answer to Call, which may be either. A message that is too
	// large or damaged is not in it either: it was not read. What a socket does is told in its order, one after the other, sockets
	// among themselves in any, at the same time. What the venue sends waits until Tap returns. It may not close the client. nil costs nothing.
	Tap func(*Frame)
	Log *slog.Logger
}

// Format prints the options without their secrets, whatever the verb.
func (o Options) Format(f fmt.State, verb rune) {
	type plain Options // without this method
	shown := plain(o)
	for _, s := range []*string{&shown.Token, &shown.Proxy} { // that of a proxy may be in its address
		if *s != "" {
			*s = hidden
		}
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), shown)
}

func (o Options) filled() Options {
	if o.Ring <= 0 {
		o.Ring = 1024
	}
	if o.LiveWait <= 0 {
		o.LiveWait = 5 * time.Second
	}
	if o.MarketsTTL <= 0 {
		o.MarketsTTL = time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// check finds what is wrong with the options for a venue.
func (o *Options) check(v *Venue) error {
	if o.Plan != "" && v.Plans[o.Plan] == nil {
		return fmt.Errorf("%w: no plan %q; there are %s", ErrBadRequest, o.Plan, strings.Join(slices.Sorted(maps.Keys(v.Plans)), ", "))
	}
	if _, known := v.Environments[o.Environment]; o.Environment != "" && !known {
		return fmt.Errorf("%w: no environment %q; there are %s", ErrBadRequest, o.Environment, cmp.Or(strings.Join(slices.Sorted(maps.Keys(v.Environments)), ", "), "none"))
	}
	if o.Token != "" && len(o.Token) < shortSecret {
		return fmt.Errorf("%w: token is too short to be one", ErrBadRequest)
	}
	if o.BookInterval < 0 {
		return fmt.Errorf("%w: negative BookInterval", ErrBadRequest)
	}
	if o.Vault != nil && !o.Credentials.IsZero() {
		return fmt.Errorf("%w: either Credentials or Vault", ErrBadRequest)
	}
	known := v.endpoints()
	for name, address := range o.Endpoints {
		if known[name] == "" {
			return fmt.Errorf("%w: no endpoint %q; there are %s", ErrBadRequest, name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		if u, err := url.Parse(address); err != nil || u.Host == "" {
			return fmt.Errorf("%w: endpoint %s is no URL with a host", ErrBadRequest, name)
		}
	}
	if o.Proxy != "" {
		if u, err := url.Parse(o.Proxy); err != nil || u.Host == "" {
			return fmt.Errorf("%w: proxy is no URL with a host", ErrBadRequest) // it may hold a password: not shown
		}
	}
	return nil
}

// endpoints returns the addresses of a venue by name.
func (v *Venue) endpoints() map[string]string {
	all := make(map[string]string)
	for _, f := range v.Families {
		all[f.Base.Name] = f.Base.URL
		for _, s := range f.Sockets {
			all[s.Name] = s.URL
		}
	}
	return all
}

// address is where an endpoint is, empty when the environment has none of the name.
func (c *Client) address(e Endpoint) string {
	if a, ok := c.o.Endpoints[e.Name]; ok {
		return strings.TrimSuffix(a, "/")
	}
	if c.o.Environment != "" {
		return c.venue.Environments[c.o.Environment].Endpoints[e.Name]
	}
	return e.URL
}

// settle leaves what the environment has of the venue.
func (c *Client) settle() {
	if c.o.Environment == "" {
		return
	}
	own := *c.venue
	own.Families = slices.DeleteFunc(slices.Clone(own.Families), func(f *Family) bool { return c.address(f.Base) == "" })
	c.venue = &own
	for name, value := range own.Environments[c.o.Environment].Header {
		if c.header == nil {
			c.header = make(http.Header)
		}
		c.header.Set(name, value)
	}
}

// transport returns what REST calls go through.
func (o *Options) transport() http.RoundTripper {
	if o.Transport != nil {
		return o.Transport
	}
	t := &http.Transport{
		DialContext:           o.DialContext,
		TLSClientConfig:       o.TLS.Clone(),
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	if u, err := url.Parse(o.Proxy); o.Proxy != "" && err == nil {
		t.Proxy = http.ProxyURL(u)
	}
	return t
}

// dialing returns how sockets are made.
func (o *Options) dialing(s *Socket) dial.Options {
	d := dial.Options{Proxy: o.Proxy, TLS: o.TLS, DialContext: o.DialContext, MaxMessage: s.MaxFrame}
	if s.Compress != "" {
		d.Compress, d.Mode = dial.Compression(s.Compress), dial.Recv
	}
	return d
}

// governors are shared by the clients of this process: limits are counted by
// address, or by token, and a ban of one is a ban of all.
var governors struct {
	sync.Mutex
	byHost map[string]*rest.Governor
}

func (o *Options) governor(base string) *rest.Governor {
	switch {
	case o.Governor != nil:
		return o.Governor
	case o.DialContext != nil || o.Transport != nil:
		return &rest.Governor{Clock: &rest.Clock{}}
	}
	governors.Lock()
	defer governors.Unlock()
	base += "\n" + o.Token
	g := governors.byHost[base]
	if g == nil {
		if governors.byHost == nil {
			governors.byHost = make(map[string]*rest.Governor)
		}
		g = &rest.Governor{Clock: &rest.Clock{}}
		governors.byHost[base] = g
	}
	return g
}
