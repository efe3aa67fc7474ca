package main

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// encodings are how messages stand in lines; rawEncoding has none.
var encodings = []string{"text", "hex", "base64", rawEncoding}

const rawEncoding = "raw"

func checkEncoding(name string) error {
	if !slices.Contains(encodings, name) {
		return usagef("--encoding: %s", unknown("encoding", name, encodings))
	}
	return nil
}

// pieces is how input is cut into what decode reads.
func pieces(encoding string) bufio.SplitFunc {
	if encoding != rawEncoding {
		return bufio.ScanLines
	}
	return func(data []byte, _ bool) (int, []byte, error) {
		if len(data) == 0 {
			return 0, nil, nil
		}
		return len(data), data, nil
	}
}

// decode returns the message that a piece of the input is.
func decode(encoding string, piece []byte) (msg []byte, err error) {
	switch encoding {
	case "hex":
		msg, err = hex.DecodeString(strings.TrimSpace(string(piece)))
	case "base64":
		msg, err = base64.StdEncoding.DecodeString(strings.TrimSpace(string(piece)))
	default:
		return piece, nil
	}
	if err != nil {
		return nil, fmt.Errorf("standard input: a line is not %s", encoding)
	}
	return msg, nil
}

// encode returns what is written of a message.
func encode(encoding string, msg []byte) []byte {
	switch encoding {
	case "hex":
		msg = hex.AppendEncode(nil, msg)
	case "base64":
		msg = base64.StdEncoding.AppendEncode(nil, msg)
	case rawEncoding:
		return msg
	default:
		msg = appendShown(nil, msg)
	}
	return append(msg, '\n')
}

// appendShown appends bytes as one line of text, or as base64 when they are none.
func appendShown(b, msg []byte) []byte {
	if !showable(msg) {
		return base64.StdEncoding.AppendEncode(append(b, "base64:"...), msg)
	}
	for _, c := range msg {
		switch c {
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// showable reports whether bytes are text without what a terminal would obey.
func showable(msg []byte) bool {
	for len(msg) > 0 {
		r, n := utf8.DecodeRune(msg)
		if r == utf8.RuneError && n == 1 || unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) || unicode.Is(unicode.Bidi_Control, r) {
			return false
		}
		msg = msg[n:]
	}
	return true
}
