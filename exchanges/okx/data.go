package okx

import (
	"errors"

	"github.com/depthwire/depthwire/scan"
)

// data walks over the elements of the data of an answer (section 1) or of a pushed
// message (section 4.4):
//
//	d := open(b)
//	for d.next() {
//		read(&d.Scanner, …)
//	}
//	return dst, d.End()
//
// It lives on the stack: what reads an element is called directly, not by a function value.
type data struct {
	scan.Scanner
	action    []byte // of a message of an order book
	keys      int    // of the envelope
	items     int
	inside    bool
	seen, two bool // data; data a second time
}

var errTwice = errors.New("okx: data twice in one message")

func open(b []byte) data { return data{Scanner: scan.New(b)} }

// next moves to the next element; false at the end, and after an error.
func (d *data) next() bool {
	for {
		if d.inside {
			if d.NextItem(d.items) {
				d.items++
				return true
			}
			d.inside = false
		}
		key, ok := d.NextKey(d.keys)
		if !ok {
			return false
		}
		d.keys++
		switch string(key) {
		case "data":
			d.two = d.seen
			d.seen, d.inside, d.items = true, true, 0
		case "action":
			d.action = d.Text()
		}
	}
}

// End returns what was wrong with the message.
func (d *data) End() error {
	if err := d.Scanner.End(); err != nil {
		return err
	}
	if d.two {
		return errTwice
	}
	return nil
}
