package scan

import (
	"errors"
	"fmt"
)

// Kinds of error, for errors.Is.
var (
	ErrSyntax    = errors.New("scan: invalid JSON")
	ErrTruncated = errors.New("scan: unexpected end of JSON")
	ErrType      = errors.New("scan: value of another type, or that does not fit")
	ErrDepth     = errors.New("scan: nested too deeply")
)

// Error is the first error that a Scanner met.
type Error struct {
	Kind   error // ErrSyntax, ErrTruncated, ErrType or ErrDepth
	Offset int   // byte of the input where it was found
}

func (e *Error) Error() string { return fmt.Sprintf("%v at byte %d", e.Kind, e.Offset) }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }
