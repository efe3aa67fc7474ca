// Package clickhouse registers the scheme clickhouse.
//
//	clickhouse://tcp://host:9000?username=…&password=…&database=…
//	clickhouse://user:password@host:9000/database?secure=true
//	clickhouse://http://user:password@host:8123/database
//
// The parameters are clickhouse-go's; times among them need a unit
// (read_timeout=10s). tcp:// means its native protocol, as the second form does;
// http:// and https:// mean HTTP. With secure=true, https:// or dial.Options.TLS
// the connection is encrypted and verified.
//
// Over HTTP a connection that broke while it was idle may cost one statement
// dial.ErrLost: whether it was sent is not known there.
//
// Placeholders are ?, $1 or @name, filled in by the client; {name:Type}, filled in
// by the server, takes clickhouse.Named. Values have the driver's types: Decimal
// is a decimal.Decimal of shopspring, an array a slice. How many rows a
// statement has changed is not said. Many rows are inserted in batches: DB gives
// the pool, whose Begin, Prepare and Commit make one.
package clickhouse
