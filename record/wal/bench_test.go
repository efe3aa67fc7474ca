package wal

import (
	"testing"
)

// BenchmarkAppend appends records of the size of a trade, synced every 100 ms.
func BenchmarkAppend(b *testing.B) {
	l, _ := open(b, b.TempDir(), Options{Budget: 1 << 30, Full: DropOldest})
	trade := make([]byte, 96)
	b.SetBytes(int64(len(trade) + frameSize))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Append(b.Context(), trade); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Sync(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkNext(b *testing.B) {
	l, _ := open(b, b.TempDir(), Options{})
	trade := make([]byte, 96)
	const records = 1 << 18
	for range records {
		if _, err := l.Append(b.Context(), trade); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Sync(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(trade) + frameSize))
	b.ReportAllocs()
	r := l.Reader(0)
	for b.Loop() {
		if r.pos == records {
			r.Close()
			r = l.Reader(0)
		}
		if _, _, err := r.Next(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	r.Close()
}
