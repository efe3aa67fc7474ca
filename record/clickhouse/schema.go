package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/depthwire/depthwire/record"
)

// version is that of the schema. What brings a recording from one version to the next is in steps.
const version = 1

var steps = [version]func() []string{
	func() (all []string) {
		for _, t := range record.Tables {
			all = append(all, create(t))
			if t.Key != "" {
				all = append(all, "CREATE VIEW IF NOT EXISTS "+quote(t.Name)+" AS SELECT * FROM "+stored(t)+" FINAL")
			}
		}
		return append(all, bookAt, "CREATE TABLE IF NOT EXISTS "+refusals+" (log String, `from` UInt64, `to` UInt64, at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY (log, `to`)")
	},
}

const (
	versions = "depthwire"         // the table that says whose the others are
	refusals = "depthwire_refused" // that of batches that were refused
	window   = 10_000              // blocks of which the tokens are remembered, for each table
	exact    = 18                  // digits after the point of a Decimal
)

// stored is the table that has the rows. Those with a key are read through the view that has the name.
func stored(t *record.Table) string {
	if t.Key != "" {
		return quote(t.Name + "_rows")
	}
	return quote(t.Name)
}

// quote makes an identifier. Names are of record.Tables.
func quote(name string) string { return "`" + name + "`" }

// in is the column by which a value comes in as text.
func in(name string) string { return "in_" + name }

// create makes the statement for a table of rows. Texts come in by columns that are not stored; the engine makes LowCardinality,
// Decimal and arrays of them, compares what the Decimal would be written as with the text, and keeps the text where it differs.
func create(t *record.Table) string {
	var columns, digits, texts []string
	var counts, kept []string
	for _, c := range t.Columns {
		name := quote(c.Name)
		text := quote(in(c.Name))
		switch c.Kind {
		case record.Text:
			columns = append(columns, name+" String CODEC(ZSTD)")
		case record.Name:
			columns = append(columns, text+" String EPHEMERAL", name+" LowCardinality(String) DEFAULT "+text)
		case record.Moment:
			columns = append(columns, name+" DateTime64(9, 'UTC') CODEC(Delta, ZSTD)")
		case record.Count:
			columns = append(columns, name+" Int64 CODEC(Delta, ZSTD)")
		case record.Flag:
			columns = append(columns, name+" Bool")
		case record.Number:
			columns = append(columns, text+" String EPHEMERAL", fmt.Sprintf("%s Nullable(Decimal(38, %d)) DEFAULT toDecimal128OrNull(%s, %[2]d) CODEC(ZSTD)", name, exact, text))
			digits, counts = append(digits, name+" UInt8"), append(counts, fraction(text))
			texts, kept = append(texts, name+" String"), append(kept, unless(fmt.Sprintf("ifNull(%s, '')", written(name, "digits."+name)), text))
		case record.Levels:
			price, size := quote(in(c.Name+"_price")), quote(in(c.Name+"_size"))
			columns = append(columns, price+" String EPHEMERAL", size+" String EPHEMERAL",
				fmt.Sprintf("%s Array(Tuple(price Decimal(38, %[2]d), size Decimal(38, %[2]d), price_digits UInt8, size_digits UInt8)) DEFAULT %[3]s CODEC(ZSTD)",
					name, exact, levels(price, size)))
			texts = append(texts, quote(c.Name+"_price")+" String", quote(c.Name+"_size")+" String")
			kept = append(kept, unless(list(name, "price"), price), unless(list(name, "size"), size))
		}
	}
	columns = append(columns, "in_log String EPHEMERAL", "log LowCardinality(String) DEFAULT in_log", "pos UInt64 CODEC(Delta, ZSTD)")
	if len(digits) > 0 {
		columns = append(columns, fmt.Sprintf("digits Tuple(%s) DEFAULT tuple(%s) CODEC(ZSTD)", strings.Join(digits, ", "), strings.Join(counts, ", ")))
	}
	if len(texts) > 0 {
		columns = append(columns, fmt.Sprintf("texts Tuple(%s) DEFAULT tuple(%s) CODEC(ZSTD)", strings.Join(texts, ", "), strings.Join(kept, ", ")))
	}
	columns = append(columns, "INDEX by_pos pos TYPE minmax")
	engine := "ENGINE = MergeTree PARTITION BY toDate(received) ORDER BY (venue, symbol, received, log, pos)"
	if t.Key != "" {
		key := quote(t.Key)
		// The row that was stored first has the greatest, so that it stays; of rows of one insert the one at the lower position.
		columns = append(columns, "first_stored UInt64 MATERIALIZED bitNot(toUInt64(toUnixTimestamp64Nano(now64(9))) + bitAnd(pos, 1048575)) CODEC(ZSTD)",
			"INDEX by_received received TYPE minmax")
		engine = fmt.Sprintf("ENGINE = ReplacingMergeTree(first_stored) PARTITION BY toDate(time) PRIMARY KEY (venue, symbol, %[1]s) "+
			"ORDER BY (venue, symbol, %[1]s, if(%[1]s = '', toString(log), ''), if(%[1]s = '', pos, 0))", key)
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (\n\t%s\n) %s SETTINGS non_replicated_deduplication_window = %d",
		stored(t), strings.Join(columns, ",\n\t"), engine, window)
}

