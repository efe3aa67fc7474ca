// Package mysql registers the scheme mysql, for MySQL and MariaDB.
//
//	mysql://user:password@tcp(host:3306)/name?charset=utf8mb4
//	mysql://user:password@host:3306/name
//
// The first form is go-sql-driver's own, with all its parameters; the second,
// with user and password escaped as in any URL, means the same. Times are read as time.Time in UTC unless parseTime or
// loc say otherwise; 0000-00-00 is the zero time. With tls=true, or dial.Options.TLS, the connection is
// encrypted and verified. Placeholders are ?; decimal and json values are
// strings, exact.
package mysql
