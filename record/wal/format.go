package wal

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Version is the format that this package writes, and the only one that it reads.
const Version = 1

const (
	magic      = "DWAL"
	headerSize = 48
	frameSize  = 16 // of what stands before the bytes of a record
	suffix     = ".wal"
	lockName   = "LOCK"
	tornSuffix = ".torn"
)

// MaxRecord is the largest record, in bytes.
const MaxRecord = 16 << 20

// ID is what all segments of one log have in common.
type ID [16]byte

// String is the id in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String has written.
func ParseID(text string) (id ID, err error) {
	if len(text) != hex.EncodedLen(len(id)) {
		return id, fmt.Errorf("%w: %q is no id", ErrForeign, text)
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return ID{}, fmt.Errorf("%w: %q is no id", ErrForeign, text)
	}
	return id, nil
}

func newID() (id ID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// head is what a segment begins with.
type head struct {
	first   uint64
	id      ID
	created time.Time
}

func (h *head) bytes() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint16(b, Version)
	b = binary.LittleEndian.AppendUint16(b, headerSize)
	b = binary.LittleEndian.AppendUint64(b, h.first)
	b = append(b, h.id[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.created.UnixNano()))
	b = binary.LittleEndian.AppendUint32(b, 0)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readHead reads the header of a segment. short tells that it is the beginning of one.
func readHead(b []byte) (h head, short bool, err error) {
	whole := len(b) >= headerSize
	switch {
	case !strings.HasPrefix(magic, string(b[:min(len(b), len(magic))])):
		return h, false, ErrForeign
	case !whole && bytes.Equal(b, make([]byte, len(b))), !whole:
		return h, true, fmt.Errorf("%w: header is cut off", ErrCorrupt)
	}
	if v := binary.LittleEndian.Uint16(b[4:]); v != Version {
		return h, false, fmt.Errorf("%w: version %d, this program reads %d", ErrVersion, v, Version)
	}
	if crc32.Checksum(b[:headerSize-4], castagnoli) != binary.LittleEndian.Uint32(b[headerSize-4:]) {
		return h, false, fmt.Errorf("%w: header's checksum", ErrCorrupt)
	}
	h.first = binary.LittleEndian.Uint64(b[8:])
	copy(h.id[:], b[16:32])
	h.created = time.Unix(0, int64(binary.LittleEndian.Uint64(b[32:])))
	return h, false, nil
}

func appendRecord(b []byte, pos uint64, record []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	b = binary.LittleEndian.AppendUint64(b, pos)
	b = append(b, record...)
	binary.LittleEndian.PutUint32(b[start:], crc32.Checksum(b[start+4:], castagnoli))
	return b
}

// parse reads the record at the beginning of b, the one at pos. size is how much of b it takes, 0 when more is
// needed to know; ok is false for what is not that record.
func parse(b []byte, pos uint64) (record []byte, size int, ok bool) {
	if len(b) < frameSize {
		return nil, 0, true
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n > MaxRecord || binary.LittleEndian.Uint64(b[8:]) != pos {
		return nil, 0, false
	}
	size = frameSize + int(n)
	if len(b) < size {
		return nil, 0, true
	}
	return b[frameSize:size:size], size, crc32.Checksum(b[4:size], castagnoli) == binary.LittleEndian.Uint32(b)
}

// far is how many records may be missing in one place before what follows is given up, too.
const far = 1 << 20

// resume looks in b for the first record behind pos. work bounds the bytes that checksums are made of: a file may be
// made to look like records everywhere.
func resume(b []byte, pos uint64, work int) (offset int, at uint64, ok bool) {
	for offset = 1; offset+frameSize <= len(b) && work > 0; offset++ {
		n := int(binary.LittleEndian.Uint32(b[offset+4:]))
		ahead := binary.LittleEndian.Uint64(b[offset+8:]) - pos
		if ahead == 0 || ahead > far || n > MaxRecord || offset+frameSize+n > len(b) {
			continue
		}
		work -= n + frameSize
		if _, _, ok := parse(b[offset:], pos+ahead); ok {
			return offset, pos + uint64(ahead), true
		}
	}
	return 0, 0, false
}

func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, suffix) }

// firstOf reads the name of a segment.
func firstOf(path string) (first uint64, ok bool) {
	digits, ok := strings.CutSuffix(filepath.Base(path), suffix)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	first, err := strconv.ParseUint(digits, 10, 64)
	return first, err == nil
}
