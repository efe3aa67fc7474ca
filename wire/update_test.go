package wire_test

import (
	"errors"
	"testing"
	"time"

	"github.com/depthwire/depthwire/wire"
)

// TestFormTimes: {time} is milliseconds, the size of {anytime} tells its unit.
func TestFormTimes(t *testing.T) {
	for _, tt := range []struct {
		pattern, message string
		want             time.Time
	}{
		{`{"T":{time},"u":{last}}`, `{"T":1788367430394,"u":77777777777777777}`, time.UnixMilli(1788367430394)},
		{`{"T":{anytime},"u":{last}}`, `{"T":1788367430394381,"u":77777777777777777}`, time.UnixMicro(1788367430394381)},
		{`{"T":{anytime},"u":{last}}`, `{"T":1788367430394,"u":77777777777777777}`, time.UnixMilli(1788367430394)},
		{`{"T":{anytime},"u":{last}}`, `{"T":1788367430,"u":77777777777777777}`, time.Unix(1788367430, 0)},
	} {
		var d wire.Delta
		if f := wire.MustForm(tt.pattern); !f.Read(&d, "", []byte(tt.message)) || !time.UnixMicro(d.Time).Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.message, d.Time, tt.want)
		}
		if f := wire.MustForm(tt.pattern); !f.Read(&d, "", []byte(`{"T":0,"u":77777777777777777}`)) || d.Time > 0 {
			t.Errorf("%s: no time is %v", tt.pattern, d.Time)
		}
	}
}

// TestFail: a reader's error ends the message.
func TestFail(t *testing.T) {
	failed := errors.New("incomplete")
	table := wire.Compile(wire.Format{Words: wire.Words{wire.Price: "p"}})
	var r wire.Row
	n := 0
	for r.Begin(table, []byte(`[{"p":"1"},{"p":"2"},{"p":"3"}]`)); r.Next(); n++ {
		if r.Decimal(wire.Price).String() == "2" {
			r.Fail(failed)
			r.Fail(errors.New("another"))
		}
	}
	if err := r.End(); n != 2 || !errors.Is(err, failed) {
		t.Errorf("%d rows, %v", n, err)
	}
	if r.Begin(table, []byte(`{"p":"1"}`)); !r.Next() || r.Next() || r.End() != nil {
		t.Errorf("the error stayed: %v", r.End())
	}
}
