//go:build unix

package record_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/clickhouse"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/postgres"
	"github.com/depthwire/depthwire/record/recordtest"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/record/wal"
)

var (
	kills  = flag.Int("kills", 20, "how often the recorder is killed")
	values = flag.Int("values", 6000, "how many values come in one life of the recorder")
)

// Variables by which the test tells the process that it kills what to do.
const (
	crashDir  = "RECORD_CRASH_DIR"
	crashLife = "RECORD_CRASH_LIFE"
	crashSync = "RECORD_CRASH_SYNC"
	crashRows = "RECORD_CRASH_VALUES"
)

// stores are those that are recorded into: how they are opened, and the variable and name of the server that some have.
var stores = []struct {
	name, variable string
	open           func(ctx context.Context, dir, server string) (record.Store, error)
}{
	{"sqlite", "", func(ctx context.Context, dir, _ string) (record.Store, error) {
		return sqlite.Open(ctx, filepath.Join(dir, "ticks.db"), sqlite.Options{})
	}},
	{"files", "", func(ctx context.Context, dir, _ string) (record.Store, error) {
		return files.Open(ctx, filepath.Join(dir, "files"), files.Options{})
	}},
	{"postgres", "TEST_POSTGRES_DSN", func(ctx context.Context, _, server string) (record.Store, error) { return postgres.Open(ctx, server) }},
	{"clickhouse", "TEST_CLICKHOUSE_URL", func(ctx context.Context, _, server string) (record.Store, error) {
		return clickhouse.Open(ctx, server, clickhouse.Options{})
	}},
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := recordUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(manyBooks) != "" {
		if err := serveMany(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// recordUntilKilled is the process that dies. It says on its standard output how many records are safe.
func recordUntilKilled(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	life, _ := strconv.Atoi(os.Getenv(crashLife))
	most, _ := strconv.Atoi(os.Getenv(crashRows))
	o := record.Config{Dir: dir, Drain: time.Minute, Log: wal.Options{Sync: wal.Sync(os.Getenv(crashSync)), Segment: 1 << 30}}
	for _, s := range stores {
		server := ""
		if s.variable != "" {
			if server = os.Getenv(s.variable); server == "" {
				continue
			}
		}
		opened, err := s.open(ctx, dir, server)
		for err != nil && ctx.Err() == nil { // its server is down
			time.Sleep(10 * time.Millisecond)
			opened, err = s.open(ctx, dir, server)
		}
		if err != nil {
			return err
		}
		defer opened.Close()
		o.Sinks = append(o.Sinks, record.Target{Name: s.name, Sink: opened, Rows: 200 + 100*(life%5), Every: 20 * time.Millisecond})
	}
	n := 0
	return record.RunFed(ctx, o, func(r *record.Recorder) record.Fed {
		return func(ctx context.Context, dst *exchange.Trade) error {
			if n++; n > most {
				fmt.Println(record.Progress(r))
				<-ctx.Done()
				return ctx.Err()
			}
			if n%64 == 0 {
				fmt.Println(record.Progress(r))
			}
			*dst = exchange.Trade{
				Stamp: exchange.Stamp{Venue: "test", Symbol: []string{"A", "B", "C"}[n%3], Received: time.Now()}, ID: fmt.Sprint(life*10_000_000 + n),
				Price: decimal.New(int64(n), 2), Size: decimal.New(int64(life), 3), Side: exchange.Buy,
			}
			if n%7 == 0 {
				dst.ID = "" // two honest ones that are the same stay two
			}
			return nil
		}
	})
}

// A recorder that is killed again and again, while the servers of its sinks are killed as well, loses nothing that was safe, and stores
// nothing twice: in the end each store has the rows of the log, all of them, each once, byte for byte.
func TestKilled(t *testing.T) {
	for name, policy := range map[string]wal.Sync{"periodic": wal.Periodic, "always": wal.Always} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			env := append(os.Environ(), crashDir+"="+dir, crashSync+"="+string(policy))
			var servers []*backend.Server
			for _, s := range stores {
				if s.variable != "" && served(t, s.variable) {
					own := backend.Start(t, s.name, s.variable)
					servers = append(servers, own)
					env = append(env, s.variable+"="+own.URL(s.variable))
				}
			}
			rng := rand.New(rand.NewPCG(1, 2))
			span := func() time.Duration { return time.Duration(rng.Int64N(int64(400 * time.Millisecond))) }
			safe := uint64(0)
			for life := range *kills {
				var dies *backend.Server // in the midst of it
				if len(servers) > 0 && life%4 == 3 {
					dies = servers[rng.IntN(len(servers))]
				}
				safe = max(safe, lives(t, env, life, span(), syscall.SIGKILL, dies))
				if dies != nil {
					dies.Start()
				}
			}
			safe = max(safe, lives(t, env, *kills, 2*time.Second, syscall.SIGTERM, nil))
			compare(t, dir, env, safe)
		})
	}
}

