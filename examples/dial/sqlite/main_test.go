package main

import (
	"bytes"
	"path/filepath"
	"testing"
)

func TestSQLite(t *testing.T) {
	const want = "2 rows made\n[symbol price] [[BTC/USDT 68123.10]]\n"
	for _, address := range []string{"sqlite3://:memory:", "sqlite3://" + filepath.Join(t.TempDir(), "test1.db")} {
		var out bytes.Buffer
		if err := run(t.Context(), &out, address); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v, want %q", address, &out, err, want)
		}
	}
}
