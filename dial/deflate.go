package dial

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// deflater packs messages one after another with one reused encoder.
type deflater struct {
	out     bytes.Buffer
	encoder interface {
		io.WriteCloser
		Reset(io.Writer)
	}
}

func newDeflater(c Compression) (*deflater, error) {
	d := new(deflater)
	var err error
	switch c {
	case Gzip:
		d.encoder = gzip.NewWriter(&d.out)
	case GzipRaw:
		d.encoder, err = flate.NewWriter(&d.out, flate.DefaultCompression)
	case Zlib:
		d.encoder = zlib.NewWriter(&d.out)
	default:
		err = optionError("compress", "gzip, gzip_raw or zlib")
	}
	return d, err
}

// pack returns msg as one complete stream, valid until the next pack.
func (d *deflater) pack(msg []byte) ([]byte, error) {
	d.out.Reset()
	d.encoder.Reset(&d.out)
	if _, err := d.encoder.Write(msg); err != nil {
		return nil, err
	}
	if err := d.encoder.Close(); err != nil {
		return nil, err
	}
	return d.out.Bytes(), nil
}
