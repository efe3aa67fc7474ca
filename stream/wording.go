package stream

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Wording is Dialect.Change for venues that take lists of topics. It is for one connection.
type Wording struct {
	// Form is a request: $op, $topics and $id stand for what changes.
	Form string
	// FormOf returns the Form of a topic, where not all have the same: Count is 1 then.
	FormOf func(topic string) string
	// Subscribe and Unsubscribe are what $op may be.
	Subscribe, Unsubscribe string
	// Between stands between two topics.
	Between string
	// Bytes and Count bound the topics of one request. 0: they are not bounded.
	Bytes, Count int
	// Mute says that the venue answers refusals only.
	Mute bool

	asked int64
}

// Change returns the requests, those that unsubscribe first.
func (w *Wording) Change(_ time.Time, _, add, drop []string) []Request {
	return append(w.requests(w.Unsubscribe, drop, true), w.requests(w.Subscribe, add, false)...)
}

func (w *Wording) requests(op string, topics []string, drop bool) (all []Request) {
	topics = slices.Sorted(slices.Values(topics))
	for _, run := range Split(topics, w.Bytes, w.Count, len(w.Between)) {
		all = append(all, w.Request(op, drop, run...))
	}
	return all
}

// Request returns one request.
func (w *Wording) Request(op string, drop bool, topics ...string) Request {
	w.asked++
	r, form := Request{Topics: topics, Drop: drop, Mute: w.Mute}, w.Form
	if w.FormOf != nil {
		form = w.FormOf(topics[0])
	}
	if strings.Contains(form, "$id") {
		r.ID = strconv.FormatInt(w.asked, 10)
	}
	r.Frame = []byte(strings.NewReplacer("$op", op, "$topics", strings.Join(topics, w.Between), "$id", r.ID).Replace(form))
	return r
}
