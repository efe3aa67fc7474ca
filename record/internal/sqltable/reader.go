package sqltable

import (
	"context"
	"errors"
	"fmt"

	"github.com/depthwire/depthwire/record"
)

// Reader opens what is there for reading alone: whoever writes is not disturbed, nothing is made, and Write is record.ErrFenced.
func Reader(ctx context.Context, d *Dialect, read Pool) (*Store, error) {
	read.SetMaxIdleConns(-1) // as Open does
	s := &Store{d: d, db: read, read: read, epoch: -1}
	var version int
	if err := read.PingContext(ctx); err != nil {
		return nil, errors.Join(s.failed(ctx, "open", err), s.Close())
	}
	err := read.QueryRowContext(ctx, "SELECT "+d.name("schema")+" FROM meta").Scan(&version)
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", record.ErrSchema, err)
	case version != Version:
		err = fmt.Errorf("%w: it has version %d, this program reads version %d", record.ErrSchema, version, Version)
	default:
		return s, nil
	}
	return nil, errors.Join(s.failed(ctx, "open", err), s.Close())
}
