package dial

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Compression is how binary messages are packed. It is not the WebSocket
// extension permessage-deflate, which is never offered: a venue that leaves
// the choice is cheaper to read plain.
type Compression string

const (
	Uncompressed Compression = ""         // messages are passed as they are
	Gzip         Compression = "gzip"     // RFC 1952, one or several members in a message
	GzipRaw      Compression = "gzip_raw" // raw DEFLATE, RFC 1951, one stream in a message
	Zlib         Compression = "zlib"     // RFC 1950, one stream in a message
)

// Mode is which direction Compression acts on.
type Mode string

const (
	Dual Mode = ""     // both
	Send Mode = "send" // what is written is compressed, what is read is passed as it is
	Recv Mode = "recv" // what is read is inflated, what is written is passed as it is
)

// Options is how to connect. The zero value works; the text after the | of an
// address fills the same fields.
type Options struct {
	// Compress packs and unpacks binary messages; text messages are passed as
	// they are. A compressed message is sent as a binary one. Only ws and wss
	// tell the two apart: over udp, and over tcp, tls and unix, which need
	// Framing Length for it, every message is binary.
	Compress Compression
	Mode     Mode

	// Framing is how the byte streams of tcp, tls and unix are cut into
	// messages. udp, ws and wss have messages of their own and take none.
	Framing Framing

	// Reconnect dials again, for ever, when the connection is lost: at once,
	// then every Interval (default 1 s, at least 1 ms). Attempts begin at least an Interval
	// apart, also when connections break as soon as they stand. The Read that
	// made the connection anew returns ErrReconnected, once, before the first
	// message of it; somebody must read, for nobody else dials. A connection
	// that a failed Write left unable to write counts as lost.
	Reconnect bool
	Interval  time.Duration
	// Silence is how long a Read waits without a byte from the peer until it takes the
	// connection for lost: ErrTimeout, or with Reconnect it is made anew. Whoever
	// is talked to seldom needs pings that are answered, in shorter intervals.
	// Zero: for ever. Brokers and databases have their own means and take none.
	Silence time.Duration
	// Payload, if any, is sent first on every connection, the first included.
	Payload string

	// Proxy is http://, https:// or socks5:// with the host, the port and, if
	// needed, user:password@ of a proxy. Names are resolved by the proxy. The
	// environment (HTTP_PROXY and the like) is not looked at. udp and unix
	// take none.
	Proxy string
	// TLS is cloned, and for wss its NextProtos set to HTTP/1.1; nil verifies
	// the peer against the system's roots.
	TLS *tls.Config
	// Header is added to the handshake of ws and wss.
	Header http.Header
	// DialContext makes the network connections, under TLS and to the proxy
	// too; nil is net.Dialer's.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// HandshakeTimeout bounds dialling from the first packet to the protocol's
	// handshake, and then the sending of Payload (default 30 s).
	HandshakeTimeout time.Duration

	// MaxMessage is the size in bytes, as sent and inflated, above which a
	// message is refused with ErrTooLarge (default 16 MiB).
	MaxMessage int
	// ReadBuffer is the size in bytes of the receive buffer (default 64 KiB).
	// It grows, up to MaxMessage, when one message does not fit.
	ReadBuffer int
}

const (
	defaultInterval   = time.Second
	minInterval       = time.Millisecond
	defaultHandshake  = 30 * time.Second
	defaultMaxMessage = 16 << 20
	defaultReadBuffer = 64 << 10
	minReadBuffer     = 512
)

const framings = "raw, lines or length"

// filled returns o with its defaults, or says what no default can heal.
func (o Options) filled() (Options, error) {
	switch {
	case !oneOf(o.Compress, Uncompressed, Gzip, GzipRaw, Zlib):
		return o, optionError("compress", "none, gzip, gzip_raw or zlib")
	case !oneOf(o.Mode, Dual, Send, Recv):
		return o, optionError("mode", "dual, send or recv")
	case !oneOf(o.Framing, Raw, Lines, Length):
		return o, optionError("framing", framings)
	case o.Interval < 0 || o.Silence < 0 || o.HandshakeTimeout < 0 || o.MaxMessage < 0 || o.ReadBuffer < 0:
		return o, fmt.Errorf("%w: times and sizes may not be negative", ErrOption)
	}
	if o.Interval == 0 {
		o.Interval = defaultInterval
	}
	o.Interval = max(o.Interval, minInterval)
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = defaultHandshake
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = defaultMaxMessage
	}
	if o.ReadBuffer == 0 {
		o.ReadBuffer = defaultReadBuffer
	}
	o.ReadBuffer = max(o.ReadBuffer, minReadBuffer)
	if o.DialContext == nil {
		o.DialContext = new(net.Dialer).DialContext
	}
	return o, nil
}

