package dial

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Inflater unpacks compressed messages one after another and reuses all it
// needs: in the steady state it does not allocate. The zero value is ready.
// It is not safe for concurrent use.
type Inflater struct {
	// Max is the inflated size in bytes above which Inflate gives up with
	// ErrTooLarge; 0 means 16 MiB.
	Max int

	src  bytes.Reader
	raw  io.ReadCloser // over src, once there was a message; a flate.Resetter
	out  []byte
	size int // bytes of out that are inflated
}

// Inflate returns the content of src, packed as c says. The bytes are valid
// until the next Inflate. With Uncompressed they are src itself.
//
// Checksums and lengths are verified. The errors are ErrTooLarge and
// ErrCompressed; the latter also when bytes follow the end of a stream, except
// further gzip members. A raw DEFLATE stream that was flushed but not closed
// is taken as whole (OKX, section 13.1).
func (z *Inflater) Inflate(c Compression, src []byte) ([]byte, error) {
	z.size = 0
	var err error
	switch c {
	case Uncompressed:
		return src, nil
	case Gzip:
		err = z.gzip(src)
	case GzipRaw:
		err = z.rawDeflate(src)
	case Zlib:
		err = z.zlib(src)
	default:
		return nil, optionError("compress", "none, gzip, gzip_raw or zlib")
	}
	if err != nil {
		return nil, err
	}
	return z.out[:z.size], nil
}

var (
	syncMarker = []byte{0, 0, 0xff, 0xff} // ends a flush, RFC 1951 section 3.2.4

	errTruncated = fmt.Errorf("%w: it ends early", ErrCompressed)
	errTrailing  = fmt.Errorf("%w: bytes after its end", ErrCompressed)
	errHeader    = fmt.Errorf("%w: bad header", ErrCompressed)
	errChecksum  = fmt.Errorf("%w: checksum or length differs", ErrCompressed)
)

func (z *Inflater) rawDeflate(src []byte) error {
	rest, err := z.stream(src)
	if errors.Is(err, errTruncated) && bytes.HasSuffix(src, syncMarker) {
		return nil
	}
	if err == nil && len(rest) > 0 {
		return errTrailing
	}
	return err
}

func (z *Inflater) zlib(src []byte) error {
	if len(src) < 2 {
		return errTruncated
	}
	// Method 8, window up to 32 KiB, check bits, no preset dictionary: RFC 1950
	// section 2.2.
	if src[0]&0x0f != 8 || src[0]>>4 > 7 || binary.BigEndian.Uint16(src)%31 != 0 || src[1]&0x20 != 0 {
		return errHeader
	}
	rest, err := z.stream(src[2:])
	switch {
	case err != nil:
		return err
	case len(rest) < 4:
		return errTruncated
	case binary.BigEndian.Uint32(rest) != adler32.Checksum(z.out[:z.size]):
		return errChecksum
	case len(rest) > 4:
		return errTrailing
	}
	return nil
}

func (z *Inflater) gzip(src []byte) error {
	for first := true; first || len(src) > 0; first = false {
		body, err := gzipBody(src)
		if err != nil {
			if !first && errors.Is(err, errHeader) {
				return errTrailing
			}
			return err
		}
		start := z.size
		rest, err := z.stream(body)
		switch {
		case err != nil:
			return err
		case len(rest) < 8:
			return errTruncated
		}
		member := z.out[start:z.size]
		if binary.LittleEndian.Uint32(rest) != crc32.ChecksumIEEE(member) ||
			binary.LittleEndian.Uint32(rest[4:]) != uint32(len(member)) {
			return errChecksum
		}
		src = rest[8:]
	}
	return nil
}

// gzipBody skips the header of a member: RFC 1952 section 2.3.
func gzipBody(b []byte) ([]byte, error) {
	const (
		hasCRC     = 1 << 1
		hasExtra   = 1 << 2
		hasName    = 1 << 3
		hasComment = 1 << 4
		reserved   = 0xe0
	)
	magic := min(len(b), 3)
	if !bytes.Equal(b[:magic], []byte{0x1f, 0x8b, 8}[:magic]) {
		return nil, errHeader
	}
	if len(b) < 10 {
		return nil, errTruncated
	}
	header, flags, b := b, b[3], b[10:]
	if flags&reserved != 0 {
		return nil, errHeader
	}
	if flags&hasExtra != 0 {
		if len(b) < 2 || len(b)-2 < int(binary.LittleEndian.Uint16(b)) {
			return nil, errTruncated
		}
		b = b[2+int(binary.LittleEndian.Uint16(b)):]
	}
	for _, flag := range [...]byte{hasName, hasComment} {
		if flags&flag != 0 {
			end := bytes.IndexByte(b, 0)
			if end < 0 {
				return nil, errTruncated
			}
			b = b[end+1:]
		}
	}
	if flags&hasCRC != 0 {
		if len(b) < 2 {
			return nil, errTruncated
		}
		if binary.LittleEndian.Uint16(b) != uint16(crc32.ChecksumIEEE(header[:len(header)-len(b)])) {
			return nil, errChecksum
		}
		b = b[2:]
	}
	return b, nil
}

// stream appends one DEFLATE stream, inflated, to out, and returns what
// follows it in src.
func (z *Inflater) stream(src []byte) (rest []byte, err error) {
	z.src.Reset(src)
	if z.raw == nil {
		z.raw = flate.NewReader(&z.src)
	} else if err := z.raw.(flate.Resetter).Reset(&z.src, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompressed, err)
	}
	limit := z.Max
	if limit <= 0 {
		limit = defaultMaxMessage
	}
	for {
		if z.size == len(z.out) {
			if z.size > limit {
				return nil, ErrTooLarge
			}
			z.grow(limit)
		}
		n, err := z.raw.Read(z.out[z.size:])
		z.size += n
		switch {
		case z.size > limit:
			return nil, ErrTooLarge
		case err == io.EOF:
			return src[len(src)-z.src.Len():], nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errTruncated
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrCompressed, err)
		}
	}
}

// grow doubles out, up to one byte more than limit: who fills that is too
// large.
func (z *Inflater) grow(limit int) {
	bigger := make([]byte, min(max(2*len(z.out), 4<<10), limit+1))
	copy(bigger, z.out[:z.size])
	z.out = bigger
}