// served reports whether there is a server for a variable, which under CI there must be.
func served(t *testing.T, variable string) bool {
	there := os.Getenv(variable) != ""
	if !there && os.Getenv("CI") != "" {
		t.Fatalf("no %s", variable)
	}
	return there
}

// lives runs the recorder for some time from its first word on, kills a server on the way where there is one, ends the recorder by a
// signal, and returns how many records it said were safe.
func lives(t *testing.T, env []string, life int, span time.Duration, end syscall.Signal, dies *backend.Server) (safe uint64) {
	t.Helper()
	own := exec.Command(os.Args[0])
	own.Env = append(env, fmt.Sprint(crashLife, "=", life), fmt.Sprint(crashRows, "=", *values))
	out, err := own.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	own.Stderr = &complaint
	if err := own.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	var timer *time.Timer
	var killing sync.WaitGroup
	stuck := time.AfterFunc(time.Minute, func() { own.Process.Kill() })
	for in := bufio.NewScanner(out); in.Scan(); {
		n, err := strconv.ParseUint(in.Text(), 10, 64)
		if err != nil {
			t.Errorf("it said %q", in.Text())
		}
		safe = max(safe, n)
		once.Do(func() {
			timer = time.AfterFunc(span, func() { own.Process.Signal(end) })
			if dies != nil {
				killing.Go(dies.Kill)
			}
		})
	}
	err = own.Wait()
	killing.Wait()
	if !stuck.Stop() {
		t.Error("it did not say a word, or did not end")
	}
	if timer != nil {
		timer.Stop()
	}
	if end != syscall.SIGKILL && (err != nil || complaint.Len() > 0) {
		t.Errorf("it ended with %v: %s", err, complaint.String())
	}
	return safe
}

// compare holds the stores against the log.
func compare(t *testing.T, dir string, env []string, safe uint64) {
	t.Helper()
	log, found, err := wal.Open(filepath.Join(dir, "log"), wal.Options{Segment: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if found.Next < safe {
		t.Errorf("%d records were safe, %d are there", safe, found.Next)
	}
	want := make([]string, found.Next)
	in := log.Reader(0)
	defer in.Close()
	var b record.Batch
	for i := range want {
		pos, row, err := in.Next(t.Context())
		if err != nil || pos != uint64(i) {
			t.Fatalf("at %d: %d %v", i, pos, err)
		}
		b.Reset(log.ID(), pos)
		if err := b.Add(pos, row); err != nil {
			t.Fatal(err)
		}
		want[i] = recordtest.Text(b.Tables[0], 0)
	}
	for _, s := range stores {
		server, ok := "", s.variable == ""
		for _, v := range env {
			if name, value, _ := strings.Cut(v, "="); name == s.variable && name != "" {
				server, ok = value, true
			}
		}
		if !ok {
			continue
		}
		opened, err := s.open(t.Context(), dir, server)
		if err != nil {
			t.Fatal(err)
		}
		lost, twice, other := 0, 0, 0
		got := make([]int, len(want))
		for _, table := range record.Tables {
			err = errors.Join(err, opened.Read(t.Context(), table, time.Unix(0, 0), time.Unix(1<<33, 0), nil, func(r *record.Rows) error {
				for i, pos := range r.Pos {
					if pos >= uint64(len(got)) || recordtest.Text(r, i) != want[pos] {
						other++
						continue
					}
					got[pos]++
				}
				return nil
			}))
		}
		for _, n := range got {
			lost += max(0, 1-n)
			twice += max(0, n-1)
		}
		if err = errors.Join(err, opened.Close()); err != nil || lost+twice+other > 0 {
			t.Errorf("%s: of %d rows %d are lost, %d there twice, %d of no row of the log; %v", s.name, len(want), lost, twice, other, err)
		}
		if s.name == "files" {
			onceEach(t, log.ID(), filepath.Join(dir, "files"), len(want))
		}
		t.Logf("%s: %d rows, %d of which were said to be safe", s.name, len(want), safe)
	}
}

// onceEach reads the lines of files as zcat does, which knows nothing of batches: each row is there once.
func onceEach(t *testing.T, log wal.ID, dir string, rows int) {
	t.Helper()
	times := make([]int, rows)
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "*.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		text, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewScanner(text)
		for in.Scan() {
			if id, pos, ok := lines.Position(in.Bytes()); ok && id == log && pos < uint64(rows) {
				times[pos]++
			} else {
				t.Errorf("%s: %q", path, in.Text())
			}
		}
		if in.Err() != nil {
			t.Errorf("%s: %v", path, in.Err())
		}
	}
	for pos, n := range times {
		if n != 1 {
			t.Fatalf("row %d stands in the files %d times", pos, n)
		}
	}
}
