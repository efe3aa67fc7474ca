package rest

import (
	"net/http"
	"time"
)

// Limit describes one budget of a venue: at most Max units of cost in a time of Per. It is data and is not changed; the
// state lives in a Governor, which knows a Limit by its address.
type Limit struct {
	Name string // as the venue calls it, for errors and health
	Max  int
	Per  time.Duration
	// Fixed means windows that start at full multiples of Per of the venue's clock (UTC). Otherwise the budget slides:
	// no stretch of length Per holds more than the allowed cost.
	Fixed bool
	// Share is the part of Max that is used, in (0, 1]; zero means 0.9. The rest is left for other programs behind the
	// same address and for requests that arrive bunched. At least one unit of Max is always allowed.
	Share float64
	// Used reads the venue's own count from an answer, where it sends one. It may be nil.
	Used func(h http.Header) (used int, ok bool)
}

// allowed is the cost that we permit ourselves in one window.
func (l *Limit) allowed() int {
	share := l.Share
	if share <= 0 {
		share = 0.9
	}
	return max(1, int(float64(l.Max)*min(share, 1)+1e-9)) // 0.7 × 10 is a little less than 7
}

// Charge is what one request costs in one limit.
type Charge struct {
	Limit *Limit
	Cost  int // 0 only obeys a stop of the limit
}

// Priority orders those who wait for the same limit: the greater goes first, equals in order of arrival.
type Priority int8

const (
	Normal   Priority = iota // whatever can wait
	Snapshot                 // order books that are out of sync
	Keep                     // keep-alives of sessions and listen keys
	Order                    // new orders and their changes
	Cancel                   // cancelled orders
)
