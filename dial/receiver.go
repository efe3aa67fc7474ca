package dial

import "io"

// receiver reads frames where they lie: a header is parsed in the receive
// buffer and the payload handed out as a slice of it. Only the fragments of a
// message are copied.
//
// Text is not checked to be UTF-8: the layer above, which parses it, judges.
type receiver struct {
	intake

	gathering byte   // opcode of the message whose fragments arrive; 0 between messages
	gathered  []byte // its fragments so far
	refused   bool   // it is too large, and the rest of it is thrown away
}

func newReceiver(src io.Reader, size, max int) *receiver {
	return &receiver{intake: intake{src: src, max: max, buf: make([]byte, size)}}
}

// next returns the next message or control frame. The payload is valid until
// the next call. A message that is refused with ErrTooLarge is skipped by the
// next call; errors of the protocol are final.
func (x *receiver) next() (op byte, payload []byte, err error) {
	for {
		if x.skip > 0 {
			if err := x.discard(); err != nil {
				return 0, nil, err
			}
		}
		f, err := parseFrame(x.buf[x.r:x.w])
		if err != nil {
			return 0, nil, err
		}
		if f.head > 0 {
			if err := f.misplaced(x.gathering != 0); err != nil {
				return 0, nil, err
			}
			if x.refused && f.data() {
				x.refuse(f)
				continue
			}
			if x.tooLarge(f, len(x.gathered)) {
				x.refuse(f)
				return 0, nil, ErrTooLarge
			}
			if f.size <= int64(x.w-x.r-f.head) {
				if op, payload, whole := x.take(f); whole {
					return op, payload, nil
				}
				continue
			}
		}
		if err := x.fill(); err != nil {
			return 0, nil, err
		}
	}
}

// tooLarge reports whether f makes its message larger than max, after so many
// bytes of fragments.
func (x *receiver) tooLarge(f frame, gathered int) bool {
	limit := x.max
	if f.op == opContinuation {
		limit -= gathered
	}
	return f.data() && f.size > int64(limit)
}

// refuse consumes the header of f and has the payload thrown away.
func (x *receiver) refuse(f frame) {
	x.r += f.head
	x.skip = f.size
	x.refused = !f.final
	x.gathering = 0
	if !f.final {
		x.gathering = opBinary // of no message that anyone will see
	}
}

// take consumes f, which is in the buffer, and returns what it completes.
func (x *receiver) take(f frame) (op byte, payload []byte, whole bool) {
	start := x.r + f.head
	x.r = start + int(f.size)
	payload = x.buf[start:x.r:x.r]
	switch {
	case f.final && f.op != opContinuation:
		return f.op, payload, true
	case f.op != opContinuation:
		x.gathering, x.gathered = f.op, append(x.gathered[:0], payload...)
		return 0, nil, false
	}
	x.gathered = append(x.gathered, payload...)
	if !f.final {
		return 0, nil, false
	}
	op, x.gathering = x.gathering, 0
	return op, x.gathered, true
}

// buffered reports whether next, with its control frames left out, returns
// without asking src.
func (x *receiver) buffered() bool {
	if x.skip > int64(x.w-x.r) {
		return false
	}
	at, open, refused, gathered := x.r+int(x.skip), x.gathering != 0, x.refused, len(x.gathered)
	for {
		f, err := parseFrame(x.buf[at:x.w])
		switch {
		case err != nil:
			return true
		case f.head == 0:
			return false
		case f.misplaced(open) != nil, !refused && x.tooLarge(f, gathered):
			return true
		case f.size > int64(x.w-at-f.head):
			return false
		case f.op == opClose, f.data() && f.final && !refused:
			return true
		}
		at += f.head + int(f.size)
		if f.data() {
			if f.op != opContinuation {
				gathered = 0
			}
			gathered += int(f.size)
			open, refused = !f.final, refused && !f.final
		}
	}
}

// ReadByte returns the next byte as it is. The handshake is read through it,
// so that frames which came in the same piece stay in the buffer.
func (x *receiver) ReadByte() (byte, error) {
	if x.r == x.w {
		if err := x.fill(); err != nil {
			return 0, err
		}
	}
	b := x.buf[x.r]
	x.r++
	return b, nil
}
