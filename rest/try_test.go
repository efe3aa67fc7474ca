package rest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Governor
		one := Charge{Limit: &Limit{Name: "asks", Max: 1, Per: 3 * time.Second}, Cost: 1}
		began, last := time.Now(), time.Time{}
		n := 0
		for time.Since(began) < time.Minute {
			if g.Try(Keep, one) {
				if now := time.Now(); !last.IsZero() && now.Sub(last) < 3*time.Second {
					t.Errorf("%s after the one before", now.Sub(last))
				}
				last = time.Now()
				n++
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n < 17 {
			t.Errorf("%d in a minute", n)
		}
		if g.Try(Keep, Charge{Cost: 1}) {
			t.Error("a charge without a limit is spent")
		}
	})
}
