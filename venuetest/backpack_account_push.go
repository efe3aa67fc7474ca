package venuetest

import "strconv"

// tellers are the private streams of section 8: the messages of an event, those of one symbol where it is not empty.
func (b *backpack) tellers() map[string]func(e *Event, symbol string) [][]byte {
	return map[string]func(e *Event, symbol string) [][]byte{
		"orderUpdate": func(e *Event, symbol string) [][]byte {
			if word := backpackEvents[e.Kind]; word != "" && (symbol == "" || symbol == e.Order.Market) {
				return [][]byte{b.orderEvent(e, word)}
			}
			return nil
		},
		"balanceUpdate": func(e *Event, _ string) (all [][]byte) {
			for i := range e.Balances {
				all = append(all, b.balanceEvent(e, &e.Balances[i]))
			}
			return all
		},
		"positionUpdate": func(e *Event, symbol string) [][]byte {
			if e.Kind != PositionChanged || symbol != "" && symbol != e.Position.Market {
				return nil
			}
			return [][]byte{b.positionEvent(e, &e.Position)}
		},
		"rfqUpdate": func(*Event, string) [][]byte { return nil },
	}
}

// backpackEvents are the words for what happens to orders.
var backpackEvents = map[EventKind]string{
	OrderAccepted: "orderAccepted",
	OrderFilled:   "orderFill",
	OrderCanceled: "orderCancelled",
	OrderExpired:  "orderExpired",
	OrderAmended:  "orderModified", // by the venue: a customer cannot
}

// backpackFrame puts data into the envelope.
func backpackFrame(name string, data []byte) []byte {
	return []byte(`{"data":` + string(data) + `,"stream":"` + name + `"}`)
}

func (b *backpack) orderEvent(e *Event, word string) []byte {
	var w writer
	o, f := &e.Order, &e.Fill
	w.open('{')
	w.keyTime("E", e.At, true)
	if word == "orderFill" {
		w.keyNullable("L", f.Price)
		w.keyText("N", f.FeeUnit)
	}
	w.keyText("O", "USER")
	if worth := quoteQuantity(o); !worth.Absent() {
		w.keyNullable("Q", worth)
	}
	if reason := backpackEnds[o.Why]; reason != "" && word == "orderExpired" {
		w.keyText("R", reason)
	}
	w.keyText("S", backpackSides[o.Side])
	w.keyTime("T", e.At, true)
	w.keyText("V", "RejectTaker")
	w.keyText("X", backpackState(o))
	w.keyNullable("Z", o.Cost)
	if o.ClientID != "" {
		w.keyRaw("c", o.ClientID)
	}
	w.keyText("e", word)
	w.keyText("f", o.TimeInForce)
	w.keyText("i", strconv.FormatInt(o.ID, 10))
	if word == "orderFill" {
		w.keyNullable("l", f.Size)
		w.keyBool("m", f.Maker)
		w.keyNullable("n", f.Fee)
	}
	w.keyText("o", map[string]string{"limit": "LIMIT", "market": "MARKET"}[o.Type])
	if !o.Price.Absent() {
		w.keyNullable("p", o.Price)
	}
	if !o.Size.Absent() {
		w.keyNullable("q", o.Size)
	}
	w.keyBool("r", o.ReduceOnly)
	w.keyText("s", o.Market)
	if word == "orderFill" {
		w.keyInt("t", f.ID)
	} else {
		w.keyNulls("t")
	}
	w.keyBool("y", o.PostOnly)
	w.keyNullable("z", o.Filled)
	w.close('}')
	return w.b
}

func (b *backpack) balanceEvent(e *Event, v *Balance) []byte {
	var w writer
	w.open('{')
	w.keyNullable("A", v.Free)
	w.keyTime("E", e.At, true)
	w.keyNullable("L", v.Used)
	w.keyText("S", "0")
	w.keyTime("T", e.At, true)
	w.keyText("a", v.Asset)
	w.keyText("e", "balanceUpdate")
	w.close('}')
	return w.b
}

// positionEvent is one position; without an event it is part of a snapshot.
func (b *backpack) positionEvent(e *Event, p *Position) []byte {
	var w writer
	w.open('{')
	w.keyNullable("B", p.Entry)
	w.keyTime("E", e.At, true)
	w.keyNullable("M", p.Mark)
	w.keyNullable("P", p.Unrealized)
	w.keyNullable("Q", p.Size)
	w.keyTime("T", p.Updated, true)
	w.keyNullable("b", p.Entry)
	switch {
	case e.Kind == "":
	case p.Size.IsZero():
		w.keyText("e", "positionClosed")
	case p.Created.Equal(p.Updated):
		w.keyText("e", "positionOpened")
	default:
		w.keyText("e", "positionAdjusted")
	}
	w.keyText("f", "0.02")
	w.keyInt("i", p.ID)
	w.keyText("l", "0")
	w.keyText("m", "0.0125")
	w.keyNullable("n", p.Mark.Mul(p.Size.Abs()))
	w.keyNullable("p", p.Realized)
	w.keyNullable("q", p.Size)
	w.keyText("s", p.Market)
	w.close('}')
	return w.b
}

// snapshot tells a new follower what is held, each in a message of its own. Under Server.mu.
func (b *backpack) snapshot(c *conn, a *Account, name, symbol string) {
	for _, p := range a.positions(false) {
		if symbol == "" || symbol == p.Market {
			b.s.whisper(c.ears[len(c.ears)-1], backpackFrame(name, b.positionEvent(&Event{At: b.s.now()}, &p)))
		}
	}
}
