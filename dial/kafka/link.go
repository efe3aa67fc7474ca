package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// copies are of messages that kafka-go is done with.
var copies = sync.Pool{New: func() any { return new([]byte) }}

func (l *link) Publish(ctx context.Context, key string, _ uint64, body []byte) error {
	// kafka-go sends a message also when ctx has ended, and the caller has his
	// bytes again.
	kept := copies.Get().(*[]byte)
	*kept = append((*kept)[:0], body...)
	m := kafka.Message{Value: *kept, Key: l.s.key}
	if body == nil {
		m.Value = nil // a topic that is compacted forgets the key
	}
	if key != "" {
		m.Key = []byte(key)
	}
	if len(m.Key) == 0 {
		m.Key = nil // to all partitions in turn
	}
	err := l.writer.WriteMessages(ctx, m)
	switch {
	case err == nil:
		copies.Put(kept)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return l.failure(err)
}

func (l *link) Next(ctx context.Context) (broker.Message, error) {
	reader, err := l.consume()
	if err != nil {
		return broker.Message{}, err
	}
	bounded := l.bound(ctx)
	for {
		m, err := reader.FetchMessage(bounded)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return broker.Message{}, ctx.Err()
		case errors.Is(err, kafka.OffsetOutOfRange):
			clear(l.s.next) // the log is another, or has forgotten what was not read
			return broker.Message{}, fmt.Errorf("%w: %w", dial.ErrLost, err)
		case l.life.Err() == nil && passing(err):
			continue
		default:
			l.finish(err)
			return broker.Message{}, l.why
		}
		if m.Offset < l.s.next[m.Partition] { // the broker did not know yet that it was delivered
			if l.s.group != "" {
				l.acknowledge(m)
			}
			continue
		}
		l.s.next[m.Partition] = m.Offset + 1
		message := broker.Message{Body: m.Value, Key: string(m.Key), Place: uint64(m.Offset)}
		if l.s.group != "" {
			m.Value, m.Key, m.Headers = nil, nil, nil
			message.Ack = func(context.Context) error { return l.acknowledge(m) }
		}
		return message, nil
	}
}

// passing reports whether kafka-go tells an error and goes on by itself: a
// group that gathers anew, or looks for its coordinator.
func passing(err error) bool {
	e, ok := errors.AsType[kafka.Error](err)
	return ok && (e.Temporary() || e == kafka.IllegalGeneration || e == kafka.UnknownMemberId || e == kafka.RebalanceInProgress)
}

// bound returns a context that ends with ctx and with the link. A loop over one
// ctx pays for it once.
func (l *link) bound(ctx context.Context) context.Context {
	if l.bounded == nil || l.within != ctx.Done() {
		l.unbound()
		inner, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(l.life, cancel)
		l.bounded, l.within = inner, ctx.Done()
		l.unbound = func() { stop(); cancel() }
	}
	return l.bounded
}

// consume makes the reader when the first message is asked for: whoever only
// writes takes none away from the group.
func (l *link) consume() (*kafka.Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader != nil {
		return l.reader, nil
	}
	if l.over {
		return nil, dial.ErrLost
	}
	s := l.s
	config := kafka.ReaderConfig{
		Brokers: s.Hosts, Topic: s.topic, GroupID: s.group, Partition: s.partition, Dialer: l.dialer,
		MinBytes: 1, MaxBytes: max(s.options.MaxMessage, 1<<20), MaxWait: fetchWait, QueueCapacity: 1000,
		SessionTimeout: sessionLimit, RebalanceTimeout: sessionLimit, HeartbeatInterval: sessionLimit / 5, JoinGroupBackoff: joinBackoff,
		StartOffset: kafka.FirstOffset, OffsetOutOfRangeError: true, MaxAttempts: 1,
	}
	l.reader = kafka.NewReader(config)
	if s.group == "" {
		l.reader.SetOffset(s.next[s.partition])
		return l.reader, nil
	}
	l.committed.Go(func() { l.commit(l.reader) })
	return l.reader, nil
}

// acknowledge notes that a message is done with, and has it committed.
func (l *link) acknowledge(m kafka.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return dial.ErrLost
	}
	l.done[m.Partition] = m
	select {
	case l.commits <- struct{}{}:
	default:
	}
	return nil
}

// commit commits the newest offsets until there are no more: a broker takes
// milliseconds for one, as long as for thousands.
func (l *link) commit(reader *kafka.Reader) {
	for range l.commits {
		l.mu.Lock()
		newest := slices.Collect(maps.Values(l.done))
		clear(l.done)
		l.mu.Unlock()
		ctx, cancel := context.WithTimeout(l.life, commitLimit)
		err := reader.CommitMessages(ctx, newest...)
		cancel()
		if err != nil && !passing(err) { // what was not committed comes again, and is known to the session
			l.finish(err)
		}
	}
}

func (l *link) Close() error {
	l.mu.Lock()
	closed := l.over
	l.over = true
	reader := l.reader
	l.mu.Unlock()
	if closed {
		return nil
	}
	defer time.AfterFunc(farewell, l.abort).Stop()
	close(l.commits)
	l.committed.Wait()
	l.finish(dial.ErrLost)
	if reader != nil {
		reader.Close()
	}
	l.writer.Close()
	l.transport.CloseIdleConnections()
	l.abort() // kafka-go forgets those whose handshake failed
	return nil
}
