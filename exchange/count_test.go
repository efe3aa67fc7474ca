package exchange

import "testing"

func TestCount(t *testing.T) {
	for id, want := range map[string]int64{"0": 0, "7": 7, "007": 7, "9223372036854775807": 9223372036854775807} {
		if n, ok := count(id); n != want || !ok {
			t.Errorf("%s: %d, %v", id, n, ok)
		}
	}
	for _, id := range []string{"", "-1", "+1", "1e3", "9223372036854775808", "123456789012345678901234567", "a", "1-2"} {
		if n, ok := count(id); n != 0 || ok {
			t.Errorf("%s: %d", id, n)
		}
		if allocs := testing.AllocsPerRun(10, func() { _, _ = count(id) }); allocs > 0 {
			t.Errorf("%s: %v allocations", id, allocs)
		}
	}
}
