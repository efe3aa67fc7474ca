package postgres

import (
	"context"

	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// OpenReader connects to tables that are there for reading alone: the recorder that writes them goes on, and Write is record.ErrFenced. The
// context bounds OpenReader.
func OpenReader(ctx context.Context, address string) (*Sink, error) {
	read, err := pool(address)
	if err != nil {
		return nil, err
	}
	s, err := sqltable.Reader(ctx, &dialect, read)
	if err != nil {
		return nil, err
	}
	return &Sink{s}, nil
}
