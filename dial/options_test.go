package dial

import (
	"context"
	"errors"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		address, scheme, rest string
		want                  Options
	}{
		{"wss://host/path", "wss", "host/path", Options{}},
		{"WSS://Host/Path", "wss", "Host/Path", Options{}},
		{"wss://host/path|", "wss", "host/path", Options{}},
		{"wss://h/a||b", "wss", "h/a|b", Options{}},
		{"wss://h/a||||b|mode=recv", "wss", "h/a||b", Options{Mode: Recv}},
		{"wss://h/a|||mode=recv", "wss", "h/a|", Options{Mode: Recv}},
		{"sqlite3://file:t.db?cache=shared&mode=memory", "sqlite3", "file:t.db?cache=shared&mode=memory", Options{}},
		{"clickhouse://tcp://host:9000?a=b", "clickhouse", "tcp://host:9000?a=b", Options{}},
		{"wss://h|compress=gzip_raw&mode=recv", "wss", "h", Options{Compress: GzipRaw, Mode: Recv}},
		{"wss://h|compress=none&mode=dual", "wss", "h", Options{}},
		{"wss://h|reconnect=true&interval=1500", "wss", "h", Options{Reconnect: true, Interval: 1500 * time.Millisecond}},
		{"wss://h|proxy=socks5://u:p@h:1080&compress=zlib&mode=send", "wss", "h",
			Options{Proxy: "socks5://u:p@h:1080", Compress: Zlib, Mode: Send}},
		{"tcp://h:1|framing=raw", "tcp", "h:1", Options{}},
		{"tcp://h:1|framing=lines", "tcp", "h:1", Options{Framing: Lines}},
		{"unix:///a/b|framing=length", "unix", "/a/b", Options{Framing: Length}},
		{`wss://h|payload={"a":"b=="}`, "wss", "h", Options{Payload: `{"a":"b=="}`}},
		{"wss://h|compress=gzip&payload=a=b&mode=recv|c||d", "wss", "h", Options{Compress: Gzip, Payload: "a=b&mode=recv|c||d"}},
		{"wss://h|payload=", "wss", "h", Options{}},
		{"wss://h|payload=a://b", "wss", "h", Options{Payload: "a://b"}},
	} {
		scheme, rest, o, err := Parse(c.address)
		if err != nil || scheme != c.scheme || rest != c.rest || !reflect.DeepEqual(o, c.want) {
			t.Errorf("Parse(%q) = %q, %q, %+v, %v; want %q, %q, %+v", c.address, scheme, rest, o, err, c.scheme, c.rest, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		address string
		kind    error
		says    string
	}{
		{"", ErrAddress, "scheme://"},
		{"host/path", ErrAddress, "scheme://"},
		{"://host", ErrAddress, "scheme://"},
		{"wss://", ErrAddress, "scheme://"},
		{"|wss://h", ErrAddress, "scheme://"},
		{"wss://h|compress", ErrOption, "gzip_raw"},
		{"wss://h|compress=br", ErrOption, "gzip_raw"},
		{"wss://h|compress=", ErrOption, "gzip_raw"},
		{"wss://h|mode=both", ErrOption, "dual, send or recv"},
		{"tcp://h:1|framing=", ErrOption, "raw, lines or length"},
		{"tcp://h:1|framing=json", ErrOption, "raw, lines or length"},
		{"wss://h|reconnect=yes", ErrOption, "true or false"},
		{"wss://h|interval=1s", ErrOption, "milliseconds"},
		{"wss://h|interval=0", ErrOption, "milliseconds"},
		{"wss://h|interval=-5", ErrOption, "milliseconds"},
		{"wss://h|interval=99999999999", ErrOption, "milliseconds"},
		{"wss://h|mode=recv&mode=recv", ErrOption, "twice"},
		{"wss://h|silence=0", ErrOption, "1 or more"},
		{"wss://h|mode=recv&&interval=1", ErrOption, "known are compress"},
		{"wss://h|timeout=3", ErrOption, `"timeout": known are compress, mode, framing, reconnect, interval, silence, proxy and, last, payload`},
		{"wss://h|Payload=x", ErrOption, "known are compress"},
		{"wss://h|proxy=ftp://u:hush@h", ErrOption, "socks5://"},
		{"wss://h|proxy=http://u:hush@:80", ErrOption, "socks5://"},
		{"wss://h|proxy=http://u:hush@h:port", ErrOption, "socks5://"},
		{"wss://h|proxy=http://u:hush@h:1/path", ErrOption, "socks5://"},
		{"wss://h|proxy=http://u:hush@h:1?a=b", ErrOption, "socks5://"},
	} {
		_, _, _, err := Parse(c.address)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Parse(%q) = %v; want %v with %q", c.address, err, c.kind, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("Parse(%q) tells the password: %v", c.address, err)
		}
	}
}

func TestAddressWins(t *testing.T) {
	_, _, o, err := Options{Compress: Gzip, Mode: Send, MaxMessage: 5}.parse("wss://h|mode=recv")
	if err != nil || o.Compress != Gzip || o.Mode != Recv || o.MaxMessage != 5 {
		t.Errorf("parse = %+v, %v; want gzip, recv, 5", o, err)
	}
}

