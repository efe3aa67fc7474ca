// Package backend gives tests real servers: those that scripts/services has
// started, and servers of their own that they may kill.
package backend

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// URL returns what a variable of scripts/services says. Without it the test
// does not run, which under CI is a failure.
func URL(t testing.TB, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	switch {
	case value != "":
	case os.Getenv("CI") == "true" || os.Getenv("REQUIRE_SERVICES") == "1":
		t.Fatalf("%s is not set: a server is missing", variable)
	default:
		t.Skipf(`NOT RUN: no server; eval "$(scripts/services up)" sets %s`, variable)
	}
	return value
}

// Server is a server of one test, with data and ports of its own.
type Server struct {
	t    testing.TB
	name string
	dir  string
	env  map[string]string
}

var export = regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`)

// Start starts a server, named as in scripts/services, of which the test may
// do what it likes; it ends with the test. Like URL it asks for the variable,
// so that tests start nothing where nobody wants servers.
func Start(t testing.TB, name, variable string) *Server {
	t.Helper()
	URL(t, variable)
	dir, err := os.MkdirTemp("", "dw") // servers have users of their own, and sockets short names
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, name: name, dir: filepath.Join(dir, "s"), env: make(map[string]string)}
	t.Cleanup(func() {
		s.run("down")
		os.RemoveAll(dir)
	})
	for _, m := range export.FindAllStringSubmatch(s.run("up", name), -1) {
		s.env[m[1]] = m[2]
	}
	return s
}

// URL returns what a variable says of this server.
func (s *Server) URL(variable string) string {
	s.t.Helper()
	value := s.env[variable]
	if value == "" {
		s.t.Fatalf("%s of its own: no %s", s.name, variable)
	}
	return value
}

// Kill ends the server without warning: kill -9.
func (s *Server) Kill() { s.run("kill", s.name) }

// Stop asks the server to end, and waits until it has.
func (s *Server) Stop() { s.run("stop", s.name) }

// Start starts it again, with the same ports and data, and returns when it
// answers.
func (s *Server) Start() { s.run("start", s.name) }

func (s *Server) run(args ...string) string {
	s.t.Helper()
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.Command(filepath.Join(filepath.Dir(file), "..", "..", "scripts", "services"), args...)
	cmd.Env = append(os.Environ(), "SERVICES_DIR="+s.dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(s.dir, s.name, "log"))
		s.t.Errorf("services %s: %v\n%s\n%s", strings.Join(args, " "), err, said.String(), log[max(0, len(log)-2000):])
	}
	return string(out)
}

// Leaks checks, when the test and what it cleans up are over, that it has
// left no goroutine and no file descriptor. It is called first.
func Leaks(t testing.TB) {
	t.Helper()
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		ln.Close() // the runtime has made its own descriptors for networks
	}
	goroutines, files := runtime.NumGoroutine(), descriptors()
	t.Cleanup(func() {
		var left string
		for range 2000 { // what was told to end needs to be scheduled for it
			left = ""
			if n := runtime.NumGoroutine(); n > goroutines {
				stacks := make([]byte, 1<<18)
				left = fmt.Sprintf("%d goroutines, %d before:\n%s", n, goroutines, stacks[:runtime.Stack(stacks, true)])
			}
			if n := descriptors(); n > files {
				left += fmt.Sprintf("%d file descriptors, %d before\n", n, files)
			}
			if left == "" {
				return
			}
			pause()
		}
		t.Errorf("left behind: %s", left)
	})
}

func descriptors() int {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not Linux: goroutines only
	}
	return len(names)
}