// inflates and deflates report what Compress and Mode come to.
func (o Options) inflates() bool { return o.Compress != Uncompressed && o.Mode != Send }
func (o Options) deflates() bool { return o.Compress != Uncompressed && o.Mode != Recv }

// Parse splits an address into its scheme, the rest after "://", which only
// the scheme understands, and its options.
//
// The options are the text after the first single |, written k=v&k=v; a
// literal | in the address is written ||. The keys are compress (none, gzip,
// gzip_raw, zlib), mode (dual, send, recv), framing (raw, lines, length), reconnect (true, false), interval
// (milliseconds, 1 or more), silence (likewise), proxy (the URL of one) and payload. payload is
// taken last and may hold any character, =, & and | included.
//
// Errors are ErrAddress and ErrOption; no value of an option is quoted in
// them, as it may be a secret.
func Parse(address string) (scheme, rest string, o Options, err error) {
	return Options{}.parse(address)
}

func (o Options) parse(address string) (scheme, rest string, _ Options, err error) {
	target, options := split(address)
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || scheme == "" || rest == "" {
		return "", "", o, fmt.Errorf("%w: want scheme://rest", ErrAddress)
	}
	seen := make(map[string]bool)
	for options != "" {
		var pair string
		if strings.HasPrefix(options, "payload=") {
			pair, options = options, ""
		} else {
			pair, options, _ = strings.Cut(options, "&")
		}
		key, value, _ := strings.Cut(pair, "=")
		set, known := setters[key]
		if !known {
			return "", "", o, fmt.Errorf("%w %s: known are compress, mode, framing, reconnect, interval, silence, proxy and, last, payload", ErrOption, quoted(key))
		}
		if seen[key] {
			return "", "", o, fmt.Errorf("%w %q is given twice", ErrOption, key)
		}
		seen[key] = true
		if err := set(&o, value); err != nil {
			return "", "", o, err
		}
	}
	return strings.ToLower(scheme), rest, o, nil
}

// split cuts an address at its first single |; each || before it stands for
// one.
func split(address string) (target, options string) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(address, "|")
		b.WriteString(before)
		if !found {
			return b.String(), ""
		}
		if !strings.HasPrefix(after, "|") {
			return b.String(), after
		}
		b.WriteByte('|')
		address = after[1:]
	}
}

var setters = map[string]func(o *Options, value string) error{
	"compress": func(o *Options, v string) error {
		if v == "none" {
			v = ""
		} else if v == "" || !oneOf(Compression(v), Gzip, GzipRaw, Zlib) {
			return optionError("compress", "none, gzip, gzip_raw or zlib")
		}
		o.Compress = Compression(v)
		return nil
	},
	"mode": func(o *Options, v string) error {
		if v == "dual" {
			v = ""
		} else if v == "" || !oneOf(Mode(v), Send, Recv) {
			return optionError("mode", "dual, send or recv")
		}
		o.Mode = Mode(v)
		return nil
	},
	"framing": func(o *Options, v string) error {
		if v == "raw" {
			v = ""
		} else if v == "" || !oneOf(Framing(v), Lines, Length) {
			return optionError("framing", framings)
		}
		o.Framing = Framing(v)
		return nil
	},
	"reconnect": func(o *Options, v string) error {
		if !oneOf(v, "true", "false") {
			return optionError("reconnect", "true or false")
		}
		o.Reconnect = v == "true"
		return nil
	},
	"interval": func(o *Options, v string) error {
		return milliseconds("interval", v, &o.Interval)
	},
	"silence": func(o *Options, v string) error {
		return milliseconds("silence", v, &o.Silence)
	},
	"proxy": func(o *Options, v string) error {
		o.Proxy = v
		_, err := parseProxy(v)
		return err
	},
	"payload": func(o *Options, v string) error {
		o.Payload = v
		return nil
	},
}

func milliseconds(key, v string, into *time.Duration) error {
	ms, err := strconv.ParseUint(v, 10, 32)
	if err != nil || ms == 0 {
		return optionError(key, "a whole number of milliseconds, 1 or more")
	}
	*into = time.Duration(ms) * time.Millisecond
	return nil
}

// quoted shows a word of the address that should be a name. What is none may
// be a piece of something else, of a payload or a password, and is not shown.
func quoted(word string) string {
	if len(word) == 0 || len(word) > 20 || strings.ContainsFunc(word, func(r rune) bool {
		return (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("_-+.", r)
	}) {
		return "that is no name"
	}
	return strconv.Quote(word)
}

func optionError(key, allowed string) error {
	return fmt.Errorf("%w %q: want %s", ErrOption, key, allowed)
}

func oneOf[T comparable](v T, allowed ...T) bool {
	for _, a := range allowed {
		if v == a {
			return true
		}
	}
	return false
}
