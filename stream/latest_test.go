package stream

import (
	"context"
	"testing"
	"time"
)

type quote struct {
	thing string
	n     int
	hole  *Break
}

func quotes() *Feed[quote] {
	return NewLatest(Kind[quote]{
		Break: func(q *quote) **Break { return &q.hole },
		Time:  func(*quote) time.Time { return time.Unix(1, 0) },
	}, func(a, b *quote) bool { return a.thing == b.thing })
}

// However slow a reader is he gets the newest of each thing, and each hole once.
func TestLatestOfEach(t *testing.T) {
	f := quotes()
	slow := Subscribe(t.Context(), nil, f)
	say := func(thing string, n int) { f.Publish(&quote{thing: thing, n: n}); f.Flush() }
	next := func(s *Subscription[quote]) (q quote) {
		q, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	say("a", 1)
	say("b", 1)
	if q := next(slow); q.thing != "a" || q.n != 1 || q.hole != nil {
		t.Errorf("got %+v", q)
	}
	f.Lose(&Break{Cause: Disconnect})
	for n := 2; n < 5000; n++ {
		say("a", n)
	}
	if q := next(slow); q.thing != "b" || q.n != 1 || q.hole != nil {
		t.Errorf("got %+v", q)
	}
	if q := next(slow); q.thing != "a" || q.n != 4999 || q.hole == nil || q.hole.Cause != Disconnect {
		t.Errorf("got %+v", q)
	}
	say("b", 2)
	if q := next(slow); q.thing != "b" || q.n != 2 || q.hole != nil {
		t.Errorf("got %+v", q)
	}
	late := Subscribe(t.Context(), nil, f)
	if a, b := next(late), next(late); a.thing != "a" || b.thing != "b" || a.hole != nil {
		t.Errorf("who comes late got %+v, %+v", a, b)
	}
	if last := f.Last(nil, 1); len(last) != 1 || last[0].thing != "b" {
		t.Errorf("last %+v", last)
	}
	if slow.Lost() != 0 {
		t.Errorf("%d lost", slow.Lost())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := slow.Next(ctx); err == nil {
		t.Error("something is left")
	}
	ch := late.Chan()
	say("a", 5000)
	say("b", 3)
	if a, b := <-ch, <-ch; a.n+b.n != 5003 {
		t.Errorf("channel: %+v, %+v", a, b)
	}
}
