package exchange

import (
	"cmp"
	"slices"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/stream"
)

// StreamHealth tells how one stream is.
type StreamHealth struct {
	Endpoint  string // the socket's name
	Kind      string // what it carries: "order book", "trades", …; several have a comma between; empty for WatchRaw
	Symbol    string // empty where several symbols have the topic in common
	Topic     string
	State     stream.TopicState
	Book      book.State // of an order book
	Readers   int
	Connected bool
	Since     time.Time     // of the connection, or of its loss
	Heard     time.Time     // when data last came, zero: not on this connection
	Limit     time.Duration // silence beyond this is an alarm; 0 while the rhythm is not known
	Connects  uint64        // how often the connection was made
	Malformed uint64        // messages on it that could not be understood
	Err       error         // why the topic is refused, the connection was lost last, or REST does not make whole what the account's stream has missed
}

// Health returns the state of every stream of the client, by endpoint and topic. What is followed by REST alone has the family's endpoint
// and the paths.
func (c *Client) Health() []StreamHealth {
	about := c.kinds.about()
	all := c.accounts.about(about)
	c.mu.Lock()
	hubs := make(map[*Socket]*stream.Hub, len(c.hubs))
	for s, h := range c.hubs {
		hubs[s] = h
	}
	c.mu.Unlock()
	for s, h := range hubs {
		for _, x := range h.Health() {
			for _, t := range x.Topics {
				one := about[topicKey{s, t.Topic}]
				one.Endpoint, one.Topic, one.State, one.Heard, one.Limit = s.Name, t.Topic, t.State, t.Heard, t.Limit
				one.Connected, one.Since, one.Connects, one.Malformed = x.Connected, x.Since, x.Connects, x.Malformed
				if t.Err != nil || !x.Connected || one.Err == nil {
					one.Err = t.Err
				}
				if one.Err == nil && !x.Connected {
					one.Err = x.Err
				}
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b StreamHealth) int {
		return cmp.Or(cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Topic, b.Topic))
	})
	return all
}

type topicKey struct {
	socket *Socket
	topic  string
}

// about returns what the topics of the client are about.
func (k *kinds) about() map[topicKey]StreamHealth {
	all := make(map[topicKey]StreamHealth)
	k.ticker.about(all)
	k.bidAsk.about(all)
	k.trades.about(all)
	k.candles.about(all)
	k.funding.about(all)
	k.mark.about(all)
	k.open.about(all)
	k.forced.about(all)
	k.books.about(all)
	return all
}

func (s *shelf[T, P]) about(all map[topicKey]StreamHealth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.open {
		key := topicKey{x.market.family.Sockets[x.channel.Socket], x.topic}
		one := StreamHealth{Kind: s.name, Symbol: x.market.Symbol, Readers: x.feed.Readers()}
		if x.channel.Shared {
			one.Symbol, one.Readers = "", one.Readers+all[key].Readers
		}
		all[key] = one
	}
}

func (s *bookShelf) about(all map[topicKey]StreamHealth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.kept {
		h := StreamHealth{Kind: "order book", Symbol: k.market.Symbol, Book: k.state()}
		for _, v := range k.viewers() {
			h.Readers += v.feed.Readers()
		}
		all[topicKey{k.market.family.Sockets[k.channel.Socket], k.topic}] = h
	}
}

func (k *keptBook) state() book.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sync.State()
}

// open returns the hole in the book, nil when there is none.
func (k *keptBook) open() *stream.Break {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.hole
}