func TestLeastInterval(t *testing.T) {
	if o, err := (Options{Interval: 1}).filled(); err != nil || o.Interval != time.Millisecond {
		t.Errorf("interval of 1 ns becomes %v, %v; want 1 ms", o.Interval, err)
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, o := range []Options{
		{Compress: "br"}, {Mode: "both"}, {Framing: "json"}, {Framing: Lines}, {Interval: -1}, {MaxMessage: -1}, {ReadBuffer: -1}, {HandshakeTimeout: -1},
	} {
		if _, err := o.Dial(t.Context(), "ws://host"); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: Dial = %v; want %v", o, err, ErrOption)
		}
	}
	if _, err := (Options{Proxy: "ftp://u:hush@h"}).Dial(t.Context(), "ws://host"); !errors.Is(err, ErrOption) || strings.Contains(err.Error(), "hush") {
		t.Errorf("Dial = %v; want %v without the password", err, ErrOption)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"wss://h/a||b|compress=gzip&mode=recv&payload=x=y|z", "a://|||", "ws://h|interval=5&reconnect=true", "ws://h|proxy=http://h:1", "|", "x://y|payload=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		scheme, rest, o, err := Parse(address)
		if err != nil {
			if !errors.Is(err, ErrAddress) && !errors.Is(err, ErrOption) {
				t.Fatalf("Parse(%q): untyped error %v", address, err)
			}
			return
		}
		again := strings.ReplaceAll(scheme+"://"+rest, "|", "||") + "|payload=" + o.Payload
		scheme2, rest2, o2, err := Parse(again)
		if err != nil || scheme2 != scheme || rest2 != rest || o2.Payload != o.Payload {
			t.Fatalf("Parse(%q) = %q, %q, %q, %v; want %q, %q, %q", again, scheme2, rest2, o2.Payload, err, scheme, rest, o.Payload)
		}
	})
}

var errNoNetwork = errors.New("no network in this test")

// FuzzDial: whatever an address holds, Dial either reaches for the network or
// says by kind what is wrong, and tells neither password nor payload.
func FuzzDial(f *testing.F) {
	const secret = "hu5h-5ecret"
	for _, seed := range [][2]string{
		{"host:1", "framing=lines"}, {"h/path?q=1", "compress=gzip&mode=recv"}, {"[::1]:80", "proxy=http://u:p@h:1&reconnect=true"},
		{"h:99999", "proxy=socks5://h"}, {"%zz", "interval=-1"}, {"h#f", "a|b"}, {"||", "||"}, {"a@b@c:1", "proxy=https://u:p&q=r@h"}, {"h:1://", "payload=x|"},
	} {
		f.Add(seed[0], seed[1])
	}
	o := Options{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errNoNetwork }}
	f.Fuzz(func(t *testing.T, rest, options string) {
		for _, scheme := range []string{"tcp", "tls", "udp", "unix", "ws", "wss", "mqtt", "gopher"} {
			for _, address := range []string{scheme + "://" + rest + "|" + options, scheme + "://user:" + secret + "@" + rest + "|" + options + "&payload=" + secret} {
				conn, err := o.Dial(t.Context(), address)
				if err == nil {
					conn.Close()
					t.Fatalf("Dial(%q) succeeded without a network", address)
				}
				if !errors.Is(err, ErrAddress) && !errors.Is(err, ErrOption) && !errors.Is(err, ErrScheme) && !errors.Is(err, errNoNetwork) {
					t.Fatalf("Dial(%q) = %v, of no kind", address, err)
				}
				if strings.Contains(err.Error(), secret) {
					t.Fatalf("Dial(%q) tells a secret: %v", address, err)
				}
			}
		}
	})
}

// TestImportHint: the error names the package that has the scheme.
func TestImportHint(t *testing.T) {
	for scheme, name := range packages {
		_, err := Dial(t.Context(), scheme+"://user:hush@host")
		if !errors.Is(err, ErrScheme) || !strings.Contains(err.Error(), `import _ "github.com/depthwire/depthwire/dial/`+name+`"`) || strings.Contains(err.Error(), "hush") {
			t.Errorf("Dial(%s) = %v; want %v and the import", scheme, err, ErrScheme)
		}
	}
	for _, address := range []string{"user:hush@host://x", "ws://u:pass|hush@h", "ws://h|hush word=1", "ws://h|=hush"} {
		if _, err := Dial(t.Context(), address); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("Dial(%s) = %v; want an error that does not quote what is no name", address, err)
		}
	}
}

func TestRegistry(t *testing.T) {
	_, err := Dial(t.Context(), "gopher://user:hush@host|payload=hush")
	if !errors.Is(err, ErrScheme) || !strings.Contains(err.Error(), `"gopher": known are `+strings.Join(Schemes(), ", ")) || strings.Contains(err.Error(), "hush") {
		t.Errorf("Dial = %v; want %v naming %v and no secret", err, ErrScheme, Schemes())
	}
	open := func(ctx context.Context, rest string, o Options) (Conn, error) {
		if rest != "a|b" || o.Mode != Send || o.MaxMessage != defaultMaxMessage {
			t.Errorf("opened with %q, %+v", rest, o)
		}
		a, _ := Pipe()
		return a, nil
	}
	if !slices.Contains(Schemes(), "registry-test") { // the test may run more than once
		Register("registry-test", open)
	}
	conn, err := Dial(t.Context(), "registry-TEST://a||b|mode=send")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	for name, register := range map[string]func(){
		"twice":      func() { Register("ws", open) },
		"empty":      func() { Register("", open) },
		"upper case": func() { Register("MQTT", open) },
		"nil":        func() { Register("registry-nil", nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Register %s: no panic", name)
				}
			}()
			register()
		}()
	}
}
