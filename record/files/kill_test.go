package files_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/internal/made"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/recordtest"
)

// The environment of a test that is run as the process that is killed.
const victim = "DEPTHWIRE_FILES_VICTIM"

const (
	killBatch = 100
	killRows  = 400 * killBatch
)

// TestVictim writes batches from where the files say, and a line when one is written.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victim)
	if dir == "" {
		return // it is the other test that counts
	}
	s, err := files.Open(t.Context(), dir, files.Options{Compress: files.Zstd, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for {
		from, err := s.Cursor(t.Context(), made.Log(1))
		if err != nil || from >= killRows {
			break
		}
		write(t, s, made.Batch(made.Log(1), from, from+killBatch, 40))
		fmt.Println("written", from)
	}
	fmt.Println("done", s.Close())
}

// Killed again and again in the middle of batches, a writer leaves every row once.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	kills := 0
	for done := false; !done; {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestVictim$")
		cmd.Env = append(os.Environ(), victim+"="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		left := 1 + rand.IntN(25) // batches; once they are written, any moment will do
		var kill *time.Timer
		for said := bufio.NewScanner(out); said.Scan(); left-- {
			done = done || said.Text() == "done <nil>"
			if left == 0 {
				kill = time.AfterFunc(rand.N(3*time.Millisecond), func() { cmd.Process.Kill() })
			}
		}
		err = cmd.Wait()
		if kill != nil && !kill.Stop() && !done {
			kills++
		} else if !done {
			t.Fatalf("the writer has ended by itself: %v", err)
		}
	}
	if kills < 10 {
		t.Errorf("killed %d times only", kills)
	}
	whole := made.Batch(made.Log(1), 0, killRows, 40)
	compare(t, all(t, dir, begin, end), want(begin, end, whole))
	once(t, dir, whole.Len())
	t.Logf("killed %d times, %d rows", kills, killRows)
}

// once checks that so many rows are in the files, as zstdcat gives them: no line is there twice.
func once(t *testing.T, dir string, rows int) {
	t.Helper()
	seen := make(map[uint64]bool)
	for name, text := range contents(t, dir) {
		if !strings.HasSuffix(name, ".zst") {
			continue
		}
		z, err := zstd.NewReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewScanner(z)
		in.Buffer(nil, 1<<24)
		for in.Scan() {
			log, pos, ok := lines.Position(in.Bytes())
			if !ok || log != made.Log(1) || seen[pos] {
				t.Fatalf("%s: a line that is there already, or none: %q", name, in.Text())
			}
			seen[pos] = true
		}
		if in.Err() != nil {
			t.Fatalf("%s: %v", name, in.Err())
		}
		z.Close()
	}
	if len(seen) != rows {
		t.Errorf("%d lines, want %d", len(seen), rows)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range compressions {
		for _, x := range []struct {
			rows    uint64
			symbols int
			nosync  bool
		}{{10000, 10, false}, {10000, 1000, false}} {
			b.Run(fmt.Sprintf("%s/%d-rows-%d-symbols/nosync=%v", c, x.rows, x.symbols, x.nosync), func(b *testing.B) {
				dir := b.TempDir()
				s, err := files.Open(b.Context(), dir, files.Options{Compress: c, NoSync: x.nosync})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				batch := made.Batch(made.Log(1), 0, x.rows, x.symbols)
				rows := 0
				for b.Loop() {
					batch.From, batch.To = uint64(rows), uint64(rows)+x.rows
					write(b, s, batch)
					rows += int(x.rows)
				}
				b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
				size := 0
				for _, text := range contents(b, dir) {
					size += len(text)
				}
				b.ReportMetric(float64(size)/float64(rows), "B/row")
			})
		}
	}
}

func BenchmarkRead(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir, files.Zstd)
	for n := range uint64(10) {
		write(b, s, made.Batch(made.Log(1), n*10000, n*10000+10000, 10))
	}
	rows := 0
	for b.Loop() {
		if err := s.Read(b.Context(), record.TradeTable, begin, end, nil, func(r *record.Rows) error { rows += r.Len(); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkSize reports what a row takes on the disk: numbers are random, which real ones are less.
func BenchmarkSize(b *testing.B) {
	for _, c := range compressions {
		for _, table := range []*record.Table{record.TradeTable, record.BookTable, record.TickerTable} {
			for _, member := range []int{10, 1000} {
				b.Run(fmt.Sprintf("%s/%s/%d-rows", c, table.Name, member), func(b *testing.B) {
					dir := b.TempDir()
					s := open(b, dir, c)
					m := recordtest.NewMaker(1)
					m.Plain = true
					rows, from := 0, uint64(0)
					for b.Loop() {
						batch := m.Batch(made.Log(1), from, 15*member, table) // three venues, five symbols
						write(b, s, batch)
						from, rows = batch.To, rows+batch.Len()
					}
					size := 0
					for _, text := range contents(b, dir) {
						size += len(text)
					}
					b.ReportMetric(float64(size)/float64(rows), "B/row")
				})
			}
		}
	}
}
