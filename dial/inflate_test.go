package dial

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// packed is msg as the standard library packs it.
func packed(t testing.TB, c Compression, msg []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch c {
	case Gzip:
		w = gzip.NewWriter(&b)
	case Zlib:
		w = zlib.NewWriter(&b)
	case GzipRaw:
		raw, err := flate.NewWriter(&b, flate.DefaultCompression)
		if err != nil {
			t.Fatal(err)
		}
		w = raw
	default:
		return msg
	}
	if _, err := w.Write(msg); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestVectors has the vectors of OKX, section 13.1.
func TestVectors(t *testing.T) {
	const pong = `{"event":"pong"}`
	var z Inflater
	for _, v := range []struct{ plain, packed string }{
		{"pong", "2bc8cf4b0700"},
		{"pong", "010400fbff706f6e67"},
		{pong, "ab564a2d4bcd2b51b2522ac8cf4b57aa0500"},
		{pong, "011000efff7b226576656e74223a22706f6e67227d"},
		{pong, "aa564a2d4bcd2b51b2522ac8cf4b57aa05000000ffff010000ffff"},
		{pong, "aa564a2d4bcd2b51b2522ac8cf4b57aa05000000ffff"}, // flushed, not closed
		{`{"event":"subscribe","channel":"spot/ticker:ETH-USDT"}`,
			"ab564a2d4bcd2b51b2522a2e4d2a4e2eca4c4a55d2514ace48cccb4bcd018916e497e897642667a71659b98678e88606bb8428d50200"},
		{`[{"binary":1,"channel":"addChannel","data":{"result":true,"channel":"ok_sub_futureusd_btc_trade_quarter"}}]`,
			"4dca310a80300c05d0bbfcd9c5b5abc71009a98928968a69328878771707c7076fbc91b7ca7621f51de6956bd5820416193e74107646ba61daa238925be83f1f3bb5c8b484876934a1ec33b9b1289dc1e66a789ee905"},
		{`[{"binary":1,"channel":"ok_sub_futureusd_btc_trade_quarter","data":[["1234567890123","4012.5","12","15:25:03","ask","0.2991"]]}]`,
			"1589410ac3201000ffb2e710d4c6b6fa1591658d9696144b57f7504afe1e73991998f087f4aac43ff07a82f549b5963778f86cd824e143ba70919631f5153b532ef815e25e1826c8d4097c08a0cd65b1d7dbdda951632cc3b31da1cd09eb8df5ea1cd4b641351be734c4b8c703"},
	} {
		src := unhex(t, v.packed)
		got, err := z.Inflate(GzipRaw, src)
		if err != nil || string(got) != v.plain {
			t.Errorf("Inflate(%s) = %q, %v; want %q", v.packed, got, err, v.plain)
		}
		if _, err := z.Inflate(GzipRaw, append(src, src...)); !errors.Is(err, ErrCompressed) && !strings.HasSuffix(v.packed, "05000000ffff") {
			t.Errorf("Inflate(%s twice) = %v; want %v", v.packed, err, ErrCompressed)
		}
	}
}

func TestInflate(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789 large "), 20_000)
	z := Inflater{Max: len(large)}
	for _, c := range []Compression{Uncompressed, Gzip, GzipRaw, Zlib} {
		for _, msg := range [][]byte{nil, []byte("x"), large, []byte(`{"a":1}`)} {
			got, err := z.Inflate(c, packed(t, c, msg))
			if err != nil || !bytes.Equal(got, msg) {
				t.Errorf("Inflate(%q) of %d bytes = %d bytes, %v", c, len(msg), len(got), err)
			}
		}
		if c == Uncompressed {
			continue
		}
		whole := packed(t, c, large[:200])
		for n := range whole {
			if got, err := z.Inflate(c, whole[:n]); !errors.Is(err, ErrCompressed) {
				t.Fatalf("Inflate(%q) of %d bytes of %d = %q, %v; want %v", c, n, len(whole), got, err, ErrCompressed)
			}
		}
		if _, err := z.Inflate(c, append(whole, 'x')); !errors.Is(err, ErrCompressed) {
			t.Errorf("Inflate(%q) with a byte after the end: %v; want %v", c, err, ErrCompressed)
		}
		if _, err := z.Inflate(c, packed(t, c, append(large, 'x'))); !errors.Is(err, ErrTooLarge) {
			t.Errorf("Inflate(%q) beyond Max: %v; want %v", c, err, ErrTooLarge)
		}
		if got, err := z.Inflate(c, whole); err != nil || !bytes.Equal(got, large[:200]) {
			t.Errorf("Inflate(%q) after errors = %q, %v", c, got, err)
		}
	}
	if _, err := z.Inflate("br", nil); !errors.Is(err, ErrOption) {
		t.Errorf("Inflate(br) = %v; want %v", err, ErrOption)
	}
}

func TestInflateChecks(t *testing.T) {
	var z Inflater
	for _, c := range []Compression{Gzip, Zlib} {
		const msg = "hello, hello, hello"
		good := packed(t, c, []byte(msg))
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 0x40
			if c == Gzip && i >= 4 && i < 10 {
				continue // time, flags of the compressor and system are not checked
			}
			if got, err := z.Inflate(c, bad); err == nil && string(got) != msg { // the same: it was padding
				t.Errorf("Inflate(%q) with byte %d changed = %q; want an error", c, i, got)
			}
		}
	}
}

