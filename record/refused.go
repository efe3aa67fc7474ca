package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/depthwire/depthwire/record/wal"
)

// refusals are the file of the rows that a store has refused: a line of JSON each.
type refusals struct {
	path string
	log  wal.ID
}

// Refusal is a row that a store has refused, as it stands in the file NAME.refused.jsonl of its sink.
type Refusal struct {
	Log    string `json:"log"`
	Pos    uint64 `json:"pos"`
	Table  string `json:"table"`
	Venue  string `json:"venue"`
	Symbol string `json:"symbol"`
	Reason string `json:"reason"`
	Record []byte `json:"record"` // as in the log: Batch.Add takes it
}

// add puts a row in. It is on disk when add returns.
func (r *refusals) add(b *Batch, record []byte, why error) (err error) {
	line := Refusal{Log: r.log.String(), Pos: b.From, Reason: why.Error(), Record: record}
	for _, rows := range b.Tables {
		line.Table = rows.Table.Name
		line.Venue, line.Symbol = rows.Columns[VenueColumn].Texts[0], rows.Columns[SymbolColumn].Texts[0]
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

// size is that of the file.
func (r *refusals) size() int64 {
	if st, err := os.Stat(r.path); err == nil {
		return st.Size()
	}
	return 0
}
