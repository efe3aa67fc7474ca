// Package postgres registers the scheme postgres.
//
//	postgres://user:password@host:5432/name?sslmode=verify-full
//	postgres://user=postgres dbname=name sslmode=disable password=… host=localhost port=5432
//
// Both forms are lib/pq's; sslmode is require if nothing is said, which
// encrypts without verifying. With dial.Options.TLS the connection uses that
// and verifies as it says. Placeholders are $1, $2, …; numeric and json values
// are strings, exact; a time without a date is a time.Time of the year 0.
package postgres
