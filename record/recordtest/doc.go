// Package recordtest checks sinks of package record: it makes batches of which each value is known, writes them as a recorder
// does when all goes well and when it does not, and looks at what the store has.
//
//	func TestSink(t *testing.T) {
//		recordtest.Run(t, func(t *testing.T) *recordtest.Place {
//			path := filepath.Join(t.TempDir(), "ticks.db")
//			return &recordtest.Place{Open: func(ctx context.Context) (record.Store, error) { return Open(ctx, path, Options{}) }}
//		})
//	}
//
// A sink that cannot be read is tested with a Read of the test's own beside it.
//
// Maker makes the batches, by a seed; Race measures a sink against a loop over the same driver.
package recordtest
