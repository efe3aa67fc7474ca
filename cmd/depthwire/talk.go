package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/depthwire/depthwire/dial"
)

// talk is a connection that has messages.
type talk struct {
	*dialling
	conn       dial.Conn
	listens    bool
	speaks     bool
	broker     bool // writes are confirmed and repeated by the connection itself
	text       bool // messages that are sent must be text
	reconnects bool
	interval   time.Duration

	over     chan struct{} // closed when nothing more is read
	heard    error         // then: why
	damaged  bool          // then: messages that came could not be read
	saying   sync.Mutex    // one line on standard error
	renewing sync.Mutex
	renewed  chan struct{} // closed when the connection was made anew
}

// longestPiece is the longest line of the input: a message of 16 MiB in hex.
const longestPiece = 32<<20 + 2

// lines gives the pieces of the input until stop is called. Nobody waits for a read of
// the input, which on a terminal nothing ends but the end of the process.
func (a *app) lines(split bufio.SplitFunc) (came <-chan []byte, failure *error, stop func()) {
	pieces, stopped, failure := make(chan []byte), make(chan struct{}), new(error)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(pieces)
		in := bufio.NewScanner(a.in)
		in.Buffer(make([]byte, 32<<10), longestPiece)
		in.Split(split)
		for in.Scan() {
			select {
			case pieces <- append([]byte{}, in.Bytes()...):
			case <-stopped:
				return
			}
		}
		if err := in.Err(); err != nil {
			*failure = fmt.Errorf("standard input: %w", err)
		}
	})
	return pieces, failure, sync.OnceFunc(func() { close(stopped) })
}

func (t *talk) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if e, ok := t.conn.(dial.Enduring); ok {
		e.OnLost(func(err error) { t.say("connection lost, connecting anew: " + err.Error()) })
	}
	var reader sync.WaitGroup
	if t.listens {
		reader.Go(func() {
			defer close(t.over)
			t.heard = t.listen(ctx)
		})
	}
	var spoken error
	if t.speaks {
		spoken = t.speak(ctx)
	}
	t.linger(ctx, spoken != nil)
	cancel()
	reader.Wait()
	switch err := cmp.Or(t.heard, spoken); {
	case err != nil:
		return err
	case t.damaged:
		return errTold
	}
	return nil
}

// linger reads on when the input has ended.
func (t *talk) linger(ctx context.Context, failed bool) {
	if !t.listens {
		return
	}
	var end <-chan time.Time
	switch {
	case failed: // what came before the failure may say why
		end = time.After(time.Second)
	case t.speaks && (t.count == 0 || t.waitSet):
		end = time.After(t.wait)
	}
	select {
	case <-t.over:
	case <-end:
	case <-ctx.Done():
	}
}

