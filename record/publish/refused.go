package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/depthwire/depthwire/record"
)

// Refusal is a message that Consume has left out, as a line of JSON in the file ConsumeOptions.Refused. After a crash a message may be there again.
type Refusal struct {
	Stream  string `json:"stream"`  // what has given the number: a stream of JetStream, or a topic of Kafka and its partition
	Number  uint64 `json:"number"`  // sequence number, or offset
	Subject string `json:"subject"` // subject, or key
	Reason  string `json:"reason"`
	Message []byte `json:"message"`
}

// refuse puts a message into the file. It is on disk when refuse returns nil.
func (c *consumer) refuse(ctx context.Context, m *message, why error) error {
	if c.o.Refused == "" {
		return fmt.Errorf("%w: publish: message %d of %s, and there is no file for it: %w", record.ErrRefused, m.place, c.origin, why)
	}
	c.o.Logger.Error("a message is left out: it is in the file", "file", c.o.Refused, "stream", c.origin, "message", m.place, "subject", m.key, "why", why)
	text, err := json.Marshal(Refusal{c.origin, m.place, m.key, why.Error(), m.body})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	for try := 0; ; try++ {
		if err = c.to.note(c.o.Refused, append(text, '\n')); err == nil {
			return nil
		}
		c.o.Logger.Warn("cannot write the file of refused messages, trying again", "why", err)
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// note adds a line to a file.
func (s *shared) note(path string, line []byte) error {
	s.file.Lock()
	defer s.file.Unlock()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Sync(), f.Close())
}

// replace puts the one message of a batch, whose row the sink refuses, into the file, and a gap in its place; where the sink refuses that, too, the file
// alone tells.
func (c *consumer) replace(ctx context.Context, m *message, refused *record.Batch, why error) error {
	if refused.Len() == 0 { // it is not the row
		return why
	}
	if err := c.refuse(ctx, m, why); err != nil {
		return err
	}
	r := refused.Tables[0]
	received := record.Time(r.Columns[record.ReceivedColumn].Ints[0])
	g := record.Gap{Venue: r.Columns[record.VenueColumn].Texts[0], Symbol: r.Columns[record.SymbolColumn].Texts[0], Channel: record.Channel(r.Table.Name),
		Cause: record.Refused, From: received, To: received, Lost: 1, Err: why.Error()}
	var e record.Encoder
	var b record.Batch
	b.Reset(c.log, refused.From)
	if err := b.Add(m.place, e.Gap(&g, time.Now())); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	b.To = refused.To
	err := c.put(ctx, &b)
	if errors.Is(err, record.ErrRefused) {
		b.Reset(c.log, refused.From)
		b.To = refused.To
		err = c.put(ctx, &b)
	}
	return err
}
