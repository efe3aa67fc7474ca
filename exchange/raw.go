package exchange

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// WatchRaw follows topics that the tables lack, by the venue's own names, through the
// same sockets, limits and reconnections, private ones included. socket is the name of an endpoint, as in
// Options.Endpoints; where a public and a private socket share one, the other is found by its key in Family.Sockets.
func (c *Client) WatchRaw(ctx context.Context, socket string, topics ...string) (*stream.Subscription[Raw], error) {
	const op = "WatchRaw"
	_, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer cancel()
	s := c.venue.socket(socket)
	if s == nil || len(topics) == 0 {
		return nil, c.fail(op, "", ErrBadRequest, "a socket of the venue and a topic are needed; sockets are "+strings.Join(c.venue.sockets(), ", "))
	}
	hub, err := c.hub(s)
	if err != nil {
		return nil, c.fail(op, "", err, "")
	}
	var sinks []*rawSink
	var feeds []*stream.Feed[Raw]
	for _, topic := range topics {
		x := &rawSink{c: c, topic: topic, feed: stream.NewEvents(kind[Raw](), c.o.Ring)}
		sinks = append(sinks, x)
		feeds = append(feeds, x.feed)
		hub.Add(topic, x)
	}
	return stream.Subscribe(ctx, func() {
		for _, x := range sinks {
			hub.Remove(x.topic, x)
		}
	}, feeds...), nil
}

func (v *Venue) socket(name string) *Socket {
	for _, f := range v.Families {
		for _, key := range slices.Sorted(maps.Keys(f.Sockets)) { // several may share an endpoint: it is always the same one
			if s := f.Sockets[key]; s.Name == name {
				return s
			}
		}
	}
	for _, f := range v.Families {
		if s := f.Sockets[name]; s != nil {
			return s
		}
	}
	return nil
}

func (v *Venue) sockets() []string {
	names := make(map[string]bool)
	for _, f := range v.Families {
		for _, s := range f.Sockets {
			names[s.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Call sends a request that the tables lack to a family of the venue, through the same
// limits and retries. What it costs stands in its Charges. Where r is Signed it is made with Options.Credentials: in the
// venue's way, by its clock, and once more when the venue refuses the time.
func (c *Client) Call(ctx context.Context, family string, r *rest.Request) (*rest.Response, error) {
	const op = "Call"
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer cancel()
	var names []string
	for _, f := range c.venue.Families {
		if f.Name == family {
			own := *r
			own.Signed = own.Signed || f.Token != ""
			answer, err := c.send(ctx, f, &own)
			if err != nil {
				return nil, c.explain(f, op, "", err)
			}
			return answer, nil
		}
		names = append(names, f.Name)
	}
	return nil, c.fail(op, "", ErrBadRequest, "no family "+family+"; there are "+strings.Join(names, ", "))
}

// rawSink passes messages on as they are.
type rawSink struct {
	c     *Client
	topic string
	feed  *stream.Feed[Raw]
}

func (x *rawSink) Data(data []byte, received time.Time) error {
	v := Raw{Topic: x.topic, Data: slices.Clone(data)}
	v.Stamp = Stamp{Venue: x.c.venue.Name, Received: received, Source: Stream}
	x.feed.Publish(&v)
	return nil
}

func (x *rawSink) Flush()                 { x.feed.Flush() }
func (x *rawSink) Down(why *stream.Break) { x.feed.Lose(why) }
func (x *rawSink) Up()                    {}
func (x *rawSink) Refused(err error)      { x.feed.Fail(x.c.refusal("WatchRaw", "", err)) }
