package record_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// The environment of the test that is run in a process with a file system of its own, and what it says where it gets none.
const (
	ownDisk = "RECORD_OWN_DISK"
	noDisk  = "no disk of its own"
)

// Log, database and files on one disk that becomes full, really, and has room again: what the log has taken is in both stores, once, and
// how much it has not taken stands in the ledger. A kernel that gives no process a file system leaves this to the tests that fake one.
func TestDiskReallyFull(t *testing.T) {
	if dir := os.Getenv(ownDisk); dir != "" {
		recordOnFullDisk(t, dir)
		return
	}
	own := exec.Command(os.Args[0], "-test.run", "^TestDiskReallyFull$", "-test.v")
	own.Env = append(os.Environ(), ownDisk+"="+t.TempDir())
	own.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	said, err := own.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) || strings.Contains(string(said), noDisk) {
		t.Skipf("NOT RUN: %v\n%s", err, said)
	}
	if err != nil || !strings.Contains(string(said), "--- PASS: TestDiskReallyFull") {
		t.Errorf("%v\n%s", err, said)
	}
}

// held is a store that takes nothing before the disk is full, and says what it then meets.
type held struct {
	record.Keeper
	full chan struct{}
	met  chan error
}

func (s *held) Write(ctx context.Context, b *record.Batch) error {
	select {
	case <-s.full:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.Keeper.Write(ctx, b)
	if err != nil {
		select {
		case s.met <- err:
		default: // one is enough
		}
	}
	return err
}

func recordOnFullDisk(t *testing.T, dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		fmt.Println(noDisk, err)
		return
	}
	full := make(chan struct{})
	o := record.Config{Dir: dir, Drain: time.Minute, Log: wal.Options{Segment: 1 << 30, Buffer: 1 << 14}}
	var sinks []*held
	for _, s := range stores[:2] { // those without a server
		opened, err := s.open(t.Context(), dir, "")
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		h := &held{opened.(record.Keeper), full, make(chan error, 1)}
		sinks = append(sinks, h)
		o.Sinks = append(o.Sinks, record.Target{Name: s.name, Sink: h, Every: time.Millisecond})
	}
	ballast := filepath.Join(dir, "ballast")
	const fills, frees, ends = 2000, 8000, 10_000
	ctx, stop := context.WithCancel(t.Context())
	n := 0
	err := record.RunFed(ctx, o, func(*record.Recorder) record.Fed {
		return func(ctx context.Context, dst *exchange.Trade) error {
			switch n++; n {
			case fills:
				fillDisk(t, ballast)
				close(full)
			case frees:
				for i, s := range sinks {
					if err := <-s.met; !errors.Is(err, syscall.ENOSPC) {
						t.Errorf("%s: %v", stores[i].name, err)
					}
				}
				if err := os.Remove(ballast); err != nil {
					t.Error(err)
				}
			case ends:
				stop()
				<-ctx.Done()
				return ctx.Err()
			}
			*dst = exchange.Trade{Stamp: exchange.Stamp{Venue: "test", Symbol: "A", Received: time.Now()}, ID: fmt.Sprint(n), Price: decimal.New(int64(n), 2)}
			return nil
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, dir, nil, 0)
	recorded, lost := ledger(t, dir)
	if lost < 1000 || recorded+lost != ends-1 {
		t.Errorf("%d values are recorded, %d told as lost, of %d", recorded, lost, ends-1)
	}
	t.Logf("%d values are recorded, %d told as lost", recorded, lost)
}

// fillDisk takes all room that there is.
func fillDisk(t *testing.T, path string) {
	f, err := os.Create(path)
	if err == nil {
		_, err = io.Copy(f, zeros{})
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	f.Close()
}

// zeros are as many as there is room for.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// ledger returns how many trades the database has, and how many more the log did not take.
func ledger(t *testing.T, dir string) (rows, lost int) {
	s, err := stores[0].open(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	begin, end := time.Unix(0, 0), time.Unix(1<<33, 0)
	err = errors.Join(
		s.Read(t.Context(), record.TradeTable, begin, end, []string{"id"}, func(r *record.Rows) error { rows += r.Len(); return nil }),
		s.Read(t.Context(), record.GapTable, begin, end, []string{"cause", "lost"}, func(r *record.Rows) error {
			for i, cause := range r.Columns[r.Table.Column("cause")].Texts {
				if cause == record.Unlogged {
					lost += int(r.Columns[r.Table.Column("lost")].Ints[i])
				}
			}
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return rows, lost
}
