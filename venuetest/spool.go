package venuetest

import (
	"bufio"
	"errors"
	"os"
)

// spool is a temporary file for what does not have to be in memory.
type spool struct {
	file  *os.File
	named bool // it has its name still: the system does not let go of those that are in use
	out   *bufio.Writer
	end   int64
	err   error // of the first put that failed
}

// place is where something is on a spool.
type place struct {
	at   int64
	size int
}

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "depthwire-recording-")
	if err != nil {
		return nil, err
	}
	named := os.Remove(f.Name()) != nil // so that nothing is left after a crash
	return &spool{file: f, named: named, out: bufio.NewWriterSize(f, 1<<16)}, nil
}

// put appends b, of which it keeps nothing.
func (s *spool) put(b []byte) place {
	at := place{s.end, len(b)}
	s.end += int64(len(b))
	if _, err := s.out.Write(b); err != nil && s.err == nil {
		s.err = err
	}
	return at
}

// flush is called behind the last put, and before the first get.
func (s *spool) flush() error { return errors.Join(s.err, s.out.Flush()) }

// get returns what was put, in a memory of its own. It may be called from any goroutine.
func (s *spool) get(p place) ([]byte, error) {
	b := make([]byte, p.size)
	_, err := s.file.ReadAt(b, p.at)
	return b, err
}

func (s *spool) close() {
	s.file.Close()
	if s.named {
		os.Remove(s.file.Name())
	}
}

// add keeps a frame, and what it says.
func (tp *tape) add(f recorded, data []byte) {
	f.data, f.topic, f.whole = tp.spool.put(data), tp.once(f.topic), tp.once(f.whole)
	tp.topics[f.topic]++
	tp.frames = append(tp.frames, f)
}

// once returns the one text that is equal to s.
func (tp *tape) once(s string) string {
	if known, ok := tp.names[s]; ok {
		return known
	}
	tp.names[s] = s
	return s
}