// unless is text, or nothing where the other expression gives the same.
func unless(same, text string) string { return fmt.Sprintf("if(%s = %s, '', %[2]s)", same, text) }

// fraction is how many digits a text has after its point.
func fraction(text string) string {
	return fmt.Sprintf("toUInt8(least(%d, if(position(%[2]s, '.') = 0, 0, length(%[2]s) - position(%[2]s, '.'))))", exact, text)
}

// written is a Decimal with so many digits after its point.
func written(number, digits string) string {
	return fmt.Sprintf("substring(toDecimalString(%[1]s, %[2]d), 1, toUInt64(length(toDecimalString(%[1]s, %[2]d)) - %[2]d + %[3]s - (%[3]s = 0)))", number, exact, digits)
}

// list is the prices, or the sizes, of levels as they came in: after each a space.
func list(side, field string) string {
	return fmt.Sprintf("arrayStringConcat(arrayMap(l -> concat(%s, ' '), %s))", written("l."+field, "l."+field+"_digits"), side)
}

func levels(prices, sizes string) string {
	split := func(list string) string { return "arrayPopBack(splitByChar(' ', " + list + "))" }
	number := func(text string) string { return fmt.Sprintf("toDecimal128OrZero(%s, %d)", text, exact) }
	// 0 would say that the price is gone, which a size too small, or too large, does not
	size := fmt.Sprintf("if(%s = 0 AND match(s, '^[-+0.]*[1-9]'), toDecimal128('1e-%d', %[2]d), %[1]s)", number("s"), exact)
	return fmt.Sprintf("arrayMap((p, s) -> tuple(%s, %s, %s, %s), %s, %s)", number("p"), size, fraction("p"), fraction("s"), split(prices), split(sizes))
}

// migrate makes the tables, or brings them to this version.
func (s *Sink) migrate(ctx context.Context) error {
	has, err := s.columns(ctx)
	if err != nil {
		return err
	}
	found := uint32(0)
	if len(has[versions]) == 0 {
		for _, t := range record.Tables {
			for _, name := range []string{t.Name, t.Name + "_rows"} {
				if len(has[name]) > 0 {
					return fmt.Errorf("%w: a table %s that is not a recorder's is there", record.ErrSchema, name)
				}
			}
		}
	} else if !slices.Contains(has[versions], "schema") {
		return fmt.Errorf("%w: a table %s that is not a recorder's is there", record.ErrSchema, versions)
	} else if err := s.conn.QueryRow(ctx, "SELECT max(schema) FROM "+versions).Scan(&found); err != nil {
		return s.fail(ctx, "schema", err)
	}
	if found > version {
		return fmt.Errorf("%w: version %d, this is %d", record.ErrSchema, found, version)
	}
	if found < version {
		if err := s.bring(ctx, found); err != nil {
			return err
		}
		if has, err = s.columns(ctx); err != nil {
			return err
		}
	}
	return complete(has)
}

// bring takes the steps from a version. Each may have been taken already by who did not come to the end, or does it now.
func (s *Sink) bring(ctx context.Context, from uint32) error {
	all := []string{"CREATE TABLE IF NOT EXISTS " + versions + " (schema UInt32, since DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY schema"}
	for _, step := range steps[from:] {
		all = append(all, step()...)
	}
	for _, statement := range append(all, fmt.Sprintf("INSERT INTO %s (schema) SELECT %d", versions, version)) {
		if err := s.conn.Exec(ctx, statement); err != nil {
			return s.fail(ctx, "schema", err)
		}
	}
	return nil
}

// columns returns the names of the columns of all tables.
func (s *Sink) columns(ctx context.Context) (map[string][]string, error) {
	rows, err := s.conn.Query(ctx, "SELECT table, name FROM system.columns WHERE database = currentDatabase()")
	if err != nil {
		return nil, s.fail(ctx, "schema", err)
	}
	defer rows.Close()
	has := make(map[string][]string)
	for rows.Next() {
		var table, name string
		if err := rows.Scan(&table, &name); err != nil {
			return nil, s.fail(ctx, "schema", err)
		}
		has[table] = append(has[table], name)
	}
	if err := rows.Err(); err != nil {
		return nil, s.fail(ctx, "schema", err)
	}
	return has, nil
}

// complete checks that all columns are there. There may be more.
func complete(has map[string][]string) error {
	for _, t := range record.Tables {
		name := strings.Trim(stored(t), "`")
		for _, c := range append([]record.Column{{Name: "log"}, {Name: "pos"}}, t.Columns...) {
			if !slices.Contains(has[name], c.Name) {
				return fmt.Errorf("%w: table %s has no column %s", record.ErrSchema, name, c.Name)
			}
		}
	}
	return nil
}