func TestGzipMembers(t *testing.T) {
	var b bytes.Buffer
	for _, member := range []string{"one ", "", "two"} {
		w := gzip.NewWriter(&b)
		w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
		if _, err := io.WriteString(w, member); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var z Inflater
	if got, err := z.Inflate(Gzip, b.Bytes()); err != nil || string(got) != "one two" {
		t.Errorf("Inflate = %q, %v; want %q", got, err, "one two")
	}
}

// TestGzipHeaderCRC has the header that "gzip --header-crc" would write.
func TestGzipHeaderCRC(t *testing.T) {
	var z Inflater
	plain := packed(t, Gzip, []byte("x"))
	header := bytes.Clone(plain[:10])
	header[3] = 2
	sum := uint16(0)
	var good int
	for ; ; sum++ { // exactly one of all sums is right
		if _, err := z.Inflate(Gzip, join(header, []byte{byte(sum), byte(sum >> 8)}, plain[10:])); err == nil {
			good++
		} else if !errors.Is(err, errChecksum) {
			t.Fatal(err)
		}
		if sum == 0xffff {
			break
		}
	}
	if good != 1 {
		t.Errorf("%d sums are taken; want 1", good)
	}
}

func TestBomb(t *testing.T) {
	zeros := make([]byte, 1<<20)
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 64 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z := Inflater{Max: 1 << 20}
	if _, err := z.Inflate(GzipRaw, b.Bytes()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Inflate of 64 MiB in %d bytes = %v; want %v", b.Len(), err, ErrTooLarge)
	}
	if cap(z.out) > 1<<20+1 {
		t.Errorf("buffer of %d bytes; want at most Max + 1", cap(z.out))
	}
}

func TestDeflater(t *testing.T) {
	var z Inflater
	for _, c := range []Compression{Gzip, GzipRaw, Zlib} {
		d, err := newDeflater(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, msg := range []string{"", "hello", strings.Repeat("hello", 10_000)} {
			out, err := d.pack([]byte(msg))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := z.Inflate(c, out); err != nil || string(got) != msg {
				t.Errorf("%s: %.20q, %v; want %.20q", c, got, err, msg)
			}
		}
	}
}

func TestInflateAllocs(t *testing.T) {
	for _, c := range []Compression{Gzip, GzipRaw, Zlib} {
		var z Inflater
		msg := packed(t, c, delta)
		n := testing.AllocsPerRun(100, func() {
			if _, err := z.Inflate(c, msg); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations; want 0", c, n)
		}
	}
}

// FuzzInflate compares with the standard library on any bytes.
func FuzzInflate(f *testing.F) {
	for i, c := range []Compression{Gzip, GzipRaw, Zlib} {
		f.Add(uint8(i), packed(f, c, []byte("hello, hello")))
		f.Add(uint8(i), packed(f, c, nil))
	}
	f.Add(uint8(1), unhex(f, "aa564a2d4bcd2b51b2522ac8cf4b57aa05000000ffff"))
	f.Fuzz(func(t *testing.T, kind uint8, src []byte) {
		c := []Compression{Gzip, GzipRaw, Zlib}[kind%3]
		z := Inflater{Max: 1 << 20}
		got, err := z.Inflate(c, src)
		if err != nil {
			if !errors.Is(err, ErrCompressed) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		var r io.Reader
		var oracle error
		switch c {
		case Gzip:
			r, oracle = gzip.NewReader(bytes.NewReader(src))
		case GzipRaw:
			r = flate.NewReader(bytes.NewReader(src))
		case Zlib:
			r, oracle = zlib.NewReader(bytes.NewReader(src))
		}
		var want []byte
		if oracle == nil {
			want, oracle = io.ReadAll(r)
		}
		if c == GzipRaw && bytes.HasSuffix(src, syncMarker) && oracle == io.ErrUnexpectedEOF {
			oracle = nil
		}
		if oracle != nil || !bytes.Equal(got, want) {
			t.Fatalf("Inflate(%s) = %q; the standard library: %q, %v", c, got, want, oracle)
		}
	})
}

// delta is a depth message of 345 bytes or so.
var delta = []byte(`{"e":"depthUpdate","E":1700000000123,"s":"BNBBTC","U":157,"u":160,"b":[["0.00241100","10.50000000"],["0.00240900","0.00000000"],["0.00240500","31.27000000"],["0.00239900","4.10000000"]],"a":[["0.00260100","100.00000000"],["0.00261200","12.88000000"],["0.00262700","0.00000000"],["0.00263300","7.01000000"],["0.00264000","55.00000000"]]}`)

func BenchmarkInflate(b *testing.B) {
	var depth bytes.Buffer
	for range 11 {
		depth.Write(delta)
	}
	for name, msg := range map[string][]byte{"345B": delta, "3800B": depth.Bytes()} {
		for _, c := range []Compression{Gzip, GzipRaw, Zlib} {
			b.Run(string(c)+"/"+name, func(b *testing.B) {
				var z Inflater
				src := packed(b, c, msg)
				b.SetBytes(int64(len(msg)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := z.Inflate(c, src); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
