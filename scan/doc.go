// Package scan walks JSON bytes in place: a cursor, no reflection, no tree, no
// allocation. A parser made with it reads like the message:
//
//	for key := range s.Object() {
//		switch string(key) { // does not allocate
//		case "px":
//			t.Price = s.Decimal()
//		case "ts":
//			t.Time = s.Milli()
//		}
//	}
//	return s.End()
//
// Keys may come in any order, with any white space between; members that the
// loop does not read are skipped, and of members with the same key the last one
// wins. Numbers may be quoted or bare; null and "" count as absent.
//
// The first error sticks: every later call returns the zero value at once, every
// loop ends, and Err tells the kind and the place. So a parser checks once, at
// its end. Truncated or hostile input never panics; nesting is limited to
// [MaxDepth].
//
// What is walked is checked as strictly as encoding/json does, members that are
// skipped included. What is accepted beyond encoding/json's meaning is listed at
// the methods: a quoted number read as a number, a bare one read as text.
package scan
