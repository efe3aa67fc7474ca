package stream

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWordingForms: each topic has its form, and ids grow by one over all of them.
func TestWordingForms(t *testing.T) {
	w := Wording{Subscribe: "sub", Unsubscribe: "unsub", Count: 1, FormOf: func(topic string) string {
		if strings.HasPrefix(topic, "public.") {
			return `{"op":"$op","topic":"$topics","cid":"$id"}`
		}
		return `{"$op":"$topics"}`
	}}
	got := ""
	for _, r := range append(w.Change(time.Time{}, nil, []string{"public.b", "a"}, []string{"public.c"}), w.Request("req", false, "public.d")) {
		got += fmt.Sprintf("%s %q %v %v\n", r.Frame, r.ID, r.Topics, r.Drop)
	}
	if want := `{"op":"unsub","topic":"public.c","cid":"1"} "1" [public.c] true
{"sub":"a"} "" [a] false
{"op":"sub","topic":"public.b","cid":"3"} "3" [public.b] false
{"op":"req","topic":"public.d","cid":"4"} "4" [public.d] false
`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
