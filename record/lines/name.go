package lines

import (
	"encoding/hex"
	"math"
	"strconv"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// longestName bounds what AppendName makes of one text: names of files and words of subjects end at 255.
const longestName = 200

// AppendName appends a venue or a symbol as a name that files, subjects, topics and routing keys can have: BTC/USDT:USDT is
// BTC-USDT_USDT. What is neither a letter nor a digit of ASCII, / and : excepted, is % and two digits; what is very long is cut; an
// empty text is -. The rows say what it was.
func AppendName(b []byte, s string) []byte { return appendName(b, s, longestName) }

func appendName(b []byte, s string, longest int) []byte {
	const digits = "0123456789ABCDEF"
	if s == "" {
		return append(b, '-')
	}
	limit := len(b) + longest
	for i := 0; i < len(s) && len(b) < limit; i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9':
			b = append(b, c)
		case c == '/':
			b = append(b, '-')
		case c == ':':
			b = append(b, '_')
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}

// AppendID appends what the same row has wherever it comes from, and no other row: the table, venue, symbol and Key of row i of
// r where the table has a Key and the row a value of it, else the log and the position.
func AppendID(b []byte, log wal.ID, r *record.Rows, i int) []byte {
	if r.Table.Key != "" {
		key := r.Columns[r.Table.Column(r.Table.Key)].Texts[i]
		if key != "" {
			b = append(append(b, r.Table.Name...), '.')
			b = append(appendName(b, r.Columns[record.VenueColumn].Texts[i], math.MaxInt32), '.')
			b = append(appendName(b, r.Columns[record.SymbolColumn].Texts[i], math.MaxInt32), '.')
			return appendName(b, key, math.MaxInt32)
		}
	}
	b = hex.AppendEncode(b, log[:])
	return strconv.AppendUint(append(b, '.'), r.Pos[i], 10)
}
