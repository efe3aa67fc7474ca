package exchange

import (
	"testing"

	"github.com/depthwire/depthwire/decimal"
)

func TestRemaining(t *testing.T) {
	number := func(s string) (d decimal.Decimal) {
		if s != "" {
			d = decimal.MustParse(s)
		}
		return d
	}
	for _, tt := range []struct{ size, contracts, filled, filledContracts, want string }{
		{"", "", "", "", ""},
		{"", "", "1", "", ""}, // for an amount of quote units
		{"2", "", "", "", "2"},
		{"2", "", "0", "", "2"},
		{"2.0", "", "0.5", "", "1.5"},
		{"2", "", "2", "", "0"},
		{"0.03", "3", "0.01", "1", "0.02"},
		{"0.02", "10", "0.01", "4", "0.012"}, // inverse, filled at a better price
	} {
		o := Order{Size: number(tt.size), Contracts: number(tt.contracts), Filled: number(tt.filled), FilledContracts: number(tt.filledContracts)}
		if got := o.Remaining().String(); got != tt.want {
			t.Errorf("%+v: got %s, want %s", tt, got, tt.want)
		}
	}
}
