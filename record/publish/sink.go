package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/lines"
)

// Options of a Sink. The zero value is for everyday use.
type Options struct {
	// Window is for how long a stream of JetStream that is made remembers the ids of messages. 0: 10 min.
	Window time.Duration
	// Dial are those of the connections: TLS, a proxy. Mode and Reconnect are the Sink's.
	Dial dial.Options
}

// Sink publishes batches. It implements record.Sink.
type Sink struct {
	to    address
	o     Options
	conns map[*record.Table]dial.Publisher // Tables[0] stands for all where one connection does

	keys map[market]string
	e    lines.Encoder
	text []byte // of all bodies
	ids  []byte
	at   []item
	out  []dial.Publication
}

type market struct {
	table         *record.Table
	venue, symbol string
}

// item is one message, before it is known where the text will be.
type item struct {
	pos      uint64
	key      string
	from, to int // in text
	id, end  int // in ids
}

var _ record.Sink = (*Sink)(nil)

// Open connects to a broker, of which the package's documentation says the addresses. ctx bounds Open. Errors are those of dial.Dial.
func Open(ctx context.Context, address string, o Options) (*Sink, error) {
	to, err := parse(address)
	if err != nil {
		return nil, err
	}
	if o.Window <= 0 {
		o.Window = 10 * time.Minute
	}
	to.remember(o.Window)
	o.Dial.Mode, o.Dial.Reconnect = dial.Send, true
	s := &Sink{to: to, o: o, conns: make(map[*record.Table]dial.Publisher), keys: make(map[market]string)}
	if _, err := s.conn(ctx, record.Tables[0]); err != nil {
		return nil, err
	}
	return s, nil
}

// conn returns the connection of a table.
func (s *Sink) conn(ctx context.Context, t *record.Table) (dial.Publisher, error) {
	if c := s.conns[t]; c != nil {
		return c, nil
	}
	c, err := s.o.Dial.Dial(ctx, s.to.of(t))
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	p, ok := c.(dial.Publisher)
	if !ok {
		return nil, errors.Join(fmt.Errorf("publish: %s: %w", s.to.scheme, errors.ErrUnsupported), c.Close())
	}
	s.conns[t] = p
	return p, nil
}

// Write implements record.Sink: it returns when the broker has confirmed all.
func (s *Sink) Write(ctx context.Context, b *record.Batch) (err error) {
	if s.conns == nil {
		return fmt.Errorf("publish: %w", dial.ErrClosed)
	}
	defer func() {
		if err != nil {
			s.text, s.out = nil, nil // a client library may have them still
		}
	}()
	s.text, s.ids, s.at = s.text[:0], s.ids[:0], s.at[:0]
	if s.to.topics {
		return s.byTopic(ctx, b)
	}
	for _, r := range b.Tables {
		s.encode(b, r)
	}
	slices.SortFunc(s.at, func(a, b item) int { return cmp.Compare(a.pos, b.pos) })
	c, err := s.conn(ctx, record.Tables[0])
	if err != nil {
		return err
	}
	return s.send(ctx, c, s.messages())
}

// byTopic publishes the rows of each table on a connection of its own, at the same time.
func (s *Sink) byTopic(ctx context.Context, b *record.Batch) error {
	ends := make([]int, 0, len(b.Tables))
	for _, r := range b.Tables {
		s.encode(b, r)
		ends = append(ends, len(s.at))
	}
	all, from := s.messages(), 0
	group, ctx := errgroup.WithContext(ctx)
	for i, r := range b.Tables {
		c, err := s.conn(ctx, r.Table)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		some := all[from:ends[i]]
		from = ends[i]
		group.Go(func() error { return s.send(ctx, c, some) })
	}
	return group.Wait()
}

func (s *Sink) send(ctx context.Context, c dial.Publisher, messages []dial.Publication) error {
	err := c.Publish(ctx, messages)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, dial.ErrTooLarge):
		return fmt.Errorf("%w: publish: %w", record.ErrRefused, err)
	}
	return fmt.Errorf("publish: %w", err)
}

// encode makes the messages of rows.
func (s *Sink) encode(b *record.Batch, r *record.Rows) {
	for i := range r.Len() {
		m := item{pos: r.Pos[i], key: s.key(r, i), from: len(s.text), id: len(s.ids)}
		s.text = s.e.Append(s.text, b.Log, r, i)
		s.ids = lines.AppendID(s.ids, b.Log, r, i)
		m.to, m.end = len(s.text), len(s.ids)
		s.at = append(s.at, m)
	}
}

// mostKeys bounds how many markets a Sink remembers.
const mostKeys = 1 << 16

func (s *Sink) key(r *record.Rows, i int) string {
	m := market{r.Table, r.Columns[record.VenueColumn].Texts[i], r.Columns[record.SymbolColumn].Texts[i]}
	key, ok := s.keys[m]
	if !ok {
		if len(s.keys) >= mostKeys {
			clear(s.keys)
		}
		key = s.to.key(m.table, m.venue, m.symbol)
		s.keys[m] = key
	}
	return key
}

func (s *Sink) messages() []dial.Publication {
	s.out = s.out[:0]
	ids := string(s.ids)
	for _, m := range s.at {
		s.out = append(s.out, dial.Publication{Key: m.key, ID: ids[m.id:m.end], Body: s.text[m.from:m.to:m.to]})
	}
	return s.out
}

// Close ends the connections.
func (s *Sink) Close() (err error) {
	for _, c := range s.conns {
		err = errors.Join(err, c.(dial.Conn).Close())
	}
	s.conns = nil
	return err
}
