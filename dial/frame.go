package dial

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Opcodes of RFC 6455, section 11.8.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

const (
	maxHeader  = 10 // bytes of a header without mask
	maxControl = 125
)

// frame is the header of a frame.
type frame struct {
	op    byte
	final bool
	head  int   // bytes of the header itself
	size  int64 // bytes of payload
}

func protocolError(text string) error { return fmt.Errorf("%w: %s", ErrProtocol, text) }

var (
	errReserved     = protocolError("reserved bit or opcode")
	errMasked       = protocolError("masked frame from a server")
	errControl      = protocolError("control frame that is fragmented or longer than 125 bytes")
	errLength       = protocolError("length not in its shortest form or beyond 63 bits")
	errContinuation = protocolError("continuation without a start")
	errInterrupted  = protocolError("message started within another")
)

// parseFrame reads the header at the start of b: RFC 6455, section 5.2. The
// head is 0 when b ends before the header does.
func parseFrame(b []byte) (f frame, err error) {
	if len(b) < 2 {
		return f, nil
	}
	f = frame{op: b[0] & 0xf, final: b[0]&0x80 != 0, size: int64(b[1] & 0x7f)}
	switch {
	case b[0]&0x70 != 0 || f.op&7 > 2:
		return f, errReserved
	case b[1]&0x80 != 0:
		return f, errMasked
	case f.op >= opClose && (!f.final || f.size > maxControl):
		return f, errControl
	case f.size < 126:
		f.head = 2
	case f.size == 126 && len(b) >= 4:
		f.head, f.size = 4, int64(binary.BigEndian.Uint16(b[2:]))
		if f.size < 126 {
			return f, errLength
		}
	case f.size == 127 && len(b) >= maxHeader:
		size := binary.BigEndian.Uint64(b[2:])
		if size <= math.MaxUint16 || size > math.MaxInt64 {
			return f, errLength
		}
		f.head, f.size = maxHeader, int64(size)
	}
	return f, nil
}

// data reports whether f belongs to a message.
func (f frame) data() bool { return f.op < opClose }

// misplaced says what is wrong with f at this place: open, within a
// fragmented message, or not.
func (f frame) misplaced(open bool) error {
	switch {
	case !f.data() || open == (f.op == opContinuation):
		return nil
	case open:
		return errInterrupted
	}
	return errContinuation
}
