package stream

import (
	"slices"
	"sync"
	"testing"
)

// What came between Subscribe and OnEvent is shown first: a reader has not asked for less by asking for callbacks.
func TestOnEventBeginsWithWhatIsThere(t *testing.T) {
	events, latest := NewEvents(values, 4), quotes()
	s, q := Subscribe(t.Context(), nil, events), Subscribe(t.Context(), nil, latest)
	publish(events, 1, 7)
	for _, thing := range []string{"a", "b", "a"} {
		latest.Publish(&quote{thing: thing})
	}
	var seen []int
	s.OnEvent(func(v *value) { seen = append(seen, v.n) })
	publish(events, 7, 9)
	if want := []int{3, 4, 5, 6, 7, 8}; !slices.Equal(seen, want) || s.Lost() != 2 {
		t.Errorf("got %v and %d lost, want %v and 2", seen, s.Lost(), want)
	}
	var things []string
	q.OnEvent(func(v *quote) { things = append(things, v.thing) })
	latest.Publish(&quote{thing: "b"})
	if want := []string{"b", "a", "b"}; !slices.Equal(things, want) {
		t.Errorf("got %v, want %v", things, want)
	}

	state := 7
	f := NewState(values, func(dst *value) { dst.n = state })
	f.Touch(nil, nil)
	late := Subscribe(t.Context(), nil, f)
	seen = nil
	late.OnEvent(func(v *value) { seen = append(seen, v.n) })
	late.OnEvent(func(v *value) { seen = append(seen, -v.n) })
	state = 8
	f.Touch(nil, nil)
	if want := []int{7, -8}; !slices.Equal(seen, want) {
		t.Errorf("of a state that is there: got %v, want %v", seen, want)
	}
}

// Whatever is published while a callback is given: each value is shown once and in order.
func TestOnEventWhileValuesCome(t *testing.T) {
	const count = 2000
	for range 50 {
		f := NewEvents(values, count)
		s := Subscribe(t.Context(), nil, f)
		var publishing sync.WaitGroup
		publishing.Go(func() { publish(f, 1, count+1) })
		var seen []int
		s.OnEvent(func(v *value) { seen = append(seen, v.n) }) // the race detector says whether two calls overlap
		publishing.Wait()
		for i, n := range seen {
			if n != i+1 {
				t.Fatalf("value %d is %d", i, n)
			}
		}
		if len(seen) != count {
			t.Fatalf("%d values, want %d", len(seen), count)
		}
		s.Close()
	}
}
