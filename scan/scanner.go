package scan

// MaxDepth is how deeply arrays and objects may nest.
const MaxDepth = 64

// Scanner is a cursor over the bytes of one JSON value. The zero value stands at
// the end of an empty input; Reset gives it bytes. It neither changes nor keeps
// the bytes beyond the next Reset. It is for one goroutine at a time.
//
// Between calls the cursor stands just behind the last byte read, never behind
// white space. So the byte before it tells what was read last, and the loops
// need no state of their own: a colon, or a bracket or comma in an array, means
// that the body did not read its value.
type Scanner struct {
	b       []byte // nil after an error, so that every quick path ends
	i       int
	depth   int
	err     *Error
	scratch []byte // text without its escapes
}

// New returns a Scanner over b, for the stack.
func New(b []byte) Scanner { return Scanner{b: b} }

// Reset makes s start over with b. It keeps only the memory for escapes.
func (s *Scanner) Reset(b []byte) {
	s.b, s.i, s.depth, s.err = b, 0, 0, nil
}

// Err returns the first error, an *Error, or nil.
func (s *Scanner) Err() error {
	if s.err == nil {
		return nil
	}
	return s.err
}

// End returns Err, or, when something other than white space follows, an error of
// kind ErrSyntax; of kind ErrTruncated in an array or object that is not closed.
// A parser calls it once, after the value.
func (s *Scanner) End() error {
	if s.err == nil {
		unread := s.i == 0
		switch c := s.next(); {
		case c != 0 || s.i < len(s.b):
			s.fail(ErrSyntax)
		case s.depth > 0 || unread:
			s.fail(ErrTruncated)
		}
	}
	return s.Err()
}

// fail keeps the first error. Without bytes all later calls end at once.
func (s *Scanner) fail(kind error) {
	if s.err == nil {
		s.err = &Error{Kind: kind, Offset: s.i}
	}
	s.b, s.i = nil, 0
}

// unexpected fails at the cursor: at the end of the input it is truncated.
func (s *Scanner) unexpected() {
	if s.i >= len(s.b) {
		s.fail(ErrTruncated)
		return
	}
	s.fail(ErrSyntax)
}

// next moves to the next byte that is not white space and returns it, 0 at the end.
func (s *Scanner) next() byte {
	for s.i < len(s.b) {
		c := s.b[s.i]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.i++
	}
	return 0
}

// Peek returns the first byte of the next value without reading it: one of
// { [ " t f n - or a digit in valid JSON, 0 at the end.
func (s *Scanner) Peek() byte {
	if s.i < len(s.b) && s.b[s.i] > ' ' {
		return s.b[s.i]
	}
	i := s.i // the byte before the cursor tells the loops what was read
	c := s.next()
	s.i = i
	return c
}
