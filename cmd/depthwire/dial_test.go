package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/depthwire/depthwire/internal/backend"
)

// typing runs the program with an input.
func typing(t *testing.T, in io.Reader, args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), args, in, &out, &err, func(string) string { return "" })
	return outcome{code, out.String(), err.String()}
}

// serve accepts connections until the test ends, and answers each in turn.
func serve(t *testing.T, network, address string, answer func(n int, conn net.Conn)) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			answer(n, conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l
}

func echo(_ int, conn net.Conn) { io.Copy(conn, conn) }

func echoDatagrams(t *testing.T) string {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 1<<16)
		for {
			n, from, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			l.WriteTo(b[:n], from)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "udp://" + l.LocalAddr().String()
}

// echoSocket answers text with text, and "binary" with bytes.
func echoSocket(t *testing.T) string {
	t.Helper()
	var up websocket.Upgrader
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, msg, err := c.ReadMessage()
			if err != nil {
				return
			}
			switch string(msg) {
			case "binary":
				kind, msg = websocket.BinaryMessage, []byte{0, 1, 0xff}
			case "bye":
				c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), noDeadline)
				return
			case "error":
				c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1008, "no"), noDeadline)
				return
			}
			c.WriteMessage(kind, msg)
		}
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func TestDialMessages(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "dw") // names of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	serve(t, "unix", path, echo)
	tcp := "tcp://" + serve(t, "tcp", "127.0.0.1:0", echo).Addr().String()
	unix, udp, ws := "unix://"+path, echoDatagrams(t), echoSocket(t)
	const closed = "depthwire: the peer has closed the connection\n"
	for name, c := range map[string]struct {
		in        string
		args      []string
		code      int
		out, said string
	}{
		"tcp":          {"one\n\ntwo", []string{tcp, "-n", "3"}, 0, "one\n\ntwo\n", ""},
		"length":       {"one\ntwo\n", []string{tcp + "|framing=length", "-n", "2"}, 0, "one\ntwo\n", ""},
		"zlib":         {"one\n", []string{tcp + "|framing=length&compress=zlib", "-n", "1"}, 0, "one\n", ""},
		"raw framing":  {"one\n", []string{tcp + "|framing=raw", "-n", "1"}, 0, "one\n", ""},
		"raw":          {"\x00a\r\nb", []string{tcp, "--encoding", "raw", "-n", "1"}, 0, "\x00a\r\nb", ""},
		"hex":          {"00ff\n\n0a\n", []string{tcp + "|framing=length", "--encoding", "hex", "-n", "3"}, 0, "00ff\n\n0a\n", ""},
		"base64":       {"AP8=\n", []string{udp, "--encoding", "base64", "-n", "1"}, 0, "AP8=\n", ""},
		"not hex":      {"00ff\nxy\n", []string{tcp, "--encoding", "hex", "--wait", "1h"}, 1, "00ff\n", "depthwire: standard input: a line is not hex\n"},
		"unix":         {"one\n\u202eb\n", []string{unix, "-n", "2"}, 0, "one\nbase64:4oCuYg==\n", ""},
		"udp":          {"one\ntab\there\n", []string{udp, "-n", "2"}, 0, "one\ntab\there\n", ""},
		"wait":         {"one\n", []string{udp, "--wait", "300ms"}, 0, "one\n", ""},
		"ws":           {"{\"a\":1}\nbinary\nbye\n", []string{ws, "--wait", "1h"}, 0, "{\"a\":1}\nbase64:AAH/\n", closed},
		"ws too few":   {"x\nbye\n", []string{ws, "-n", "2"}, 1, "x\n", "depthwire: dial: read ws://HOST: dial: peer closed with code 1000 after 1 of 2 messages\n"},
		"ws refuses":   {"error\n", []string{ws, "-n", "2"}, 1, "", "depthwire: dial: read ws://HOST: dial: peer closed with code 1008: \"no\"\n"},
		"ws no text":   {"ff\n", []string{ws, "--encoding", "hex"}, 1, "", "depthwire: standard input: a message of WebSocket is text in UTF-8, unless compressed\n"},
		"ws gzip":      {"ff\n", []string{ws + "|compress=gzip", "--encoding", "hex", "-n", "1"}, 0, "ff\n", ""},
		"json":         {"<a>\nbinary\n", []string{ws, "-n", "2", "--json"}, 0, `{"kind":"message","received":"TIME","text":"<a>"}` + "\n" + `{"kind":"message","received":"TIME","base64":"AAH/"}` + "\n", ""},
		"ends at once": {"", []string{tcp}, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := typing(t, strings.NewReader(c.in), append([]string{"dial"}, c.args...)...)
			for _, x := range changing[:3] {
				got.out, got.err = x.what.ReplaceAllString(got.out, x.with), x.what.ReplaceAllString(got.err, x.with)
			}
			if name == "raw framing" { // the peer's bytes come as they come: here in one piece
				c.in = ""
			}
			if want := (outcome{c.code, c.out, c.said}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// A connection that is lost is told and made anew, and what is written then arrives.
func TestDialReconnects(t *testing.T) {
	t.Parallel()
	l := serve(t, "tcp", "127.0.0.1:0", func(n int, conn net.Conn) {
		if n == 0 {
			io.WriteString(conn, "one\n")
			return
		}
		io.WriteString(conn, "two\n")
		echo(n, conn)
	})
	in, keyboard := io.Pipe()
	defer keyboard.Close()
	out := &answering{to: map[string]string{"two\n": "three\n"}, keyboard: keyboard}
	var err bytes.Buffer
	code := run(t.Context(), []string{"dial", "tcp://" + l.Addr().String() + "|reconnect=true&interval=1", "-n", "3"}, in, out, &err, func(string) string { return "" })
	said := changing[2].what.ReplaceAllString(err.String(), "HOST")
	const want = "depthwire: connection lost, connecting anew: dial: read tcp://HOST: EOF\ndepthwire: connected anew\n"
	if code != exitGood || out.String() != "one\ntwo\nthree\n" || said != want {
		t.Errorf("exit %d, %s%s", code, out, said)
	}
	keyboard.Close()
	out.typed.Wait()
}

// Ctrl-C ends it well, whatever it waits for.
func TestDialCtrlC(t *testing.T) {
	t.Parallel()
	l := serve(t, "tcp", "127.0.0.1:0", func(_ int, conn net.Conn) {
		io.WriteString(conn, "one\n")
		echo(0, conn)
	})
	for _, c := range []struct{ address, in string }{
		{"tcp://" + l.Addr().String(), ""},
		{"sqlite3://:memory:", "SELECT 1;\n"},
		{"sqlite3://:memory:", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n;\n"},
	} {
		in, keyboard := io.Pipe()
		ctx, cancel := context.WithCancelCause(t.Context())
		out := &interrupting{after: 1, interrupt: func() { cancel(errors.New("interrupt signal received")) }}
		var err bytes.Buffer
		done := make(chan int)
		go func() {
			done <- run(ctx, []string{"dial", c.address}, in, out, &err, func(string) string { return "" })
		}()
		io.WriteString(keyboard, c.in)
		if code := <-done; code != exitGood || err.Len() > 0 {
			t.Errorf("%s %s: exit %d, %s", c.address, c.in, code, &err)
		}
		keyboard.Close()
	}
}

func TestDialMistakes(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	file := filepath.Join(t.TempDir(), "address")
	if err := os.WriteFile(file, []byte("tcp://127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{exitUsage, "name one address", nil},
		{exitUsage, "name one address", []string{"tcp://a:1", "tcp://u:s3cret@a:1"}},
		{exitUsage, "malformed address", []string{"u:s3cret@localhost"}},
		{exitUsage, "malformed address", []string{"tcp://u:s3cret@localhost:1"}},
		{exitUsage, `unknown scheme "tpc"`, []string{"tpc://u:s3cret@localhost:1"}},
		{exitUsage, "bad option", []string{"tcp://localhost:1|reconnect=s3cret"}},
		{exitUsage, "bad option", []string{"sqlite3://:memory:|payload=s3cret"}},
		{exitUsage, `no encoding "hexx"; did you mean hex?`, []string{"tcp://localhost:1", "--encoding", "hexx"}},
		{exitUsage, "--wait must not be below 0", []string{"tcp://localhost:1", "--wait", "-1s"}},
		{exitUsage, "--timeout must be above 0", []string{"tcp://localhost:1", "--timeout", "0"}},
		{exitUsage, "a database has none", []string{"sqlite3://:memory:", "-n", "1"}},
		{exitFailed, "nobody listens", []string{"tcp://127.0.0.1:1"}},
		{exitFailed, "nobody listens", []string{"@" + file}},
		{exitFailed, "no such file", []string{"@" + file + ".not"}},
		{exitFailed, "nobody listens", []string{"ws://u:s3cret@127.0.0.1:1/s3cret?key=s3cret"}},
		{exitFailed, "nobody listens", []string{"nats://u:s3cret@127.0.0.1:1/s3cret"}},
		{exitFailed, "dial: postgres://127.0.0.1:1: ", []string{"postgres://s3cret:s3cret@127.0.0.1:1/s3cret?sslmode=disable"}},
		{exitFailed, "dial: mysql://127.0.0.1:1: ", []string{"mysql://s3cret:s3cret@tcp(127.0.0.1:1)/s3cret"}},
	} {
		got := execute(t.Context(), nil, append([]string{"dial"}, c.args...)...)
		first, _, _ := strings.Cut(got.err, "\n")
		if got.code != c.code || !strings.Contains(strings.ReplaceAll(first, "dial: dial ", "dial: "), c.say) || got.out != "" {
			t.Errorf("%v: exit %d, %s%q; want %d, %q", c.args, got.code, got.out, got.err, c.code, c.say)
		}
		if strings.Contains(got.err, secret) {
			t.Errorf("%v: the secret is told: %s", c.args, got.err)
		}
	}
}

// Over brokers what was printed is acknowledged, the last message of --count included.
func TestDialBrokers(t *testing.T) {
	t.Parallel()
	name := "cmd" + rand.Text()[:8]
	for variable, rest := range map[string]string{
		"TEST_NATS_URL":  "/" + name + "?stream=" + name + "&durable=" + name,
		"TEST_AMQP_URL":  "?queue=" + name,
		"TEST_KAFKA_URL": "/" + name + "?group=" + name,
		"TEST_MQTT_URL":  "/" + name + "?client=" + name,
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			address := backend.URL(t, variable) + rest
			if got := typing(t, strings.NewReader(""), "dial", address+"|mode=recv", "--count", "1", "--timeout", "1ns"); got.code != exitFailed {
				t.Errorf("connected within a nanosecond: %+v", got)
			}
			if variable == "TEST_MQTT_URL" || variable == "TEST_KAFKA_URL" { // who comes later sees what was sent since
				if got := typing(t, strings.NewReader("zero\n"), "dial", address, "-n", "1"); got != (outcome{0, "zero\n", ""}) {
					t.Errorf("got %+v", got)
				}
			}
			if got := typing(t, strings.NewReader("one\ntwo\nthree\n"), "dial", address+"|mode=send"); got != (outcome{}) {
				t.Errorf("got %+v", got)
			}
			for _, want := range []outcome{{0, "one\n", ""}, {0, "two\nthree\n", ""}} {
				got := typing(t, strings.NewReader(""), "dial", address+"|mode=recv", "-n", strconv.Itoa(strings.Count(want.out, "\n")))
				if got.out == "three\ntwo\n" { // what was given back may come in another order
					got.out = "two\nthree\n"
				}
				if got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
		})
	}
}

// answering is an output whose reader types an answer to what it sees.
type answering struct {
	bytes.Buffer
	to       map[string]string
	keyboard io.Writer
	typed    sync.WaitGroup
}

func (a *answering) Write(b []byte) (int, error) {
	if answer := a.to[string(b)]; answer != "" {
		a.typed.Go(func() { io.WriteString(a.keyboard, answer) })
	}
	return a.Buffer.Write(b)
}

var noDeadline time.Time
