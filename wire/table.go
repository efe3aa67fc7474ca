package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Words are a venue's words for fields. A field that has several, in messages of one table, has
// them separated by blanks.
type Words map[Field]string

// Format is the shape of a kind of message.
type Format struct {
	Words   Words   // of rows that are objects, and of what is around rows
	Columns []Field // of rows that are arrays; zero for what is not read
	// NoZero are the numbers of which zero means that there is none.
	NoZero []Field
	// Class is that of the rows that are read, where a row has one: others are left out. 0: all are read.
	Class int64
	// Late says that what stands beside the rows may stand behind them.
	Late bool
	// Awaited are the only fields that late rows wait for: rows are read at once where these are ahead.
	Awaited []Field
	// AnyTime says that the size of a number tells the unit of a time, and that it may be the text of a UTC
	// time. Otherwise times are milliseconds.
	AnyTime bool
	// Seconds are times in seconds.
	Seconds []Field
}

// Table is a Format that is ready for use. It is never changed.
type Table struct {
	columns         []Field
	noZero, seconds uint64
	awaited         uint64 // what rows wait for; field 0, which never comes, where it is all that stands beside them
	anyTime         bool
	class           int64
	words           []word
	ahead, behind   uint32 // places of bytes
	seed            uint32
	slots           [slots]uint8 // into words, by hash
	letters         [256]Field   // words of one letter
}

type word struct {
	text  string
	field Field
}

const slots = 128

// Compile makes a Table. It panics when two fields have one word, and names it, or when there are too many: tables
// are constants of a program.
func Compile(f Format) *Table {
	t := &Table{columns: f.Columns, class: f.Class, anyTime: f.AnyTime, words: []word{{}}}
	for _, f := range f.Awaited {
		t.awaited |= f.bit()
	}
	if f.Late && t.awaited == 0 {
		t.awaited = Field(0).bit()
	}
	for _, f := range f.NoZero {
		t.noZero |= f.bit()
	}
	for _, f := range f.Seconds {
		t.seconds |= f.bit()
	}
	known := make(map[string]Field)
	for _, field := range slices.Sorted(maps.Keys(f.Words)) {
		for _, text := range strings.Fields(f.Words[field]) {
			if field == 0 || field >= fields {
				panic(fmt.Sprintf("wire: word %q for no field", text))
			}
			if other := known[text]; other != 0 {
				panic(fmt.Sprintf("wire: word %q for two fields, whose words are %q and %q", text, f.Words[other], f.Words[field]))
			}
			known[text] = field
			if t.words = append(t.words, word{text, field}); len(text) == 1 {
				t.letters[text[0]] = field
			}
		}
	}
	if !t.search() {
		panic(fmt.Sprintf("wire: %d words in one table are too many", len(known)))
	}
	return t
}

// search finds a hash that gives each word a slot of its own.
func (t *Table) search() bool {
	for t.ahead = 1; t.ahead < 16; t.ahead++ {
		for t.behind = 1; t.behind < 16; t.behind++ {
			for t.seed = 1; t.seed < 64; t.seed += 2 {
				if t.place() {
					return true
				}
			}
		}
	}
	return false
}

// place puts each word into a slot of its own, and reports whether that was possible.
func (t *Table) place() bool {
	clear(t.slots[:])
	for i, w := range t.words[1:] {
		slot := &t.slots[t.hash([]byte(w.text))]
		if *slot != 0 {
			return false
		}
		*slot = uint8(i + 1)
	}
	return true
}

// hash mixes the length of a word with four of its bytes, among them two whose place the table has chosen.
func (t *Table) hash(b []byte) uint32 {
	n := uint32(len(b)) - 1
	h := uint32(b[0]) | uint32(b[n])<<8 | uint32(b[min(t.ahead, n)])<<16 | uint32(b[n-min(t.behind, n)])<<24
	return (h ^ n<<13) * (t.seed * 0x9e3779b1) >> 25
}

// field returns what a key means, 0 when nothing that is read.
func (t *Table) field(key []byte) Field {
	switch len(key) {
	case 0:
		return 0
	case 1:
		return t.letters[key[0]]
	}
	if w := &t.words[t.slots[t.hash(key)]]; w.text == string(key) {
		return w.field
	}
	return 0
}
