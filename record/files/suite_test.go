package files_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/recordtest"
)

func TestSink(t *testing.T) {
	for _, c := range compressions {
		t.Run(string(c), func(t *testing.T) {
			recordtest.Run(t, func(t *testing.T) *recordtest.Place {
				dir := t.TempDir()
				return &recordtest.Place{
					Open: func(ctx context.Context) (record.Store, error) {
						return files.Open(ctx, dir, files.Options{Compress: c, NoSync: true})
					},
					Other: func(t *testing.T) {
						if err := os.WriteFile(filepath.Join(dir, "recording.json"), []byte(`{"version":2}`), 0o644); err != nil {
							t.Fatal(err)
						}
					},
				}
			})
		})
	}
}
