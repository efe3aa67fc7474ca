package nats_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

// forgetful is a client's connection to a server that forgets one request for
// messages.
type forgetful struct {
	net.Conn
	in    *bufio.Reader
	whole []byte // command
	*forgetting
}

type forgetting struct {
	requests  atomic.Int32
	consumers jetstream.JetStream // whose consumers are forgotten as well
	stream    string
}

// forget says whether a request that was asked of a consumer is forgotten.
func (f *forgetting) forget(subject string) (bool, error) {
	if f.requests.Add(1) > 1 {
		return false, nil
	}
	if f.consumers == nil {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return true, f.consumers.DeleteConsumer(ctx, f.stream, subject[strings.LastIndexByte(subject, '.')+1:])
}

func (f *forgetful) Read(p []byte) (int, error) {
	for len(f.whole) == 0 {
		line, err := f.in.ReadBytes('\n')
		if err != nil {
			return 0, err
		}
		f.whole = line
		words := bytes.Fields(line)
		if len(words) < 3 || !bytes.HasSuffix(words[0], []byte("PUB")) {
			continue
		}
		size, err := strconv.Atoi(string(words[len(words)-1]))
		if err != nil {
			return 0, err
		}
		body := make([]byte, size+len("\r\n"))
		if _, err := io.ReadFull(f.in, body); err != nil {
			return 0, err
		}
		f.whole = append(f.whole, body...)
		if subject := string(words[1]); strings.HasPrefix(subject, "$JS.API.CONSUMER.MSG.NEXT.") {
			forget, err := f.forget(subject)
			if err != nil {
				return 0, err
			}
			if forget {
				f.whole = nil
			}
		}
	}
	n := copy(p, f.whole)
	f.whole = f.whole[n:]
	return n, nil
}

// A request for messages that the server forgot is made again, and a consumer
// that it forgot as well; the reader has all, and notices nothing.
func TestForgottenRequest(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, variable)
	t.Run("group", func(t *testing.T) {
		for name, forgetConsumer := range map[string]bool{"request": false, "consumer": true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				forgotten(t, server, forgetConsumer)
			})
		}
		t.Run("nothing", func(t *testing.T) {
			t.Parallel()
			slow(t, server)
		})
	})
}

func forgotten(t *testing.T, server string, forgetConsumer bool) {
	topic := suite.Topic()
	at, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	f := &forgetting{stream: topic}
	if forgetConsumer {
		f.consumers = streams(t, server)
	}
	relay := backend.NewRelay(t, at.Host, func(client, _ net.Conn) (net.Conn, error) {
		return &forgetful{Conn: client, in: bufio.NewReader(client), forgetting: f}, nil
	})
	path := "/" + topic + "?stream=" + topic
	out := open(t, server+path)
	for _, tick := range []string{"one", "two"} {
		if err := out.Write(t.Context(), []byte(tick)); err != nil {
			t.Fatal(err)
		}
	}
	in := open(t, relay.In(server)+path+"&deliver=all")
	for _, tick := range []string{"one", "two"} {
		if got, err := in.Read(t.Context()); err != nil || string(got) != tick || f.requests.Load() < 2 {
			t.Fatalf("read %q, %v after %d requests; want %s after 2", got, err, f.requests.Load(), tick)
		}
	}
}

// slow is a reader who takes longer for a message than a server waits, unless
// it is told otherwise, for a consumer without a name (5 s).
func slow(t *testing.T, server string) {
	topic := suite.Topic()
	path := "/" + topic + "?stream=" + topic
	out, in := open(t, server+path), open(t, server+path+"&deliver=all")
	const n = 300
	for i := range n {
		if err := out.Write(t.Context(), strconv.AppendInt(nil, int64(i), 10)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		got, err := in.Read(t.Context())
		if err != nil || string(got) != strconv.Itoa(i) {
			t.Fatalf("read %q, %v; want %d", got, err, i)
		}
		if i == 1 {
			time.Sleep(6500 * time.Millisecond)
		}
	}
}

func streams(t *testing.T, server string) jetstream.JetStream {
	nc, err := natsgo.Connect(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}
