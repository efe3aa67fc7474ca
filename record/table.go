package record

import "slices"

// ColumnKind says what a column holds.
type ColumnKind uint8

// The kinds of columns.
const (
	Text   ColumnKind = iota + 1 // empty where absent
	Name                         // Text of which there are few: venues, symbols, sides
	Number                       // a decimal, exact; it may be absent
	Moment                       // nanoseconds since 1970, 0 where absent
	Count                        // a whole number
	Flag                         // 0 or 1
	Levels                       // of one side of a book, best first; in changes a size of zero says that the price is gone
)

// Column is one column of a Table.
type Column struct {
	Name string
	Kind ColumnKind
}

// Table is one kind of rows. Sinks make their tables of it, and write by it: they need not know what the rows mean.
// All tables begin with the columns venue, symbol, time (the venue's clock), received (ours) and seq. A row is known by the log
// that it is from and its position there; where Key names a column and it is not empty, by venue, symbol and that as well, which
// is the venue's own: two recordings of one market can be told to have the same row.
type Table struct {
	Name    string
	Columns []Column
	Key     string // the name of a column, empty: there is none
	id      byte   // in the log; never given to another
}

// Column returns the place of a column, -1 where the table has none of the name.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Stamped are the columns with which all tables begin.
const (
	VenueColumn = iota
	SymbolColumn
	TimeColumn
	ReceivedColumn
	SeqColumn
)

func table(id byte, name, key string, columns ...Column) *Table {
	stamp := []Column{{"venue", Name}, {"symbol", Name}, {"time", Moment}, {"received", Moment}, {"seq", Count}}
	return &Table{Name: name, Columns: append(stamp, columns...), Key: key, id: id}
}

// The tables. Version 1 of the format: what is added takes a new id.
var (
	TradeTable = table(1, "trades", "id", Column{"id", Text}, Column{"first", Text}, Column{"side", Name},
		Column{"price", Number}, Column{"size", Number}, Column{"contracts", Number}, Column{"cost", Number}, Column{"source", Name})

	// BookTable has the states of a book as they change. A row whose state is BookSnapshot has all levels that are known, one that is
	// BookDelta those that have changed since the row before, with their new sizes, and after BookDown nothing is known until the next
	// snapshot. Beyond known_bid and known_ask, where they are not absent, levels are unknown.
	BookTable = table(2, "books", "", Column{"state", Name}, Column{"contracts", Flag},
		Column{"known_bid", Number}, Column{"known_ask", Number}, Column{"bids", Levels}, Column{"asks", Levels})

	TickerTable = table(3, "tickers", "", Column{"last", Number}, Column{"last_size", Number},
		Column{"bid", Number}, Column{"bid_size", Number}, Column{"ask", Number}, Column{"ask_size", Number},
		Column{"open", Number}, Column{"high", Number}, Column{"low", Number}, Column{"previous_close", Number},
		Column{"change", Number}, Column{"percent", Number}, Column{"vwap", Number}, Column{"volume", Number},
		Column{"quote_volume", Number}, Column{"contract_volume", Number}, Column{"open_time", Moment}, Column{"trades", Count})

	BidAskTable = table(4, "bid_asks", "", Column{"bid", Number}, Column{"bid_size", Number}, Column{"ask", Number}, Column{"ask_size", Number})

	// CandleTable has a row each time that a candle has changed; of those of one start the last one counts.
	CandleTable = table(5, "candles", "", Column{"period", Name}, Column{"start", Moment}, Column{"open", Number}, Column{"high", Number},
		Column{"low", Number}, Column{"close", Number}, Column{"volume", Number}, Column{"quote_volume", Number},
		Column{"contract_volume", Number}, Column{"trades", Count}, Column{"closed", Flag})

	// FundingTable's every is in nanoseconds.
	FundingTable = table(6, "funding", "", Column{"rate", Number}, Column{"next", Moment}, Column{"every", Count}, Column{"mark", Number})

	// GapTable is the ledger of what is missing: Gap says what its columns mean. Received is when it was told.
	GapTable = table(7, "gaps", "", Column{"channel", Name}, Column{"cause", Name}, Column{"from_time", Moment}, Column{"to_time", Moment},
		Column{"from_id", Text}, Column{"to_id", Text}, Column{"lost", Count}, Column{"healed", Flag}, Column{"error", Text})

	// FrameTable has what went over the wire, as exchange.Frame says, symbol empty: kind is open, in, out or close of a socket, of which conn
	// is the number, and http for the body of a REST answer. Data is as it came where encoding is empty, else in base64. A large frame is
	// several rows, one after the other: each has a part that begins at at_byte, of bytes in all.
	FrameTable = table(8, "frames", "", Column{"kind", Name}, Column{"conn", Count}, Column{"url", Text}, Column{"data", Text},
		Column{"encoding", Name}, Column{"at_byte", Count}, Column{"bytes", Count})

	// Tables are all of them.
	Tables = []*Table{TradeTable, BookTable, TickerTable, BidAskTable, CandleTable, FundingTable, GapTable, FrameTable}
)

// The states of rows of BookTable.
const (
	BookSnapshot = "snapshot"
	BookDelta    = "delta"
	BookDown     = "down"
)

func tableOf(id byte) *Table {
	if i := int(id) - 1; i >= 0 && i < len(Tables) {
		return Tables[i]
	}
	return nil
}