// speak sends what the input has, until it or the connection ends.
func (t *talk) speak(ctx context.Context) error {
	came, failure, stop := t.lines(pieces(t.encoding))
	defer stop()
	for {
		select {
		case piece, more := <-came:
			if !more {
				return *failure
			}
			msg, err := decode(t.encoding, piece)
			if err == nil {
				err = t.send(ctx, msg)
			}
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
		case <-t.over:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

var errNoText = errors.New("standard input: a message of WebSocket is text in UTF-8, unless compressed")

// send sends one message. One that a connection lost is sent on the next.
func (t *talk) send(ctx context.Context, msg []byte) error {
	if t.text && !utf8.Valid(msg) {
		return errNoText
	}
	for told := false; ; told = true {
		anew := t.next()
		err := t.write(ctx, msg)
		if err == nil || t.broker || !t.reconnects || !passing(err) {
			return err
		}
		if !told {
			t.say("not sent, trying again: " + err.Error())
		}
		select {
		case <-anew:
		case <-time.After(t.interval):
		case <-t.over:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// passing reports whether a write may succeed on another connection.
func passing(err error) bool {
	if errors.Is(err, dial.ErrTooLarge) || errors.Is(err, errors.ErrUnsupported) {
		return false
	}
	e, ok := errors.AsType[*dial.Error](err)
	return ok && !errors.Is(e, context.Canceled)
}

func (t *talk) write(ctx context.Context, msg []byte) error {
	if !t.reconnects {
		bounded, cancel := context.WithTimeout(ctx, t.timeout)
		defer cancel()
		ctx = bounded
	}
	return t.conn.Write(ctx, msg)
}

// next returns what is closed when the connection is made anew.
func (t *talk) next() <-chan struct{} {
	t.renewing.Lock()
	defer t.renewing.Unlock()
	return t.renewed
}

func (t *talk) renew() {
	t.renewing.Lock()
	defer t.renewing.Unlock()
	close(t.renewed)
	t.renewed = make(chan struct{})
}

// say writes one line to standard error, from any goroutine.
func (t *talk) say(text string) {
	t.saying.Lock()
	defer t.saying.Unlock()
	fmt.Fprintln(t.err, "depthwire: "+oneLine(text))
}

// listen prints what comes until ctx or the connection ends, or there is enough.
func (t *talk) listen(ctx context.Context) error {
	for seen := 0; ; {
		msg, err := t.conn.Read(ctx)
		switch {
		case ctx.Err() != nil && err != nil:
			return nil
		case errors.Is(err, dial.ErrReconnected):
			t.renew()
			t.say("connected anew")
			if err := t.print(messageRecord{Kind: "reconnected", Error: err.Error()}, nil); err != nil {
				return err
			}
			continue
		case errors.Is(err, dial.ErrTooLarge), errors.Is(err, dial.ErrCompressed): // one message is lost
			t.damaged = true
			t.say(err.Error())
			continue
		case err != nil:
			return t.ended(err, seen)
		}
		if err := t.print(t.record(), msg); err != nil {
			return err
		}
		if seen++; seen == t.count {
			t.settle(ctx)
			return nil
		}
	}
}

// settle asks for one message more, so that the broker knows the last as read. What
// comes is given back.
func (t *talk) settle(ctx context.Context) {
	if !t.broker {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second/2)
	defer cancel()
	if _, err := t.conn.Read(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, dial.ErrTooLarge) && !errors.Is(err, dial.ErrCompressed) {
		t.damaged = true
		t.say("the last message may come again: " + err.Error())
	}
}

// ended says what the end of the connection means: the peer's farewell is no failure.
func (t *talk) ended(err error, seen int) error {
	farewell := errors.Is(err, io.EOF)
	if e, ok := errors.AsType[*dial.CloseError](err); ok {
		farewell = e.Code == 1000 || e.Code == 1001 || e.Code == 1005
	}
	switch {
	case farewell && seen < t.count:
		return fmt.Errorf("%w after %d of %d messages", err, seen, t.count)
	case farewell:
		t.say("the peer has closed the connection")
		return nil
	}
	return err
}

// messageRecord is a message as JSON.
type messageRecord struct {
	Kind     string    `json:"kind"` // "message", "reconnected"
	Received time.Time `json:"received"`
	Key      *string   `json:"key,omitempty"`      // of brokers: subject, topic, routing key, key
	Repeated bool      `json:"repeated,omitempty"` // the broker says that it may have come before
	Text     *string   `json:"text,omitempty"`
	Base64   []byte    `json:"base64,omitempty"` // in place of text, when it is none
	Error    string    `json:"error,omitempty"`
}

// record returns what is known of the message that was read last.
func (t *talk) record() (r messageRecord) {
	r.Kind = "message"
	if k, ok := t.conn.(dial.Keyed); ok {
		key := k.Key()
		r.Key = &key
	}
	if p, ok := t.conn.(dial.Repeating); ok {
		r.Repeated = p.Repeated()
	}
	return r
}

// print writes a message, or in JSON whatever the record says.
func (t *talk) print(r messageRecord, msg []byte) (err error) {
	if !t.json {
		if r.Kind == "message" {
			_, err = t.out.Write(encode(t.encoding, msg))
		}
		return err
	}
	r.Received = time.Now().UTC()
	switch {
	case r.Kind != "message":
	case utf8.Valid(msg):
		text := string(msg)
		r.Text = &text
	default:
		r.Base64 = msg
	}
	out := json.NewEncoder(t.out)
	out.SetEscapeHTML(false)
	return out.Encode(r)
}
