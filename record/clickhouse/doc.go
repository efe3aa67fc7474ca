// Package clickhouse stores recordings in ClickHouse.
package clickhouse
