package publish

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/wal"
)

// ConsumeOptions say how Consume writes. The zero value is for everyday use, with a record.Keeper.
type ConsumeOptions struct {
	Rows  int           // of a full batch. 0: 10,000
	Every time.Duration // how long a row waits for its batch to fill. 0: 1 s
	// Remember is how many ids are remembered, to leave out what comes again. 0: 131,072
	Remember int
	// Cursor is the file that says how far a sink is that is not a record.Keeper; of Kafka one for each partition, whose names begin so.
	Cursor string
	// Refused is the file of what is left out: messages that are no rows, and rows that the sink refuses, a Refusal each. Empty: Consume ends
	// there, with record.ErrRefused.
	Refused string
	// Look is how often Kafka is asked whether topics have new partitions. 0: 30 s
	Look   time.Duration
	Dial   dial.Options // as Options.Dial
	Logger *slog.Logger // nil: silent
}

// Consume reads what Sinks publish to JetStream or Kafka, whose address is as for Open, and writes it into a sink, until ctx ends, when it returns nil.
//
// A stream of JetStream, and each partition of Kafka's topics, is to the sink what a log is to the sinks of a recorder: its sequence
// numbers, or offsets, are the positions, and the sink's cursor, not the broker, knows how far it is. So a batch is stored
// with its cursor or comes again, the same, whatever is killed when: what the broker has is in the sink once. Any number of collectors may publish to one
// address; one Consume at a time has a sink. The ids of the last ConsumeOptions.Remember messages are known, also after a
// restart, and a row that comes again within them is left out.
//
// A message that is no row, and a row that the sink refuses, go into the file ConsumeOptions.Refused, with the reason, the row also into the ledger of
// gaps, and the rest goes on. The broker must
// keep messages for longer than Consume may be away: what it has dropped by then is logged. Partitions that a topic of Kafka gets are read as well, within
// ConsumeOptions.Look; ids are known within one partition, and what comes again in another one is left to the key of the table. It does not notice when a
// topic is deleted and made again.
//
// Errors: those of dial.Dial; record.ErrFenced and record.ErrSchema of the sink; record.ErrRefused when there is something to be left out and no
// ConsumeOptions.Refused; record.ErrConfig when the sink is no record.Keeper and there is no ConsumeOptions.Cursor. Every other of the sink is logged, and
// tried again.
func Consume(ctx context.Context, address string, to record.Sink, o ConsumeOptions) error {
	or(&o.Rows, 10_000)
	or(&o.Every, time.Second)
	or(&o.Remember, 1<<17)
	or(&o.Look, 30*time.Second)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	o.Dial.Mode, o.Dial.Reconnect = dial.Recv, true
	a, err := parse(address)
	if err != nil {
		return err
	}
	if a.scheme != "nats" && a.scheme != "kafka" {
		return fmt.Errorf("%w: publish: Consume reads from nats:// and kafka://", dial.ErrAddress)
	}
	sink := &shared{to: to}
	if !a.topics {
		return ended(ctx, consume(ctx, a, a.of(record.Tables[0]), nil, sink, o))
	}
	outer, cancel := context.WithCancel(ctx)
	defer cancel()
	group, within := errgroup.WithContext(outer)
	a.add("offset", "first")
	for _, t := range record.Tables {
		conn, topic, has, err := parts(within, a.of(t), o)
		if err != nil {
			cancel()
			group.Wait() // which ends as we want it
			return ended(ctx, err)
		}
		read := func(n int) {
			part := a
			part.add("partition", strconv.Itoa(n))
			group.Go(func() error { return consume(within, part, part.of(t), t, sink, o) })
		}
		for n := range has {
			read(n)
		}
		group.Go(func() error {
			defer conn.Close()
			return grow(within, topic, has, read, o)
		})
	}
	return ended(ctx, group.Wait())
}

func or[T int | time.Duration](v *T, or T) {
	if *v <= 0 {
		*v = or
	}
}

// grow reads the partitions that a topic gets, until ctx ends.
func grow(ctx context.Context, topic dial.Placed, has int, read func(n int), o ConsumeOptions) error {
	for {
		if err := wait(ctx, o.Look); err != nil {
			return err
		}
		n, err := topic.Parts(ctx)
		if err != nil {
			o.Logger.Warn("cannot ask for partitions, trying again", "why", err)
		}
		for ; has < n; has++ {
			o.Logger.Info("a new partition is read", "partition", has)
			read(has)
		}
	}
}

