package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// style is how a piece of text looks.
type style uint8

// The styles.
const (
	plain style = iota
	strong
	faint
	good
	bad
	warning
)

// palette has the escape sequence of each style; the zero value has none.
type palette [warning + 1]string

var colours = palette{strong: "\x1b[1m", faint: "\x1b[2m", good: "\x1b[32m", bad: "\x1b[31m", warning: "\x1b[33m"}

// paint dresses a text.
func (p *palette) paint(s style, text string) string {
	if p[s] == "" || text == "" {
		return text
	}
	return p[s] + text + "\x1b[0m"
}

// printable replaces what a terminal would obey: names come from venues.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// cells returns how many columns of a terminal a text takes.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.Is(unicode.Mn, r):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) || (r >= 0xFF01 && r <= 0xFF60):
		return 2
	}
	return 1
}

// cut returns what of a text fits into a number of columns.
func cut(text string, width int) string {
	n := 0
	for i, r := range text {
		if n += cellsOf(r); n > width {
			return text[:i]
		}
	}
	return text
}

// span writes a duration in few characters.
func span(d time.Duration) string {
	abs := max(d, -d)
	switch {
	case abs < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", d.Seconds()*1e3)
	case abs < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case abs < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case abs < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(abs.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(abs.Minutes())%60)
}

// size writes a number of bytes in few characters.
func size(n int64) string {
	names := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	v, i := float64(n), 0
	for ; v >= 1024 && i < len(names)-1; i++ {
		v /= 1024
	}
	if i == 0 || v >= 100 || v == math.Trunc(v) {
		return fmt.Sprintf("%.0f %s", v, names[i])
	}
	return fmt.Sprintf("%.1f %s", v, names[i])
}

// thousands writes a number in groups of three digits.
func thousands(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
