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
				all = append(all, view(t))
			}
		}
		return append(all, bookAt, "CREATE TABLE IF NOT EXISTS "+refusals+" (log String, `from` UInt64, `to` UInt64, at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY (log, `to`)")
	},
}

const (
	versions = "depthwire"         // the table that says whose the others are
	refusals = "depthwire_refused" // that of batches that were refused
	window   = 10_000              // blocks of which the tokens are remembered, for each table
	scale    = 18                  // digits after the point of a Decimal: kinds has it too
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

// kinds are the types of columns, as the server tells them.
var kinds = map[record.ColumnKind]string{
	record.Text:   "String",
	record.Name:   "LowCardinality(String)",
	record.Number: "Nullable(Decimal(38, 18))",
	record.Moment: "DateTime64(9, 'UTC')",
	record.Count:  "Int64",
	record.Flag:   "Bool",
	record.Levels: "Array(Tuple(price Decimal(38, 18), size Decimal(38, 18)))",
}

// create makes the statement for a table of rows.
//
// Decimals do not tell how a number was written. That is in digits: of each a character, which is as far behind '0' as the number has
// digits after its point. Where one of a row is written as that cannot say, texts has all of them, with a space behind each.
func create(t *record.Table) string {
	var columns []string
	add := func(format string, args ...any) { columns = append(columns, fmt.Sprintf(format, args...)) }
	numbers := 0
	for _, c := range t.Columns {
		name := quote(c.Name)
		codec := " CODEC(ZSTD)"
		switch c.Kind {
		case record.Name, record.Flag:
			codec = ""
		case record.Moment, record.Count:
			codec = " CODEC(Delta, ZSTD)"
		}
		add("%s %s%s", name, kinds[c.Kind], codec)
		switch c.Kind {
		case record.Number:
			numbers++
			add("%s String ALIAS if(texts != '', splitByChar(' ', texts)[%d], ifNull(%s, ''))", quote(c.Name+"_text"), numbers,
				written(name, fmt.Sprintf("substring(digits, %d, 1)", numbers)))
		case record.Levels:
			add("%s String CODEC(ZSTD)", quote(c.Name+"_digits"))
			add("%s String CODEC(ZSTD)", quote(c.Name+"_texts"))
			add("%s String ALIAS if(%s != '', %[2]s, concat(%s, %s))", quote(c.Name+"_text"), quote(c.Name+"_texts"),
				list(c.Name, "price", "1"), list(c.Name, "size", "length("+name+") + 1"))
		}
	}
	add("log LowCardinality(String)")
	add("pos UInt64 CODEC(Delta, ZSTD)")
	if numbers > 0 {
		add("digits String CODEC(ZSTD)")
		add("texts String CODEC(ZSTD)")
	}
	add("INDEX by_pos pos TYPE minmax")
	engine := "ENGINE = MergeTree PARTITION BY toDate(received) ORDER BY (venue, symbol, received, log, pos)"
	if t.Key != "" {
		// The row that was stored first has the greatest, so that it stays; of rows of one insert the one at the lower position.
		add("first_stored UInt64 MATERIALIZED bitNot(toUInt64(toUnixTimestamp64Nano(now64(9))) + bitAnd(pos, 1048575)) CODEC(ZSTD)")
		add("INDEX by_received received TYPE minmax")
		engine = fmt.Sprintf("ENGINE = ReplacingMergeTree(first_stored) PARTITION BY toDate(time) PRIMARY KEY (venue, symbol, %[1]s) "+
			"ORDER BY (venue, symbol, %[1]s, if(%[1]s = '', toString(log), ''), if(%[1]s = '', pos, 0))", quote(t.Key))
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (\n\t%s\n) %s SETTINGS non_replicated_deduplication_window = %d",
		stored(t), strings.Join(columns, ",\n\t"), engine, window)
}

// view makes the statement for the view of a table with a key.
func view(t *record.Table) string {
	also := ""
	for _, c := range t.Columns {
		if c.Kind == record.Number || c.Kind == record.Levels {
			also += ", " + quote(c.Name+"_text")
		}
	}
	return "CREATE VIEW IF NOT EXISTS " + quote(t.Name) + " AS SELECT *" + also + " FROM " + stored(t) + " FINAL"
}

// written is a Decimal with as many digits after its point as a character says.
func written(number, digits string) string {
	return fmt.Sprintf("substring(toDecimalString(%[1]s, %[2]d), 1, toUInt64(length(toDecimalString(%[1]s, %[2]d)) + ascii(%[3]s) - %[4]d - (%[3]s = '0')))",
		number, scale, digits, '0'+scale)
}

// list is the prices, or the sizes, of levels as they came in, with a space behind each; their characters in digits begin at first.
func list(side, field, first string) string {
	return fmt.Sprintf("arrayStringConcat(arrayMap((l, d) -> concat(%s, ' '), %s, splitByString('', substring(%s, %s, length(%[2]s)))))",
		written("l."+field, "d"), quote(side), quote(side+"_digits"), first)
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
