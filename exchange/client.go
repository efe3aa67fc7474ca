package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// Client fetches and watches the data of one venue. Its methods may be called from any
// goroutine. The context of a Fetch bounds that call; the context of a Watch is
// the life of the subscription.
type Client struct {
	venue  *Venue
	o      Options
	err    error // what is wrong with the options: every call says it
	ctx    context.Context
	cancel context.CancelCauseFunc
	http   map[*Family]*rest.Client
	keys   *keyring
	header http.Header // of the environment: all requests and sockets have it
	names  accountNames

	markets   marketList
	snapshots snapshots
	refills   errands
	chores    errands            // of private sockets
	flights   singleflight.Group // first subscriptions of Live fetches
	kinds     kinds
	accounts  accountStreams

	mu       sync.Mutex
	hubs     map[*Socket]*stream.Hub
	sessions map[*Socket]*Session // of the private ones among them
	kept     map[liveKey]bool     // what Live fetches have subscribed to
	closed   bool
}

// mostBody bounds an answer: the list of a large venue's markets has some 20 MB.
const mostBody = 64 << 20

// New returns a client of v. It sends nothing. Options that do not fit are reported
// by every call.
func New(v *Venue, o Options) *Client {
	c := &Client{venue: v, o: o.filled()}
	c.err = c.o.check(v)
	if bought := v.Plans[o.Plan]; bought != nil {
		c.venue = &Venue{Name: v.Name, Families: bought, Environments: v.Environments}
	}
	c.settle()
	var unfit error
	if c.keys, unfit = newKeyring(c.venue, &c.o); c.err == nil {
		c.err = unfit
	}
	c.o.Credentials = Credentials{} // the keyring has its own, which Close wipes
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.http = make(map[*Family]*rest.Client, len(v.Families))
	c.hubs = make(map[*Socket]*stream.Hub)
	c.sessions = make(map[*Socket]*Session)
	c.kept = make(map[liveKey]bool)
	c.kinds, c.accounts = newKinds(c), newAccountStreams(c)
	transport := c.o.transport()
	hosts := make(map[string]*rest.Governor)
	for _, f := range c.venue.Families {
		base := c.address(f.Base)
		if hosts[base] == nil {
			hosts[base] = c.o.governor(base)
		}
		c.http[f] = &rest.Client{
			Base: base, Transport: transport, Governor: hosts[base], Clock: hosts[base].Clock,
			Judge: f.judge, Signer: f.signer(c.o.Token, c.keys, base), UserAgent: c.o.UserAgent, Header: c.header, Log: c.o.Log,
			MaxBody: mostBody, Timeout: 20 * time.Second,
		}
	}
	return c
}

// Err returns what is wrong with the options, nil when nothing is.
func (c *Client) Err() error {
	if c.err == nil {
		return nil
	}
	return c.misused("New")
}

// misused is the error of every call when the options do not fit.
func (c *Client) misused(op string) error {
	kind := ErrBadRequest
	if errors.Is(c.err, ErrAuth) {
		kind = ErrAuth
	}
	return &Error{Venue: c.venue.Name, Op: op, Kind: kind, Err: c.err}
}

// Format prints whose client it is, and nothing else: fmt would look into what it was made of.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "client of %s", c.venue.Name) }

// Venue returns the name of the venue.
func (c *Client) Venue() string { return c.venue.Name }

// Close ends all subscriptions, connections and goroutines of the client and waits for
// them. Calls that are under way end with ErrClosed. It may be called more than once, but not
// from OnEvent: it waits for the goroutine that calls that.
func (c *Client) Close() error {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	hubs := make([]*stream.Hub, 0, len(c.hubs))
	for _, h := range c.hubs {
		hubs = append(hubs, h)
	}
	c.mu.Unlock()
	c.cancel(ErrClosed)
	for _, h := range hubs {
		h.Close()
	}
	c.snapshots.close()
	c.refills.close()
	c.accounts.close()
	c.chores.close()
	c.keys.close()
	if first {
		c.kinds.close(ErrClosed)
		for _, h := range c.http {
			if t, ok := h.Transport.(interface{ CloseIdleConnections() }); ok && c.o.Transport == nil {
				t.CloseIdleConnections()
			}
		}
	}
	return nil
}

// begin checks whether a call can be made, and ties its context to the client's.
func (c *Client) begin(ctx context.Context, op string) (context.Context, context.CancelFunc, error) {
	if c.err != nil {
		return nil, nil, c.misused(op)
	}
	if c.ctx.Err() != nil {
		return nil, nil, &Error{Venue: c.venue.Name, Op: op, Kind: ErrClosed}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.ctx, func() { cancel(context.Cause(c.ctx)) })
	return ctx, func() { stop(); cancel(nil) }, nil
}
