package clickhouse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// cells are those of one column: texts, or what the protocol has of others. The driver's columns read that, and need not look at every
// value by reflection. They are made anew for the next batch.
type cells struct {
	rows  int
	texts []string
	raw   []byte

	ends  []int             // of each row's text in raw
	words map[string]uint32 // the dictionary of names
	keys  []uint32
}

func (c *cells) empty(rows int) *cells {
	c.rows, c.texts, c.raw = rows, c.texts[:0], c.raw[:0]
	return c
}

// door is how cells come into the driver's columns.
type door struct {
	from bytes.Reader
	in   *proto.Reader
}

var errLeft = errors.New("the driver does not read all of a column")

func (d *door) give(c *cells, to column.Interface) error {
	if len(c.texts) > 0 {
		_, err := to.Append(c.texts)
		return err
	}
	d.from.Reset(c.raw)
	if d.in == nil {
		d.in = proto.NewReader(&d.from)
	}
	err := to.Decode(d.in, c.rows)
	if err == nil {
		if n, _ := d.in.Read(make([]byte, 1)); n > 0 {
			err = errLeft
		}
	}
	if err != nil {
		d.in = nil // it may have some of the column left
	}
	return err
}

func (c *cells) copied(pick []int, from []string) {
	for _, row := range pick {
		c.texts = append(c.texts, from[row])
	}
}

// lines makes a text of each row, all of them in one piece of memory.
func (c *cells) lines(pick []int, write func(b []byte, row int) []byte) {
	c.ends = c.ends[:0]
	for _, row := range pick {
		c.raw = write(c.raw, row)
		c.ends = append(c.ends, len(c.raw))
	}
	whole, from := string(c.raw), 0
	for _, end := range c.ends {
		c.texts = append(c.texts, whole[from:end])
		from = end
	}
}

// names are a dictionary, which begins with the empty text, and the place in it of each row's.
func (c *cells) names(pick []int, of func(row int) string) {
	if c.words == nil {
		c.words = make(map[string]uint32)
	}
	clear(c.words)
	c.words[""] = 0
	c.raw, c.keys = append(c.raw, make([]byte, 17)...), c.keys[:0] // for the kind, the number of words, and the empty one
	last, key := "", uint32(0)
	for _, row := range pick {
		if text := of(row); text != last {
			var known bool
			if key, known = c.words[text]; !known {
				key = uint32(len(c.words))
				c.words[text] = key
				c.raw = append(binary.AppendUvarint(c.raw, uint64(len(text))), text...)
			}
			last = text
		}
		c.keys = append(c.keys, key)
	}
	const own, wide = 1<<9 | 1<<10, 2 // a dictionary of this column alone, keys of four bytes
	kind := uint64(own)
	if len(c.words) > 1<<8 {
		kind |= wide
	}
	binary.LittleEndian.PutUint64(c.raw, kind)
	binary.LittleEndian.PutUint64(c.raw[8:], uint64(len(c.words)))
	c.raw = binary.LittleEndian.AppendUint64(c.raw, uint64(len(c.keys)))
	for _, key := range c.keys {
		if kind == own {
			c.raw = append(c.raw, byte(key))
		} else {
			c.raw = binary.LittleEndian.AppendUint32(c.raw, key)
		}
	}
}

func (c *cells) ints(pick []int, from []int64) {
	for _, row := range pick {
		c.raw = binary.LittleEndian.AppendUint64(c.raw, uint64(from[row]))
	}
}

func (c *cells) positions(pick []int, from []uint64) {
	for _, row := range pick {
		c.raw = binary.LittleEndian.AppendUint64(c.raw, from[row])
	}
}

func (c *cells) flags(pick []int, from []int64) {
	for _, row := range pick {
		flag := byte(0)
		if from[row] != 0 {
			flag = 1
		}
		c.raw = append(c.raw, flag)
	}
}

// numbers are of each row whether it is NULL, then the values.
func (c *cells) numbers(pick []int, from []decimal.Decimal) {
	c.raw = slices.Grow(c.raw, 17*len(pick))[:len(pick)]
	for i, row := range pick {
		lo, hi, ok := fixed(from[row])
		c.raw[i] = 1
		if ok {
			c.raw[i] = 0
		}
		c.put(lo, hi)
	}
}

func (c *cells) put(lo, hi uint64) {
	c.raw = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(c.raw, lo), hi)
}

// levels are where those of each row end, then all prices, then all sizes.
func (c *cells) levels(pick []int, from [][]exchange.Level) {
	end := 0
	for _, row := range pick {
		end += len(from[row])
		c.raw = binary.LittleEndian.AppendUint64(c.raw, uint64(end))
	}
	for _, row := range pick {
		for i := range from[row] {
			lo, hi, _ := fixed(from[row][i].Price)
			c.put(lo, hi)
		}
	}
	for _, row := range pick {
		for i := range from[row] {
			c.put(sized(from[row][i].Size))
		}
	}
}
