package dial

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Conn is one connection in messages. Read may be called by one goroutine at
// a time, Write and Close by any number.
type Conn interface {
	// Read returns the next message. The bytes are valid until the next Read:
	// they alias a buffer of the connection and may not be written to. A Read
	// that ended because ctx did may be repeated: nothing is lost.
	Read(ctx context.Context) ([]byte, error)
	// Write sends one message and keeps nothing of msg. A Write that is cut
	// short half way leaves the connection unable to write, a Raw stream
	// without TLS excepted; Error.Sent says how far it came.
	Write(ctx context.Context, msg []byte) error
	// Close ends the connection and every call that waits on it. Closing
	// again does nothing and returns nil.
	Close() error
}

// Batched is a Conn that knows what it has received already. The reader wakes
// nobody before everything that came in one piece is drained.
type Batched interface {
	// Buffered reports whether the next Read returns without asking the
	// network. It is called by the goroutine that reads.
	Buffered() bool
}

// Typed is a Conn whose messages are of two kinds, text and binary.
type Typed interface {
	// Binary reports the kind of the last message that Read returned. It is
	// called by the goroutine that reads.
	Binary() bool
}

// Pinger is a Conn that can ask its peer for a sign of life on a layer below
// the messages. The answer is not a message: it shows in Heard only.
type Pinger interface {
	// Ping sends a ping with a payload of at most 125 bytes.
	Ping(ctx context.Context, payload []byte) error
}

// Heard is a Conn that remembers when bytes last arrived, pings and pongs
// included. It is for diagnostics: an idle timer must count messages only.
type Heard interface {
	// LastHeard may be called from any goroutine.
	LastHeard() time.Time
}

// Keyed is a Conn whose messages go to names within what was dialled: the
// subject of NATS, the topic of MQTT, the routing key of AMQP, and the key of a
// message of Kafka.
type Keyed interface {
	// Key returns the name that the last message that Read returned came with.
	// It is called by the goroutine that reads.
	Key() string
	// WriteKey sends one message with this name instead of that of the address.
	WriteKey(ctx context.Context, key string, msg []byte) error
}

// Repeating is a Conn to a broker that says which messages it delivers again.
type Repeating interface {
	// Repeated reports whether the last message that Read returned may have
	// come before. It is called by the goroutine that reads.
	Repeated() bool
}

// Enduring is a Conn that does itself what Options.Reconnect asks.
type Enduring interface {
	// OnLost sets what hears of a loss before the dialling begins. It is called
	// before the first Read.
	OnLost(func(error))
}

// Opener connects to what follows "://" in an address. Defaults of o are
// filled in already. It returns when ctx ends, and within o.HandshakeTimeout.
type Opener func(ctx context.Context, rest string, o Options) (Conn, error)

var registry struct {
	sync.RWMutex
	openers map[string]Opener
}

// Register makes a scheme known to Dial, usually from the init function of a
// package that exists for it, so that importing the package is enough. It
// panics if the name is empty, not lower case or taken, or open is nil.
//
// Dial does for every scheme what Options.Payload and Reconnect ask, unless the
// Conn is Enduring: then both are its own on every connection but the first. The
// rest of the options is up to open, which refuses what it cannot honour.
func Register(scheme string, open Opener) {
	registry.Lock()
	defer registry.Unlock()
	if scheme == "" || scheme != strings.ToLower(scheme) || open == nil {
		panic(fmt.Sprintf("dial: scheme %q cannot be registered", scheme))
	}
	if registry.openers[scheme] != nil {
		panic(fmt.Sprintf("dial: scheme %q is registered twice", scheme))
	}
	if registry.openers == nil {
		registry.openers = make(map[string]Opener)
	}
	registry.openers[scheme] = open
}

// Schemes returns the registered schemes in alphabetical order.
func Schemes() []string {
	registry.RLock()
	defer registry.RUnlock()
	names := make([]string, 0, len(registry.openers))
	for name := range registry.openers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// packages have the schemes that are not built in: a program that imports one
// links its driver.
var packages = map[string]string{
	"nats": "nats", "mqtt": "mqtt", "amqp": "amqp", "kafka": "kafka",
	"sqlite3": "sqlite", "mysql": "mysql", "postgres": "postgres", "clickhouse": "clickhouse",
}

func unknownScheme(scheme string) error {
	if name := packages[scheme]; name != "" {
		return fmt.Errorf("%w %q: import _ %q", ErrScheme, scheme, "github.com/depthwire/depthwire/dial/"+name)
	}
	return fmt.Errorf("%w %s: known are %s, and by the import of their package %s", ErrScheme, quoted(scheme),
		strings.Join(Schemes(), ", "), strings.Join(slices.Sorted(maps.Keys(packages)), ", "))
}

func opener(scheme string) Opener {
	registry.RLock()
	defer registry.RUnlock()
	return registry.openers[scheme]
}

// Dial connects to an address, for instance
// "wss://host/path|compress=gzip_raw&mode=recv"; Parse has the grammar. ctx
// bounds the dialling only.
func Dial(ctx context.Context, address string) (Conn, error) {
	return Options{}.Dial(ctx, address)
}

// Dial connects to an address with o. What the address itself sets after its
// | takes precedence over o.
func (o Options) Dial(ctx context.Context, address string) (Conn, error) {
	scheme, rest, o, err := o.parse(address)
	if err != nil {
		return nil, err
	}
	open := opener(scheme)
	if open == nil {
		return nil, unknownScheme(scheme)
	}
	if o, err = o.filled(); err != nil {
		return nil, err
	}
	connect := func(ctx context.Context) (Conn, error) {
		conn, err := open(ctx, rest, o)
		if err != nil || o.Payload == "" {
			return conn, err
		}
		bounded, cancel := context.WithTimeout(ctx, o.HandshakeTimeout)
		defer cancel()
		if err := conn.Write(bounded, []byte(o.Payload)); err != nil {
			conn.Close()
			if ctx.Err() == nil && bounded.Err() != nil {
				err = fmt.Errorf("%w: payload", ErrTimeout)
			}
			return nil, err
		}
		return conn, nil
	}
	conn, err := connect(ctx)
	if err != nil || !o.Reconnect {
		return conn, err
	}
	if _, does := conn.(Enduring); does {
		return conn, nil
	}
	return newReconnecting(conn, connect, o.Interval), nil
}