// ended leaves out what the end of ctx has caused.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// parts asks how many partitions there are, by a connection that can be asked again.
func parts(ctx context.Context, address string, o ConsumeOptions) (conn dial.Conn, topic dial.Placed, n int, err error) {
	if conn, err = o.Dial.Dial(ctx, address); err != nil {
		return nil, nil, 0, fmt.Errorf("publish: %w", err)
	}
	topic, ok := conn.(dial.Placed)
	if !ok || topic.Origin() == "" {
		err = fmt.Errorf("%w: publish: an address without group", dial.ErrAddress)
	} else if n, err = topic.Parts(ctx); err != nil {
		err = fmt.Errorf("publish: %w", err)
	}
	if err != nil {
		conn.Close()
	}
	return conn, topic, n, err
}

// shared is a sink that several write to.
type shared struct {
	mu sync.Mutex // held over a Write: a sink is called by one at a time
	to record.Sink

	file sync.Mutex // of what is left out
}

func (s *shared) write(ctx context.Context, b *record.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(ctx, b)
}

func (s *shared) cursor(ctx context.Context, log wal.ID) (at uint64, kept bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, kept := s.to.(record.Keeper)
	if kept {
		at, err = k.Cursor(ctx, log)
	}
	return at, kept, err
}

// consume reads one stream, or one partition, whose messages are all of a table, if it is not nil.
func consume(ctx context.Context, a address, from string, t *record.Table, to *shared, o ConsumeOptions) error {
	conn, err := o.Dial.Dial(ctx, from)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	defer conn.Close()
	in, ok := conn.(placed)
	if !ok || in.Origin() == "" {
		return fmt.Errorf("%w: publish: a stream without durable", dial.ErrAddress)
	}
	c := &consumer{o: o, a: a, table: t, in: in, origin: in.Origin(), to: to, recent: newRecent(o.Remember), into: make(map[*record.Table]*record.Rows)}
	c.log = idOf(c.origin)
	if err := c.begin(ctx); err != nil {
		return err
	}
	for {
		to, err := c.gather(ctx)
		if err == nil {
			err = c.write(ctx, c.batch, to, c.until > 0)
		}
		if err != nil {
			return err
		}
	}
}

// placed is what Consume needs of a connection.
type placed interface {
	dial.Conn
	dial.Keyed
	dial.Placed
}

// idOf is the id under which a sink knows a stream.
func idOf(origin string) (id wal.ID) {
	sum := sha256.Sum256([]byte(origin))
	copy(id[:], sum[:])
	return id
}

// consumer is one call of Consume.
type consumer struct {
	o      ConsumeOptions
	a      address
	table  *record.Table // of all messages; nil: their subjects say it
	in     placed
	origin string
	log    wal.ID
	to     *shared
	marks  *marks // nil: the sink is a Keeper
	recent *recent

	cursor uint64 // what is before it is in the sink, or was left out
	seen   uint64 // the last message
	until  uint64 // the end of a batch that may be there already; 0: none
	batch  []message
	ahead  *message // read, and of the next batch
	told   uint64   // messages before it that are no rows are in the file

	dec  lines.Decoder
	into map[*record.Table]*record.Rows
	id   []byte
}

// message is one that was read, in a memory of its own.
type message struct {
	place uint64
	key   string
	body  []byte
}

// begin finds out how far the sink is, and goes back so far that the ids before it are known.
func (c *consumer) begin(ctx context.Context) error {
	at, kept, err := c.to.cursor(ctx, c.log)
	switch {
	case err != nil:
		return err
	case kept:
		c.cursor = at
	case c.o.Cursor == "":
		return fmt.Errorf("%w: publish: a sink without a cursor of its own needs ConsumeOptions.Cursor", record.ErrConfig)
	default:
		path := c.o.Cursor
		if c.table != nil {
			path += "." + strings.ReplaceAll(strings.TrimPrefix(c.origin, "kafka/"), "/", ".")
		}
		c.marks = &marks{path: path, log: c.log.String()}
		if c.cursor, c.until, err = c.marks.read(); err != nil {
			return err
		}
	}
	back := uint64(c.o.Remember)
	c.in.Seek(max(c.cursor, back) - back)
	return nil
}

// gather reads until a batch is full, or has waited long enough, and returns where it ends. A batch that was under way ends where it did.
func (c *consumer) gather(ctx context.Context) (to uint64, err error) {
	c.batch = c.batch[:0]
	if c.until > 0 {
		return c.fill(ctx, 1<<62)
	}
	if _, err := c.fill(ctx, 1); err != nil {
		return 0, err
	}
	within, cancel := context.WithTimeout(ctx, c.o.Every)
	defer cancel()
	to, err = c.fill(within, c.o.Rows)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return c.end(), nil
	}
	return to, err
}

// end is where the batch ends.
func (c *consumer) end() uint64 { return c.batch[len(c.batch)-1].place + 1 }

