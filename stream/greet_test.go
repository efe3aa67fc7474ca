package stream

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// door is the made-up protocol of a venue that asks who is there: "login name" is answered by "welcome" or "away why", and "do id
// text" by "re id text".
type door struct {
	words
	name func() (string, error)
}

func (d door) Greet(time.Time) ([]byte, error) {
	name, err := d.name()
	return []byte("login " + name), err
}

func (d door) Route(frame []byte, f *Frame) error {
	op, rest, _ := bytes.Cut(frame, []byte(" "))
	switch string(op) {
	case "welcome":
		f.Greeted = true
	case "away":
		f.Denied = fmt.Errorf("%w: %s", ErrDenied, rest)
	case "later":
		f.Denied = errors.New(string(rest))
	case "re":
		f.Answer, f.Data, _ = bytes.Cut(rest, []byte(" "))
	default:
		return d.words.Route(frame, f)
	}
	return nil
}

func doors() Config {
	return Config{Answer: 10 * time.Second, Dialect: func() Dialect {
		return door{words{every: 20 * time.Second}, func() (string, error) { return "me", nil }}
	}}
}

// says answers what a door is asked; login is what it says to each login.
func says(login ...string) func(msg string) []string {
	return func(msg string) []string {
		if op, rest, _ := strings.Cut(msg, " "); op == "do" {
			return []string{"re " + rest}
		}
		if len(login) > 1 {
			defer func() { login = login[1:] }()
		}
		return slices.DeleteFunc([]string{login[0]}, func(s string) bool { return s == "" })
	}
}

func TestLoginComesFirst(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = says("", "welcome")
		var a notes
		h.Add("a", &a)
		pass(5 * time.Second)
		if got := v.sent(); !slices.Equal(got, []string{"login me"}) || a.String() != "" {
			t.Fatalf("before the answer: %q, %s", got, a.String())
		}
		pass(6 * time.Second) // no answer: once more
		if got := v.sent(); !slices.Equal(got, []string{"login me", "login me", "sub a"}) || a.String() != "down:disconnect up" {
			t.Errorf("after it: %q, %s", got, a.String())
		}
		v.cut()
		pass(time.Second)
		if got := v.sent()[3:]; !slices.Equal(got, []string{"login me", "sub a"}) || a.String() != "down:disconnect up down:disconnect up" {
			t.Errorf("again: %q, %s", got, a.String())
		}
	})
}

func TestLoginIsPaced(t *testing.T) {
	c := doors()
	c.Rates = []Rate{{Max: 1, Per: 3 * time.Second}}
	testHub(t, c, func(v *venue, h *Hub) {
		v.reply = says("welcome")
		var a notes
		h.Add("a", &a)
		pass(2 * time.Second)
		if got := v.sent(); !slices.Equal(got, []string{"login me"}) {
			t.Errorf("got %q", got)
		}
		pass(2 * time.Second)
		if got := v.sent(); !slices.Equal(got, []string{"login me", "sub a"}) {
			t.Errorf("got %q", got)
		}
	})
}

func TestLoginDenied(t *testing.T) {
	testHub(t, doors(), func(v *venue, h *Hub) {
		v.reply = says("away who are you")
		var a, b notes
		h.Add("a", &a)
		h.Add("b", &b)
		pass(time.Minute)
		if a.String() != "down:disconnect refused" || b.String() != a.String() || v.dialled() != 1 || len(h.Health()) != 0 {
			t.Errorf("%s, %s, %d connections, %+v", a.String(), b.String(), v.dialled(), h.Health())
		}
		v.set(func() { v.reply = says("welcome") })
		var c notes
		h.Add("c", &c)
		pass(time.Second)
		if c.String() != "up" {
			t.Errorf("who comes later: %s", c.String())
		}
	})
}

func TestLoginRefusedForNow(t *testing.T) {
	c := doors()
	var told []string
	c.Denied = func(why error) error { told = append(told, why.Error()); return why }
	testHub(t, c, func(v *venue, h *Hub) {
		v.reply = says("later your clock", "later too often", "welcome")
		var a notes
		h.Add("a", &a)
		pass(10 * time.Second)
		if got := v.sent(); !slices.Equal(got, []string{"login me", "login me", "login me", "sub a"}) || a.String() != "up down:disconnect down:disconnect up" && a.String() != "down:disconnect down:disconnect up" {
			t.Errorf("%q, %s", got, a.String())
		}
		if !slices.Equal(told, []string{"your clock", "too often"}) {
			t.Errorf("told %q", told)
		}
		if first := v.dials[1].Sub(v.dials[0]); first > 500*time.Millisecond {
			t.Errorf("again after %v", first)
		}
	})
}

// Denied decides: what the venue says may be final all the same.
func TestDeniedDecides(t *testing.T) {
	c := doors()
	c.Denied = func(why error) error { return fmt.Errorf("%w: %w", ErrDenied, why) }
	testHub(t, c, func(v *venue, h *Hub) {
		v.reply = says("later your clock")
		var a notes
		h.Add("a", &a)
		pass(time.Minute)
		if a.String() != "down:disconnect refused" || v.dialled() != 1 {
			t.Errorf("%s, %d connections", a.String(), v.dialled())
		}
	})
}

func TestGreetingCannotBeMade(t *testing.T) {
	c := doors()
	c.Dialect = func() Dialect {
		return door{words{every: 20 * time.Second}, func() (string, error) { return "", fmt.Errorf("%w: no key", ErrDenied) }}
	}
	testHub(t, c, func(v *venue, h *Hub) {
		var a notes
		h.Add("a", &a)
		pass(time.Minute)
		if a.String() != "down:disconnect refused" || v.dialled() != 1 || len(v.sent()) != 0 {
			t.Errorf("%s, %d connections, %q", a.String(), v.dialled(), v.sent())
		}
	})
}

// all is the made-up protocol of a venue whose login subscribes to everything.
type all struct{ door }

func (all) Change(_ time.Time, _, add, drop []string) []Request {
	return []Request{{Topics: add, Mute: true}, {Topics: drop, Drop: true, Mute: true}}
}

func TestNothingToSay(t *testing.T) {
	c := doors()
	c.Dialect = func() Dialect {
		return all{door{words{every: 20 * time.Second}, func() (string, error) { return "me", nil }}}
	}
	c.Rates = []Rate{{Max: 1, Per: time.Hour}}
	testHub(t, c, func(v *venue, h *Hub) {
		v.reply = says("welcome")
		var a, b notes
		h.Add("a", &a)
		h.Add("b", &b)
		pass(time.Second)
		if a.String() != "up" || b.String() != "up" || len(v.sent()) != 1 || h.Health()[0].Topics[0].State != Subscribed {
			t.Errorf("%s, %s, %q, %+v", a.String(), b.String(), v.sent(), h.Health()[0].Topics)
		}
		h.Remove("a", &a)
		pass(time.Second)
		if x := h.Health(); len(v.sent()) != 1 || len(x[0].Topics) != 1 {
			t.Errorf("%q, %+v", v.sent(), x)
		}
	})
}
