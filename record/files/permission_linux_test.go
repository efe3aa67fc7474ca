package files_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/internal/made"
)

// A directory that the system does not let us write to is an error, after which nothing of the batch is there.
func TestPermission(t *testing.T) {
	one, two := made.Batch(made.Log(1), 0, 200, 5), made.Batch(made.Log(1), 200, 400, 7)
	dir := t.TempDir()
	s := open(t, dir, files.Gzip)
	write(t, s, one)
	before := contents(t, dir)
	closed := filepath.Join(dir, "trades", "2026-01-03", "okx")
	if err := os.Chmod(closed, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // who may do everything: this thread becomes somebody else
		const nobody = 65534
		err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chown(name, nobody, nobody))
		})
		if err != nil {
			t.Fatal(err)
		}
		for parent := dir; parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
			os.Chmod(parent, 0o755)
		}
		runtime.LockOSThread()
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
	}
	err := s.Write(t.Context(), two)
	if os.Geteuid() == 0 {
		if err := syscall.Setfsuid(0); err != nil {
			t.Fatal(err)
		}
		runtime.UnlockOSThread()
	}
	if !errors.Is(err, syscall.EACCES) {
		t.Errorf("%v, want EACCES", err)
	}
	same(t, contents(t, dir), before)
	if err := os.Chmod(closed, 0o755); err != nil {
		t.Fatal(err)
	}
	two.Again = true
	write(t, s, two)
	compare(t, all(t, dir, begin, end), want(begin, end, one, two))
}

// Thousands of markets need few open files.
func TestManyFiles(t *testing.T) {
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = 64
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was)
	dir := t.TempDir()
	s := open(t, dir, files.Gzip)
	b := made.Batch(made.Log(1), 0, 5000, 3000)
	write(t, s, b)
	compare(t, all(t, dir, begin, end), want(begin, end, b))
}
