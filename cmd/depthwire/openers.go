package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/clickhouse"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/mysql"
	"github.com/depthwire/depthwire/record/postgres"
	"github.com/depthwire/depthwire/record/publish"
	"github.com/depthwire/depthwire/record/sqlite"
)

// openers are those by scheme of the address.
var openers = map[string]opener{
	"sqlite": {
		form: "sqlite:///path, or a path that ends in .db", keeper: true,
		check: func(address string) error { _, err := onlyPath(address); return err },
		open: func(ctx context.Context, address string) (record.Sink, error) {
			path, err := onlyPath(address)
			if err == nil {
				err = os.MkdirAll(filepath.Dir(path), 0o700)
			}
			if err != nil {
				return nil, err
			}
			return sqlite.Open(ctx, path, sqlite.Options{})
		},
		read: func(ctx context.Context, address string) (record.Store, error) {
			path, err := onlyPath(address)
			if err != nil {
				return nil, err
			}
			return sqlite.OpenReader(ctx, path)
		},
	},
	"file": {
		form: "file:///directory?compress=gzip|zstd, or a path", keeper: true,
		every: 2 * time.Second, // what is written at once is compressed at once
		check: func(address string) error { _, err := compression(address); return err },
		open: func(ctx context.Context, address string) (record.Sink, error) {
			o, err := compression(address)
			if err != nil {
				return nil, err
			}
			path, _ := pathOf(address)
			return files.Open(ctx, path, o)
		},
		read: func(_ context.Context, address string) (record.Store, error) {
			path, _ := pathOf(address)
			_, err := os.Stat(path)
			return directory(path), err
		},
	},
	"postgres": {
		form: "postgres://user:password@host:5432/database?sslmode=disable", keeper: true,
		open: func(ctx context.Context, address string) (record.Sink, error) { return postgres.Open(ctx, address) },
		read: func(ctx context.Context, address string) (record.Store, error) {
			return postgres.OpenReader(ctx, address)
		},
	},
	"mysql": {
		form: "mysql://user:password@host:3306/database", keeper: true,
		open: func(ctx context.Context, address string) (record.Sink, error) { return mysql.Open(ctx, address) },
		read: func(ctx context.Context, address string) (record.Store, error) { return mysql.OpenReader(ctx, address) },
	},
	"clickhouse": {
		form:  "clickhouse://user:password@host:9000/database, or clickhouse://http://… by HTTP",
		batch: 50_000, every: time.Second, // each insert is a part, which costs more than its rows
		open: func(ctx context.Context, address string) (record.Sink, error) {
			return clickhouse.Open(ctx, address, clickhouse.Options{})
		},
		read: func(ctx context.Context, address string) (record.Store, error) {
			return clickhouse.Open(ctx, address, clickhouse.Options{}) // it takes nothing over
		},
	},
	"nats":  {form: "nats://host:4222/depthwire?stream=DEPTHWIRE, of JetStream", open: broker},
	"kafka": {form: "kafka://host:9092/depthwire", open: broker},
	"amqp":  {form: "amqp://user:password@host:5672/?exchange=depthwire", open: broker},
	"mqtt":  {form: "mqtt://host:1883/depthwire", open: broker},
}

func broker(ctx context.Context, address string) (record.Sink, error) {
	return publish.Open(ctx, address, publish.Options{})
}

// onlyPath is the path of an address that has no options.
func onlyPath(address string) (string, error) {
	path, query := pathOf(address)
	if query != "" {
		return "", errors.New("sqlite: an address has no options: what follows the ? is not understood")
	}
	return path, nil
}

// compression reads the options of files.
func compression(address string) (o files.Options, err error) {
	_, query := pathOf(address)
	values, err := url.ParseQuery(query)
	if err != nil {
		return o, errors.New("file: what follows the ? is not understood")
	}
	for key := range values {
		switch word := values.Get(key); {
		case key != "compress":
			return o, fmt.Errorf("file: %s", unknown("option", key, []string{"compress"}))
		case word == "zstd":
			o.Compress = files.Zstd
		case word != "gzip":
			return o, fmt.Errorf("file: %s", unknown("compression", word, []string{"gzip", "zstd"}))
		}
	}
	return o, nil
}

// directory is a directory of files for reading alone.
type directory string

// Read reads it, as record.Store has it.
func (d directory) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	return files.Read(ctx, string(d), t, from, to, columns, fn)
}

// Write is record.ErrFenced.
func (d directory) Write(context.Context, *record.Batch) error { return record.ErrFenced }

// Close has nothing to do.
func (d directory) Close() error { return nil }
