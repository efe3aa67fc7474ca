package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// OpenReader opens a file that is there for reading alone: the recorder that writes it goes on, and Write is record.ErrFenced. The
// context bounds OpenReader.
func OpenReader(ctx context.Context, path string) (*Sink, error) {
	if _, err := os.Stat(path); err != nil { // the drivers say less
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	read, err := sql.Open(Driver, address(path)+readOnly)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", path, err)
	}
	s, err := sqltable.Reader(ctx, dialect(Options{}), sqltable.Pool{DB: read})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return &Sink{s}, nil
}