// fill reads until the batch has so many messages, or ends where it did before.
func (c *consumer) fill(ctx context.Context, most int) (to uint64, err error) {
	for len(c.batch) < most {
		m, err := c.next(ctx)
		switch {
		case err != nil:
			return 0, err
		case m.place < c.cursor: // to know its id
			_ = c.add(m) // what it is was told
			c.empty()
			continue
		case c.until > 0 && m.place >= c.until: // what stood before it is gone
			c.ahead = m
			return c.until, nil
		}
		if c.batch = append(c.batch, *m); m.place+1 == c.until {
			break
		}
	}
	return c.end(), nil
}

func (c *consumer) empty() {
	for _, r := range c.into {
		r.Cut(0)
	}
}

// next reads one message.
func (c *consumer) next(ctx context.Context) (*message, error) {
	if m := c.ahead; m != nil {
		c.ahead = nil
		return m, nil
	}
	for {
		body, err := c.in.Read(ctx)
		if errors.Is(err, dial.ErrReconnected) {
			if origin := c.in.Origin(); origin != c.origin {
				return nil, fmt.Errorf("%w: publish: the stream is another one: %s, was %s", dial.ErrLost, origin, c.origin)
			}
			c.o.Logger.Warn("connection made anew", "why", err)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
		m := &message{c.in.Place(), c.in.Key(), append([]byte{}, body...)}
		if m.place > c.seen+1 && c.seen > 0 {
			c.o.Logger.Warn("the stream does not have all messages any more, or some of other subjects", "from", c.seen+1, "to", m.place)
		}
		c.seen = m.place
		return m, nil
	}
}

// rows makes a batch of messages.
func (c *consumer) rows(ctx context.Context, of []message, to uint64) (*record.Batch, error) {
	b := &record.Batch{Log: c.log, From: c.cursor, To: to}
	c.empty()
	for i := range of {
		m := &of[i]
		err := c.add(m)
		if err == nil || m.place < c.told {
			continue
		}
		if err := c.refuse(ctx, m, err); err != nil {
			return nil, err
		}
		c.told = m.place + 1
	}
	for _, t := range record.Tables {
		if r := c.into[t]; r != nil && r.Len() > 0 {
			r.Log = c.log
			b.Tables = append(b.Tables, r)
		}
	}
	return b, nil
}

var errTable = errors.New("its subject is of no table")

// add puts in the row that a message has, unless it has come before. An error says that it has none.
func (c *consumer) add(m *message) error {
	t := c.table
	if t == nil {
		t = c.a.table(m.key)
	}
	if t == nil {
		return errTable
	}
	r := c.into[t]
	if r == nil {
		r = record.NewRows(t)
		c.into[t] = r
	}
	log, err := c.dec.Add(r, m.body)
	if err != nil {
		return err
	}
	n := r.Len() - 1
	if c.id = lines.AppendID(c.id[:0], log, r, n); !c.recent.first(c.id, m.place) {
		r.Cut(n)
		return nil
	}
	r.Pos[n] = m.place
	return nil
}

// write brings messages into the sink, however often that takes, and moves the cursor to the end of them.
func (c *consumer) write(ctx context.Context, of []message, to uint64, again bool) error {
	b, err := c.rows(ctx, of, to)
	if err != nil {
		return err
	}
	if b.Again = again; len(of) == 0 {
		return c.put(ctx, b)
	}
	err = c.put(ctx, b)
	half := len(of) / 2
	switch {
	case !errors.Is(err, record.ErrRefused):
		return err
	case half == 0:
		return c.replace(ctx, &of[0], b, err)
	}
	if err := c.write(ctx, of[:half], of[half].place, false); err != nil {
		return err
	}
	return c.write(ctx, of[half:], to, false)
}

// put brings a batch into the sink. Its error is final, or record.ErrRefused.
func (c *consumer) put(ctx context.Context, b *record.Batch) error {
	for try := 0; ; try++ {
		err := c.store(ctx, b)
		if err == nil {
			c.cursor, c.until = b.To, 0
			return nil
		}
		for _, final := range []error{record.ErrFenced, record.ErrSchema, record.ErrRefused} {
			if ctx.Err() != nil || errors.Is(err, final) {
				return err
			}
		}
		c.o.Logger.Warn("the sink does not take a batch, trying again", "from", b.From, "to", b.To, "why", err)
		b.Again = true
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

func (c *consumer) store(ctx context.Context, b *record.Batch) error {
	if c.marks == nil {
		return c.to.write(ctx, b)
	}
	if err := c.marks.write(b.From, b.To); err != nil {
		return err
	}
	if err := c.to.write(ctx, b); err != nil {
		return err
	}
	return c.marks.write(b.To, b.To)
}

// pause waits before something is tried again.
func pause(ctx context.Context, try int) error {
	return wait(ctx, min(100*time.Millisecond<<min(try, 7), 10*time.Second))
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
