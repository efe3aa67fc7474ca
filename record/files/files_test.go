package files_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/internal/made"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/wal"
)

var compressions = []files.Compression{files.Gzip, files.Zstd}

func open(t testing.TB, dir string, c files.Compression) *files.Sink {
	t.Helper()
	s, err := files.Open(t.Context(), dir, files.Options{Compress: c, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func write(t testing.TB, s *files.Sink, b *record.Batch) {
	t.Helper()
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// all is everything that a directory has, as text: rows of one table are in the order of Read.
func all(t testing.TB, dir string, from, to time.Time, columns ...string) (text []string) {
	t.Helper()
	var e lines.Encoder
	for _, table := range record.Tables {
		err := files.Read(t.Context(), dir, table, from, to, columns, func(r *record.Rows) error {
			for i := range r.Len() {
				text = append(text, table.Name+string(e.Append(nil, r.Log, r, i)))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return text
}

var begin, end = made.Start.Add(-time.Hour), made.Start.Add(1000 * time.Hour)

// want is what batches have, as all gives it.
func want(from, to time.Time, batches ...*record.Batch) (text []string) {
	type row struct {
		log wal.ID
		r   *record.Rows
		i   int
	}
	var e lines.Encoder
	for _, table := range record.Tables {
		var rows []row
		keys := make(map[string]bool)
		for _, b := range batches {
			for i := range b.Of(table).Len() {
				at := record.Time(b.Of(table).Columns[record.ReceivedColumn].Ints[i])
				id := string(lines.AppendID(nil, b.Log, b.Of(table), i))
				if known := keys[id]; !known && !at.Before(from) && at.Before(to) {
					rows = append(rows, row{b.Log, b.Of(table), i})
				}
				keys[id] = true
			}
		}
		slices.SortFunc(rows, func(a, b row) int {
			return cmp.Or(strings.Compare(a.r.Columns[0].Texts[a.i], b.r.Columns[0].Texts[b.i]), strings.Compare(a.r.Columns[1].Texts[a.i], b.r.Columns[1].Texts[b.i]),
				strings.Compare(a.log.String(), b.log.String()), cmp.Compare(a.r.Pos[a.i], b.r.Pos[b.i]))
		})
		for _, r := range rows {
			text = append(text, table.Name+string(e.Append(nil, r.log, r.r, r.i)))
		}
	}
	return text
}

func compare(t testing.TB, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("row %d is\n%s, want\n%s", i, got[i], want[i])
		}
	}
}

// What is written comes back, in order, over two days and from two logs, also when files of both compressions are there.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	var batches []*record.Batch
	for i, c := range []files.Compression{files.Gzip, files.Zstd, files.Gzip} {
		s := open(t, dir, c)
		for n := range uint64(3) {
			from := uint64(i)*300 + n*100
			for _, log := range []byte{2, 1} {
				b := made.Batch(made.Log(log), from, from+100, 5)
				write(t, s, b)
				batches = append(batches, b)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, all(t, dir, begin, end), want(begin, end, batches...))
	from, to := made.Start.Add(5*time.Second), made.Start.Add(20*time.Second)
	compare(t, all(t, dir, from, to), want(from, to, batches...))
	if _, err := os.Stat(filepath.Join(dir, "trades", "2026-01-03", "okx", "C1-USDT_USDT.jsonl.gz")); err != nil {
		t.Error(err)
	}
	s := open(t, dir, files.Gzip)
	rows := 0
	err := s.Read(t.Context(), record.TradeTable, begin, end, []string{"price"}, func(r *record.Rows) error {
		rows += r.Len()
		for i, c := range r.Table.Columns {
			v := r.Columns[i]
			if n := len(v.Texts) + len(v.Numbers) + len(v.Ints); (n > 0) != (c.Name == "price") {
				t.Fatalf("%d values of %s", n, c.Name)
			}
		}
		return nil
	})
	if err != nil || rows == 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
	stop := errors.New("stop")
	if err := s.Read(t.Context(), record.TradeTable, begin, end, nil, func(*record.Rows) error { return stop }); err != stop {
		t.Errorf("the error of fn: %v", err)
	}
	if err := s.Read(t.Context(), record.TradeTable, begin, end, []string{"colour"}, nil); err == nil {
		t.Error("a column that is not there")
	}
}

// A batch that comes again is there once, whatever it says of itself; half of one is refused; one without rows moves the cursor.
func TestAgain(t *testing.T) {
	for _, c := range compressions {
		dir := t.TempDir()
		s := open(t, dir, c)
		a, b := made.Batch(made.Log(1), 0, 200, 5), made.Batch(made.Log(1), 200, 300, 5)
		for range 2 {
			write(t, s, a)
		}
		write(t, s, b)
		s.Close()
		s = open(t, dir, c)
		b.Again = true
		write(t, s, b)
		write(t, s, a)
		if err := s.Write(t.Context(), made.Batch(made.Log(1), 250, 350, 5)); !errors.Is(err, record.ErrOverlap) {
			t.Errorf("an overlap: %v", err)
		}
		var empty record.Batch
		empty.Reset(made.Log(1), 300)
		empty.To = 320
		write(t, s, &empty)
		if at, err := s.Cursor(t.Context(), made.Log(1)); at != 320 || err != nil {
			t.Errorf("cursor %d, %v", at, err)
		}
		if at, err := s.Cursor(t.Context(), made.Log(2)); at != 0 || err != nil {
			t.Errorf("cursor of another log %d, %v", at, err)
		}
		compare(t, all(t, dir, begin, end), want(begin, end, a, b))
	}
}

// epoch counts how often a directory was opened.
var epoch = regexp.MustCompile(`"epoch":\d+,`)

// contents are all files but LOCK, without the epoch.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LOCK" {
			return err
		}
		text, err := os.ReadFile(name)
		found[strings.TrimPrefix(name, dir)] = epoch.ReplaceAllString(string(text), "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func restore(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(dir+name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Wherever a crash has cut the second batch, nothing of it is there when the directory is opened, and all of it, to the byte, when it
// comes again. Who reads before that sees the first only.
func TestCrash(t *testing.T) {
	one, two := made.Batch(made.Log(1), 0, 200, 5), made.Batch(made.Log(1), 200, 400, 7)
	for _, c := range compressions {
		dir := t.TempDir()
		s := open(t, dir, c)
		write(t, s, one)
		before := contents(t, dir)
		write(t, s, two)
		s.Close()
		after := contents(t, dir)
		sizes := make([]string, 0, len(after))
		for name := range after {
			if strings.HasPrefix(filepath.Base(name), "C") || strings.Contains(name, "frames") {
				sizes = append(sizes, fmt.Sprintf("%q:%d", name[1:], len(before[name])))
			}
		}
		pending := fmt.Sprintf(`{"log":%q,"from":200,"to":400,"files":{%s}}`, made.Log(1), strings.Join(sizes, ","))
		for cut := range 15 {
			half := map[string]string{"/pending.json": pending, "/recording.json": before["/recording.json"]}
			i := 0
			for _, name := range slices.Sorted(keys(after)) {
				if half[name] != "" {
					continue
				}
				i++
				had, has := len(before[name]), len(after[name])
				half[name] = after[name][:had+(has-had)*(cut*i*7919%61)/60]
				if had == 0 && cut%3 == i%3 {
					delete(half, name)
				}
			}
			crashed := t.TempDir()
			restore(t, crashed, half)
			compare(t, all(t, crashed, begin, end), want(begin, end, one))
			s := open(t, crashed, c)
			same(t, contents(t, crashed), before)
			two.Again = true
			write(t, s, two)
			same(t, contents(t, crashed), after)
			s.Close()
		}
	}
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func same(t testing.TB, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Fatalf("%s has %d bytes, want these %d", name, len(got[name]), len(want[name]))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", slices.Sorted(keys(got)), slices.Sorted(keys(want)))
	}
}

// A disk that is full, a name that is taken and a context that ends are errors, after which nothing of the batch is there, and the
// next attempt stores it once.
func TestFailures(t *testing.T) {
	one, two := made.Batch(made.Log(1), 0, 200, 5), made.Batch(made.Log(1), 200, 400, 7)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, x := range map[string]struct {
		ctx  context.Context
		make func(path string) error
		want error
	}{
		"full":  {t.Context(), func(path string) error { return os.Symlink("/dev/full", path) }, syscall.ENOSPC},
		"taken": {t.Context(), func(path string) error { return os.Mkdir(path, 0o755) }, syscall.EISDIR},
		"ended": {over, func(string) error { return nil }, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, files.Gzip)
			write(t, s, one)
			before := contents(t, dir)
			obstacle := filepath.Join(dir, "trades", "2026-01-03", "okx", "C6-USDT_USDT.jsonl.gz") // of the second batch only
			if err := x.make(obstacle); err != nil {
				t.Fatal(err)
			}
			if err := s.Write(x.ctx, two); !errors.Is(err, x.want) {
				t.Fatalf("%v, want %v", err, x.want)
			}
			os.Remove(obstacle)
			two.Again = true
			if at, _ := s.Cursor(t.Context(), made.Log(1)); at != 200 {
				t.Errorf("cursor %d", at)
			}
			s.Close()
			s = open(t, dir, files.Gzip)
			same(t, contents(t, dir), before)
			write(t, s, two)
			compare(t, all(t, dir, begin, end), want(begin, end, one, two))
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, files.Gzip)
	write(t, s, made.Batch(made.Log(1), 0, 20, 5))
	s.Close()
	if err := s.Write(t.Context(), made.Batch(made.Log(1), 20, 40, 5)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := files.Open(t.Context(), dir, files.Options{Compress: "rar"}); err == nil {
		t.Error("rar")
	}
	os.WriteFile(filepath.Join(dir, "recording.json"), []byte(`{"version":2}`), 0o644)
	if _, err := files.Open(t.Context(), dir, files.Options{}); !errors.Is(err, record.ErrSchema) {
		t.Errorf("version 2: %v", err)
	}
	os.Remove(filepath.Join(dir, "recording.json"))
	if _, err := files.Open(t.Context(), dir, files.Options{}); !errors.Is(err, record.ErrSchema) {
		t.Errorf("files without a cursor: %v", err)
	}
	if _, err := files.Open(t.Context(), "/dev/null", files.Options{}); err == nil {
		t.Error("what is no directory")
	}
}

// A file that somebody has damaged is an error that names it.
func TestDamage(t *testing.T) {
	for _, c := range compressions {
		dir := t.TempDir()
		s := open(t, dir, c)
		write(t, s, made.Batch(made.Log(1), 0, 2000, 2))
		name := filepath.Join(dir, "trades", "2026-01-03", "okx", "C1-USDT_USDT.jsonl."+string(c))
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, damaged := range [][]byte{text[:len(text)-3], append(slices.Clone(text[:len(text)/2]), 1, 2, 3), []byte("x")} {
			if err := os.WriteFile(name, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			err := s.Read(t.Context(), record.TradeTable, begin, end, nil, func(*record.Rows) error { return nil })
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("damaged: %v", err)
			}
		}
	}
}
