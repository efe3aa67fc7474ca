package publish_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	sasl "github.com/segmentio/kafka-go/sasl/plain"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/internal/made"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/publish"
	"github.com/depthwire/depthwire/record/wal"
)

// texts are rows without what they are known by: how often each is there.
func texts(r *record.Rows, found map[string]int) {
	var e lines.Encoder
	view := record.Rows{Table: r.Table, Pos: make([]uint64, r.Len()), Columns: r.Columns}
	for i := range r.Len() {
		found[r.Table.Name+string(e.Append(nil, wal.ID{}, &view, i))]++
	}
}

// expected are the rows of batches, each id once.
func expected(batches ...*record.Batch) map[string]int {
	ids, found := make(map[string]bool), make(map[string]int)
	for _, b := range batches {
		for _, r := range b.Tables {
			one := record.NewRows(r.Table)
			var e lines.Encoder
			var d lines.Decoder
			for i := range r.Len() {
				if id := string(lines.AppendID(nil, b.Log, r, i)); !ids[id] {
					ids[id] = true
					d.Add(one, e.Append(nil, b.Log, r, i))
				}
			}
			texts(one, found)
		}
	}
	return found
}

func stored(t testing.TB, dir string) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for _, table := range record.Tables {
		err := files.Read(t.Context(), dir, table, made.Start.Add(-time.Hour), made.Start.Add(1000*time.Hour), nil, func(r *record.Rows) error {
			texts(r, found)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// atOnce notes when a sink has all up to a position of the stream.
type atOnce struct {
	record.Keeper
	to   func(uint64)
	fail func(b *record.Batch, write func() error) error
}

func (s *atOnce) Write(ctx context.Context, b *record.Batch) error {
	write := func() error { return s.Keeper.Write(ctx, b) }
	err := s.fail(b, write)
	if err == nil {
		s.to(b.To)
	}
	return err
}

// consume runs Consume until the sink has everything before a position.
func consume(t testing.TB, address, dir string, to uint64, fail func(*record.Batch, func() error) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(within(t, time.Minute))
	defer cancel()
	sink, err := files.Open(ctx, dir, files.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	s := &atOnce{sink, func(at uint64) {
		if at >= to {
			cancel()
		}
	}, fail}
	if err := publish.Consume(ctx, address, s, publish.ConsumeOptions{Rows: 700, Every: 20 * time.Millisecond, Refused: refused(dir)}); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(context.Cause(ctx), context.Canceled) {
		t.Fatalf("not all has come: %v", context.Cause(ctx))
	}
}

// refused is the file of what is left out on the way into a directory.
func refused(dir string) string { return dir + ".refused.jsonl" }

func refusals(t testing.TB, dir string) (all []publish.Refusal) {
	t.Helper()
	text, err := os.ReadFile(refused(dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var r publish.Refusal
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func plain(_ *record.Batch, write func() error) error { return write() }

// What two collectors publish, twice, while the server is killed, is in the sink once: through restarts of Consume, and through
// errors after which nobody knows what is stored.
func TestConsume(t *testing.T) {
	backend.Leaks(t)
	server := backend.Start(t, "nats", natsURL)
	address, dir := server.URL(natsURL)+"/depthwire?stream=DEPTHWIRE", t.TempDir()
	var all []*record.Batch
	var publishing sync.WaitGroup
	for _, log := range []byte{1, 2} {
		s := open(t, address)
		var mine []*record.Batch
		for n := range uint64(4) {
			mine = append(mine, made.Batch(made.Log(log), n*1000, n*1000+1000, 5))
		}
		all = append(all, mine...)
		publishing.Go(func() {
			for _, b := range mine {
				for s.Write(within(t, time.Minute), b) != nil {
					b.Again = true
				}
			}
		})
	}
	want := expected(all...)
	rows := uint64(0)
	for _, n := range want {
		rows += uint64(n)
	}
	consume(t, address, dir, rows/4, plain)
	server.Kill()
	server.Start()
	failed := 0
	consume(t, address, dir, rows/2, func(b *record.Batch, write func() error) error {
		if failed++; failed == 2 {
			return errors.Join(errors.New("the answer is lost"), write())
		}
		return write()
	})
	publishing.Wait()
	consume(t, address, dir, rows+1, plain)
	same(t, stored(t, dir), want)
	if failed < 2 {
		t.Error("no answer was lost")
	}
	if left := refusals(t, dir); left != nil {
		t.Errorf("left out: %+v", left)
	}
}

// Rows whose messages come again outside the stream's window, but within what Consume remembers, are left out, also after a restart; a
// message that is no row does not stop it.
func TestConsumeRemembers(t *testing.T) {
	server, topic := backend.URL(t, natsURL), name()
	js := stream(t, server, create(t, server, topic))
	b := made.Batch(made.Log(1), 0, 500, 5)
	conn := dialled(t, server+"/"+topic+".%3E?stream="+topic+"|mode=send").(dial.Publisher)
	var e lines.Encoder
	var messages []dial.Publication
	for _, r := range b.Tables {
		for i := range r.Len() {
			messages = append(messages, dial.Publication{Key: topic + "." + r.Table.Name + ".okx.x", Body: e.Append(nil, b.Log, r, i)})
		}
	}
	messages = append(messages, dial.Publication{Key: topic + ".trades.okx.x", Body: []byte("no row")}, dial.Publication{Key: topic + ".weather", Body: []byte("{}")})
	dir := t.TempDir()
	for n := range uint64(3) {
		if err := conn.Publish(t.Context(), messages); err != nil {
			t.Fatal(err)
		}
		consume(t, server+"/"+topic+"?stream="+topic, dir, (n+1)*uint64(len(messages))+1, plain)
	}
	if info, err := js.Info(t.Context()); err != nil || info.State.Msgs != 3*uint64(len(messages)) {
		t.Fatalf("%v, %v", info, err)
	}
	same(t, stored(t, dir), expected(b))
	left := refusals(t, dir)
	if len(left) != 6 {
		t.Fatalf("%d messages are left out, want 6: %+v", len(left), left)
	}
	for i, want := range []publish.Refusal{{Subject: topic + ".trades.okx.x", Message: []byte("no row")}, {Subject: topic + ".weather", Message: []byte("{}"), Reason: "its subject is of no table"}} {
		number := uint64(len(messages) - 1 + i)
		for _, got := range []publish.Refusal{left[i], left[4+i]} {
			if got.Subject != want.Subject || string(got.Message) != string(want.Message) || !strings.Contains(got.Reason, want.Reason) || got.Reason == "" || got.Number != number || got.Stream == "" {
				t.Errorf("%+v, want %+v of number %d", got, want, number)
			}
			number += 2 * uint64(len(messages))
		}
	}
}

// Rows that the sink refuses go into the file with the reason, and into the ledger, wherever they stand in a batch; the rest goes on. Without a file Consume
// ends there.
func TestConsumeRefused(t *testing.T) {
	server, topic := backend.URL(t, natsURL), name()
	address, dir := server+"/"+topic+"?stream="+topic, t.TempDir()
	b := made.Batch(made.Log(1), 0, 2000, 5)
	write(t, open(t, address), b)
	bad := map[string]bool{"5": true, "6": true, "1005": true, "1998": true} // ids of trades
	refuse := func(b *record.Batch, write func() error) error {
		if r := b.Of(record.TradeTable); r != nil && slices.ContainsFunc(r.Columns[r.Table.Column("id")].Texts, func(id string) bool { return bad[id] }) {
			return fmt.Errorf("%w: not this one", record.ErrRefused)
		}
		return write()
	}
	ctx := within(t, time.Minute)
	sink, err := files.Open(ctx, dir, files.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := publish.Consume(ctx, address, &atOnce{sink, func(uint64) {}, refuse}, publish.ConsumeOptions{}); !errors.Is(err, record.ErrRefused) || !strings.Contains(err.Error(), "not this one") {
		t.Errorf("no file: %v", err)
	}
	sink.Close()
	consume(t, address, dir, 2001, refuse)
	left := refusals(t, dir)
	for _, r := range left {
		row := record.NewRows(record.TradeTable)
		var d lines.Decoder
		if _, err := d.Add(row, r.Message); err != nil || !bad[row.Columns[record.TradeTable.Column("id")].Texts[0]] || !strings.Contains(r.Reason, "not this one") {
			t.Errorf("%+v, %v", r, err)
		}
	}
	want, got, gaps := expected(b), stored(t, dir), 0
	err = files.Read(t.Context(), dir, record.GapTable, time.Unix(0, 0), time.Unix(1<<33, 0), nil, func(r *record.Rows) error {
		for _, cause := range r.Columns[r.Table.Column("cause")].Texts {
			if cause == record.Refused {
				gaps++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != len(bad) || gaps != len(bad) || len(got) != len(want)-len(bad) {
		t.Errorf("%d are in the file, %d in the ledger, %d rows stored; want %d, and %d rows", len(left), gaps, len(got), len(bad), len(want)-len(bad))
	}
	for line, n := range got {
		if want[line] != n {
			t.Errorf("%d times: %s", n, line)
		}
	}
}

// Rows of all partitions of all topics arrive once, though they were published twice and Consume was ended in between.
func TestConsumeKafka(t *testing.T) {
	backend.Leaks(t)
	address, dir := backend.URL(t, "TEST_KAFKA_URL")+"/"+name()+"?partitions=2", t.TempDir()
	s := open(t, address)
	b := made.Batch(made.Log(1), 0, 2000, 5)
	last := made.Batch(made.Log(1), 2000, 3000, 5) // when it has come, what came again has, too
	write(t, s, b)
	write(t, s, b)
	write(t, s, last)
	want, got := expected(b, last), 0
	for _, part := range []int{len(want) / 2, len(want)} {
		ctx, cancel := context.WithCancel(within(t, time.Minute))
		sink, err := files.Open(ctx, dir, files.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		counted := &atOnce{sink, func(uint64) {}, func(b *record.Batch, write func() error) error {
			err := write()
			if err == nil {
				got += b.Len()
			}
			if got >= part {
				cancel()
			}
			return err
		}}
		if err := publish.Consume(ctx, address, counted, publish.ConsumeOptions{Rows: 100, Every: 200 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		if !errors.Is(context.Cause(ctx), context.Canceled) {
			t.Fatalf("%d rows of %d have come: %v", got, part, context.Cause(ctx))
		}
		cancel()
		sink.Close()
	}
	same(t, stored(t, dir), want)
}

// Partitions that a topic gets while Consume is at work are read as well.
func TestConsumeMorePartitions(t *testing.T) {
	backend.Leaks(t)
	server, topic := backend.URL(t, "TEST_KAFKA_URL"), name()
	address, dir := server+"/"+topic+"?partitions=1", t.TempDir()
	before, after := made.Batch(made.Log(1), 0, 500, 20), made.Batch(made.Log(1), 500, 1000, 20)
	first := open(t, address)
	write(t, first, before)
	ctx, cancel := context.WithCancel(within(t, 5*time.Minute))
	defer cancel()
	sink, err := files.Open(ctx, dir, files.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	got, all := 0, before.Len()+after.Len()
	reached := make(chan struct{}) // all of before
	counted := &atOnce{sink, func(uint64) {}, func(b *record.Batch, write func() error) error {
		err := write()
		if err != nil {
			return err
		}
		had := got
		if got += b.Len(); had < before.Len() && got >= before.Len() {
			close(reached)
		}
		if got >= all {
			cancel()
		}
		return nil
	}}
	var consuming sync.WaitGroup
	consuming.Go(func() {
		defer cancel()
		if err := publish.Consume(ctx, address, counted, publish.ConsumeOptions{Rows: 100, Every: 20 * time.Millisecond, Look: time.Second}); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-reached:
	case <-ctx.Done():
	}
	table := topic + ".trades"
	if err := grow(ctx, server, table, 3); err != nil {
		t.Error(err)
		cancel()
	}
	if ctx.Err() == nil {
		write(t, open(t, address), after)
	}
	consuming.Wait()
	same(t, stored(t, dir), expected(before, after))
	logs := make(map[wal.ID]bool)
	err = sink.Read(t.Context(), record.TradeTable, time.Unix(0, 0), made.Start.AddDate(1, 0, 0), []string{"id"}, func(r *record.Rows) error { logs[r.Log] = true; return nil })
	if err != nil || len(logs) != 3 {
		t.Errorf("trades of %d partitions, %v", len(logs), err)
	}
}

// grow gives a topic of Kafka more partitions, and returns when the server says that it has them.
func grow(ctx context.Context, server, topic string, partitions int) error {
	at, err := url.Parse(server)
	if err != nil {
		return err
	}
	password, _ := at.User.Password()
	admin := &kafka.Client{Addr: kafka.TCP(at.Host), Transport: &kafka.Transport{SASL: sasl.Mechanism{Username: at.User.Username(), Password: password}}}
	defer admin.Transport.(*kafka.Transport).CloseIdleConnections()
	answer, err := admin.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: int32(partitions)}}})
	if err != nil || answer.Errors[topic] != nil {
		return errors.Join(err, answer.Errors[topic])
	}
	for {
		found, err := admin.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
		if err != nil || len(found.Topics[0].Partitions) == partitions {
			return err
		}
	}
}

// create makes a stream that remembers no ids.
func create(t testing.TB, server, topic string) string {
	dialled(t, server+"/"+topic+".%3E?stream="+topic)
	return topic
}

// ranges is a sink without a cursor.
type ranges struct {
	said []string
	rows map[string]int
	fail int // the number of the call that stores, and says it has not
	stop func()
	end  uint64
}

func (s *ranges) Write(_ context.Context, b *record.Batch) error {
	s.said = append(s.said, fmt.Sprint(b.From, " ", b.To, " ", b.Again))
	s.fail--
	if s.fail == 0 {
		s.stop()
		return errors.New("nobody knows")
	}
	for _, r := range b.Tables {
		texts(r, s.rows)
	}
	if b.To >= s.end {
		s.stop()
	}
	return nil
}

func (s *ranges) Close() error { return nil }

// A sink without a cursor gets the batch that was under way again, the same.
func TestConsumeAgain(t *testing.T) {
	server, topic := backend.URL(t, natsURL), name()
	address := server + "/" + topic + "?stream=" + topic
	b := made.Batch(made.Log(1), 0, 2000, 5)
	write(t, open(t, address), b)
	s := &ranges{rows: make(map[string]int), fail: 3, end: 2001}
	o := publish.ConsumeOptions{Rows: 300, Cursor: filepath.Join(t.TempDir(), "cursor")}
	for i := range 2 {
		ctx, cancel := context.WithCancel(within(t, time.Minute))
		s.stop = cancel
		if o.Rows -= 50 * i; i == 1 { // another size and time do not change the batch that was under way
			o.Every = 10 * time.Millisecond
		}
		if err := publish.Consume(ctx, address, s, o); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	if want := []string{"0 301 false", "301 601 false", "601 901 false", "601 901 true"}; !slices.Equal(s.said[:4], want) || !strings.HasPrefix(s.said[4], "901 ") {
		t.Errorf("%s, want %s, and what follows", strings.Join(s.said, ", "), want)
	}
	if want := expected(b); !maps.Equal(s.rows, want) {
		t.Errorf("%d rows, want %d", len(s.rows), len(want))
	}
	o.Cursor = ""
	if err := publish.Consume(t.Context(), address, s, o); !errors.Is(err, record.ErrConfig) {
		t.Errorf("no cursor: %v", err)
	}
	if err := publish.Consume(t.Context(), "mqtt://h/x", s, o); !errors.Is(err, dial.ErrAddress) {
		t.Errorf("MQTT: %v", err)
	}
}

func BenchmarkConsume(b *testing.B) {
	server, topic := backend.URL(b, natsURL), name()
	address := server + "/" + topic + "?stream=" + topic
	const size = 20_000
	s := open(b, address)
	for n := range uint64(10) {
		write(b, s, made.Batch(made.Log(1), n*size/10, (n+1)*size/10, 50))
	}
	b.ResetTimer()
	for b.Loop() {
		consume(b, address, b.TempDir(), size+1, plain)
	}
	b.ReportMetric(float64(b.N)*size/b.Elapsed().Seconds(), "rows/s")
}
