// Package postgres is the sink of package record for PostgreSQL.
package postgres
