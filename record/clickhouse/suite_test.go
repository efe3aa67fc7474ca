package clickhouse

import (
	"context"
	"testing"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

// suite runs what all sinks are to do.
func suite(t *testing.T, variable string) {
	address := backend.URL(t, variable)
	recordtest.Run(t, func(t *testing.T) *recordtest.Place {
		p := newPlace(t, address)
		return &recordtest.Place{
			Open:  func(ctx context.Context) (record.Store, error) { return Open(ctx, p.address, Options{}) },
			Other: func(*testing.T) { p.exec("INSERT INTO depthwire (schema) VALUES (99)") },
		}
	})
}

func TestNative(t *testing.T) { suite(t, protocols["native"]) }

func TestHTTP(t *testing.T) { suite(t, protocols["http"]) }
