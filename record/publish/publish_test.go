package publish_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial"
	_ "github.com/depthwire/depthwire/dial/all"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/made"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/publish"
)

const natsURL = "TEST_NATS_URL"

// name is one that no other test has.
func name() string { return fmt.Sprintf("t%d", time.Now().UnixNano()) }

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func open(t testing.TB, address string) *publish.Sink {
	t.Helper()
	s, err := publish.Open(within(t, 20*time.Second), address, publish.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func write(t testing.TB, s record.Sink, b *record.Batch) {
	t.Helper()
	if err := s.Write(within(t, time.Minute), b); err != nil {
		t.Fatal(err)
	}
}

// bodies are what batches have: how often, by table and line.
func bodies(batches ...*record.Batch) map[string]int {
	var e lines.Encoder
	found := make(map[string]int)
	for _, b := range batches {
		for _, r := range b.Tables {
			for i := range r.Len() {
				found[r.Table.Name+string(e.Append(nil, b.Log, r, i))]++
			}
		}
	}
	return found
}

func same(t testing.TB, got, want map[string]int) {
	t.Helper()
	if maps.Equal(got, want) {
		return
	}
	t.Errorf("%d different messages, want %d", len(got), len(want))
	for line, n := range want {
		if got[line] != n {
			t.Fatalf("%d times, want %d: %s", got[line], n, line)
		}
	}
}

// receive reads so many messages; table tells of which table one with a key is.
func receive(t testing.TB, in dial.Conn, n int, table func(key string) string) map[string]int {
	t.Helper()
	found := make(map[string]int)
	ctx := within(t, time.Minute)
	for i := range n {
		body, err := in.Read(ctx)
		if err != nil {
			t.Fatalf("message %d of %d: %v", i, n, err)
		}
		found[table(in.(dial.Keyed).Key())+string(body)]++
	}
	return found
}

func dialled(t testing.TB, address string) dial.Conn {
	t.Helper()
	conn, err := dial.Dial(within(t, 20*time.Second), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// All rows of all tables arrive, under the names that the documentation says.
func TestBrokers(t *testing.T) {
	one, two := made.Batch(made.Log(1), 0, 3000, 5), made.Batch(made.Log(1), 3000, 3100, 5)
	word := func(separator string, at int) func(key string) string {
		return func(key string) string {
			words := strings.Split(key, separator)
			if symbol := words[len(words)-1]; len(words) != at+3 || words[at+1] != "okx" || symbol != "-" && !strings.HasSuffix(symbol, "-USDT_USDT") {
				t.Fatalf("key %s", key)
			}
			return words[at]
		}
	}
	for scheme, x := range map[string]struct{ publish, read, separator string }{
		"nats": {"/%s?stream=%[1]s", "/%s.%%3E?stream=%[1]s&deliver=all&window=600", "."},
		"amqp": {"?exchange=%s", "?exchange=%s&key=%%23", "."},
		"mqtt": {"/%s", "/%s/%%23", "/"},
	} {
		t.Run(scheme, func(t *testing.T) {
			backend.Leaks(t)
			server, topic := backend.URL(t, "TEST_"+strings.ToUpper(scheme)+"_URL"), name()
			in := dialled(t, server+fmt.Sprintf(x.read, topic))
			s := open(t, server+fmt.Sprintf(x.publish, topic))
			write(t, s, one)
			write(t, s, two)
			at := 1
			if scheme == "amqp" {
				at = 0
			}
			same(t, receive(t, in, one.Len()+two.Len(), word(x.separator, at)), bodies(one, two))
		})
	}
	t.Run("kafka", func(t *testing.T) {
		backend.Leaks(t)
		server, topic := backend.URL(t, "TEST_KAFKA_URL"), name()
		s := open(t, server+"/"+topic+"?partitions=3")
		write(t, s, one)
		write(t, s, two)
		for _, table := range record.Tables {
			in := dialled(t, server+"/"+topic+"."+table.Name+"?group="+topic)
			want := bodies(one, two)
			maps.DeleteFunc(want, func(line string, _ int) bool { return !strings.HasPrefix(line, table.Name+"{") })
			same(t, receive(t, in, one.Of(table).Len()+two.Of(table).Len(), func(key string) string {
				if !strings.HasPrefix(key, "okx/") {
					t.Fatalf("key %s", key)
				}
				return table.Name
			}), want)
		}
	})
}

// stream is a stream of JetStream, as a client of its own sees it.
func stream(t testing.TB, server, name string) jetstream.Stream {
	t.Helper()
	nc, err := nats.Connect(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	st, err := js.Stream(within(t, 10*time.Second), name)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func count(t testing.TB, server, name string) uint64 {
	t.Helper()
	info, err := stream(t, server, name).Info(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

// JetStream has a batch that comes again once, and of what two recorders bring the trades with ids once.
func TestOnce(t *testing.T) {
	server, topic := backend.URL(t, natsURL), name()
	s := open(t, server+"/"+topic+"?stream="+topic)
	b := made.Batch(made.Log(1), 0, 2000, 5)
	for range 3 {
		write(t, s, b)
		b.Again = true
	}
	if n := count(t, server, topic); n != uint64(b.Len()) {
		t.Errorf("%d messages, want %d", n, b.Len())
	}
	keyed := 0
	for _, id := range b.Of(record.TradeTable).Columns[record.TradeTable.Column("id")].Texts {
		if id != "" {
			keyed++
		}
	}
	write(t, s, made.Batch(made.Log(2), 0, 2000, 5))
	if n := count(t, server, topic); n != uint64(2*b.Len()-keyed) || keyed == 0 {
		t.Errorf("%d messages of two recorders, want %d", n, 2*b.Len()-keyed)
	}
	info := stream(t, server, topic).CachedInfo()
	if info.Config.Duplicates != 10*time.Minute || !slices.Equal(info.Config.Subjects, []string{topic + ".>"}) {
		t.Errorf("a window of %v, subjects %v", info.Config.Duplicates, info.Config.Subjects)
	}
	if _, err := publish.Open(t.Context(), server+"/"+topic+"?stream="+topic, publish.Options{Window: time.Hour}); !errors.Is(err, dial.ErrOption) {
		t.Errorf("a stream with a short window: %v", err)
	}
}

// A broker that is killed in the middle of batches, again and again, has every message once.
func TestKilled(t *testing.T) {
	backend.Leaks(t)
	server := backend.Start(t, "nats", natsURL)
	address := server.URL(natsURL)
	s := open(t, address)
	const size, kills = 20000, 4
	var batches []*record.Batch
	interrupted := 0
	for n := range uint64(kills) {
		b := made.Batch(made.Log(1), n*size, n*size+size, 7)
		batches = append(batches, b)
		short, cancel := context.WithCancel(t.Context())
		var writing sync.WaitGroup
		writing.Go(func() {
			if s.Write(short, b) != nil {
				interrupted++
			}
		})
		for count(t, address, "DEPTHWIRE") < n*size+100 { // some are there, and the rest is on its way
			runtime.Gosched()
		}
		server.Kill()
		cancel()
		writing.Wait()
		server.Start()
		b.Again = true
		write(t, s, b)
		if got := count(t, address, "DEPTHWIRE"); got != n*size+size {
			t.Fatalf("after kill %d: %d messages, want %d", n+1, got, n*size+size)
		}
	}
	if interrupted == 0 {
		t.Error("no kill was in the middle of a batch")
	}
	t.Logf("%d of %d kills in the middle of a batch", interrupted, kills)
	in := dialled(t, address+"/depthwire.%3E?stream=DEPTHWIRE&deliver=all")
	same(t, receive(t, in, kills*size, func(key string) string { return strings.Split(key, ".")[1] }), bodies(batches...))
}

// A row that is too large is refused, and leaves the others to be written.
func TestRefused(t *testing.T) {
	s := open(t, backend.URL(t, natsURL)+"/"+name()+"?stream="+name())
	var e record.Encoder
	var b record.Batch
	b.Reset(made.Log(1), 0)
	if err := b.Add(0, e.Frame(&exchange.Frame{Venue: "okx", Kind: exchange.FrameIn}, 0, make([]byte, 2<<20))); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), &b); !errors.Is(err, record.ErrRefused) {
		t.Errorf("2 MiB: %v", err)
	}
	write(t, s, made.Batch(made.Log(1), 1, 100, 2))
	s.Close()
	if err := s.Write(t.Context(), &b); !errors.Is(err, dial.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for _, bad := range []string{"", "nats", "tcp://host:1", "postgres://h/x", "nats://h/x|mode=recv", "kafka://h/x?colour=red"} {
		if s, err := publish.Open(t.Context(), bad, publish.Options{}); !errors.Is(err, dial.ErrAddress) {
			t.Errorf("%s: %v, %v", bad, s, err)
		}
	}
}

func Example() {
	ctx := context.Background()
	sink, err := publish.Open(ctx, "nats://localhost:4222/depthwire?stream=DEPTHWIRE", publish.Options{Window: time.Hour})
	if err != nil {
		return // no broker
	}
	defer sink.Close()
	recorder := record.New(record.Config{Dir: "log", Sinks: []record.Target{{Name: "nats", Sink: sink}}})
	recorder.Run(ctx)
}

func BenchmarkWrite(b *testing.B) {
	for scheme, query := range map[string]string{"nats": "?stream=%s", "kafka": "?partitions=4", "amqp": "?exchange=%s&queue=%[1]s&key=%%23", "mqtt": ""} {
		b.Run(scheme, func(b *testing.B) {
			server, topic := backend.URL(b, "TEST_"+strings.ToUpper(scheme)+"_URL"), name()
			address := server + "/" + topic
			if scheme == "amqp" {
				address = server
			}
			if strings.Contains(query, "%s") {
				query = fmt.Sprintf(query, topic)
			}
			s := open(b, address+query)
			rows := uint64(0)
			for b.Loop() {
				b.StopTimer()
				batch := made.Batch(made.Log(1), rows, rows+10000, 50)
				b.StartTimer()
				write(b, s, batch)
				rows += 10000
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
