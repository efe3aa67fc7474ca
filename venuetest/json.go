package venuetest

import (
	"strconv"
	"time"
)

// writer writes JSON in a given order of keys, without spaces, as the venues do.
type writer struct{ b []byte }

// sep puts the comma that the next key or element needs.
func (w *writer) sep() {
	if n := len(w.b); n > 0 {
		switch w.b[n-1] {
		case '{', '[', ':':
		default:
			w.b = append(w.b, ',')
		}
	}
}

func (w *writer) open(bracket byte) {
	w.sep()
	w.b = append(w.b, bracket)
}

func (w *writer) close(bracket byte) { w.b = append(w.b, bracket) }

func (w *writer) key(k string) {
	w.sep()
	w.b = append(w.b, '"')
	w.b = append(w.b, k...)
	w.b = append(w.b, '"', ':')
}

// raw writes JSON as it is: an element, or the value after a key.
func (w *writer) raw(json string) {
	w.sep()
	w.b = append(w.b, json...)
}

// text writes a string that needs no escapes.
func (w *writer) text(s string) {
	w.sep()
	w.b = append(w.b, '"')
	w.b = append(w.b, s...)
	w.b = append(w.b, '"')
}

func (w *writer) int(v int64) {
	w.sep()
	w.b = strconv.AppendInt(w.b, v, 10)
}

func (w *writer) keyText(k, s string) {
	w.key(k)
	w.text(s)
}

func (w *writer) keyInt(k string, v int64) {
	w.key(k)
	w.int(v)
}

func (w *writer) keyRaw(k, json string) {
	w.key(k)
	w.raw(json)
}

func (w *writer) keyBool(k string, v bool) {
	w.key(k)
	w.raw(strconv.FormatBool(v))
}

// keyTime writes a time as a number: ms, or µs.
func (w *writer) keyTime(k string, t time.Time, micros bool) {
	if micros {
		w.keyInt(k, t.UnixMicro())
		return
	}
	w.keyInt(k, t.UnixMilli())
}

// number writes a quoted number with decimals digits, or trimmed when below 0.
func (w *writer) number(v int64, scale, decimals int) {
	w.sep()
	w.b = append(w.b, '"')
	if decimals < 0 {
		w.b = appendTrimmed(w.b, v, scale)
	} else {
		w.b = appendFixed(w.b, v, scale, decimals)
	}
	w.b = append(w.b, '"')
}

// price and size write a number of a market in its venue's form.
func (w *writer) price(m *market, v int64) { w.number(v, m.pscale, m.pdec) }
func (w *writer) size(m *market, v int64)  { w.number(v, m.sscale, m.sdec) }

func (w *writer) keyPrice(k string, m *market, v int64) {
	w.key(k)
	w.price(m, v)
}

func (w *writer) keySize(k string, m *market, v int64) {
	w.key(k)
	w.size(m, v)
}

// keyMoney writes an amount at moneyScale with decimals digits, trimmed when
// below 0.
func (w *writer) keyMoney(k string, v int64, decimals int) {
	w.key(k)
	w.money(v, decimals)
}

func (w *writer) money(v int64, decimals int) {
	if decimals >= 0 && decimals < moneyScale {
		w.number(rescale(v, moneyScale, decimals), decimals, decimals)
		return
	}
	w.number(v, moneyScale, decimals)
}
