package wal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The environment of the test that is run in a process of its own, whose disk is full.
const ownDisk = "DEPTHWIRE_WAL_OWN_DISK"

// refusal is what it says where the system does not let it have one.
const refusal = "no disk of its own"

// On a disk that is really full: a file system of some pages, of which a file takes the rest, and files that may not become larger. The
// first needs a kernel that lets a process have its own mounts; TestDiskFull is the same without.
func TestDiskReallyFull(t *testing.T) {
	for name, x := range map[string]struct {
		attr *syscall.SysProcAttr
		run  func(t *testing.T, dir string)
	}{
		"tmpfs": {&syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}, onTmpfs},
		"limit": {nil, onLimit},
	} {
		t.Run(name, func(t *testing.T) {
			if dir := os.Getenv(ownDisk); dir != "" {
				x.run(t, dir)
				return
			}
			own := exec.Command(os.Args[0], "-test.run", "^TestDiskReallyFull$/^"+name+"$", "-test.v")
			own.Env = append(os.Environ(), ownDisk+"="+t.TempDir())
			own.SysProcAttr = x.attr
			said, err := own.CombinedOutput()
			if refused := new(exec.ExitError); err != nil && !errors.As(err, &refused) || strings.Contains(string(said), refusal) {
				if x.attr == nil {
					t.Fatalf("%v\n%s", err, said)
				}
				t.Skipf("NOT RUN: %v\n%s", err, said)
			}
			if err != nil || !strings.Contains(string(said), "--- PASS: TestDiskReallyFull/"+name) {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}

func onTmpfs(t *testing.T, dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		fmt.Println(refusal, err)
		return
	}
	ballast := filepath.Join(dir, "ballast")
	for name, o := range map[string]Options{"small": small, "roomy": roomy, "synced": synced} {
		d := disk{dir: filepath.Join(dir, name), o: o, want: syscall.ENOSPC}
		d.full = func(*Log) {
			f, err := os.Create(ballast)
			if err == nil {
				_, err = io.Copy(f, zeros{})
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatal(err)
			}
			f.Close()
		}
		d.free = func(*Log) {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}
		d.endures(t)
		if err := os.RemoveAll(d.dir); err != nil {
			t.Fatal(err)
		}
	}
}

// zeros are as many as there is room for.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func onLimit(t *testing.T, dir string) {
	var all syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &all); err != nil {
		t.Fatal(err)
	}
	limit := func(most uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: all.Max}); err != nil {
			t.Fatal(err)
		}
	}
	o := roomy
	for range 2 {
		d := disk{dir: filepath.Join(dir, "log"+string(o.Sync)), o: o, want: syscall.EFBIG}
		d.full = func(l *Log) { limit(uint64(l.Stats().Bytes) + 100) } // a part of a write goes in
		d.free = func(*Log) { limit(all.Cur) }
		d.endures(t)
		o.Sync = Always
	}
}
