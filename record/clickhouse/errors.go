package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/depthwire/depthwire/record"
)

// refused are the codes by which the server says that it is the rows that it does not take: what does not convert, and what a
// constraint, or a view that somebody has put on the table, will not have. All others may be different next time.
var refused = []int32{
	6, 26, 27, 38, 41, 72, // cannot parse
	53, 70, 321, // types
	69, 131, 407, // out of bounds
	349, // NULL
	395, // throwIf
	469, // constraint
}

// fail says what has failed. The context comes first: the driver does not always tell that it was the reason, and a deadline of a
// connection comes a moment before that of the context that it is from.
func (s *Sink) fail(ctx context.Context, what string, err error) error {
	e := ctx.Err()
	if end, ok := ctx.Deadline(); e == nil && ok && !time.Now().Before(end) {
		e = context.DeadlineExceeded
	}
	if e != nil {
		return fmt.Errorf("clickhouse: %s: %w", what, e)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the address
	}
	if e, ok := errors.AsType[*clickhouse.Exception](err); ok && slices.Contains(refused, e.Code) {
		err = fmt.Errorf("%w: %w", record.ErrRefused, err)
	}
	return s.safe(fmt.Errorf("clickhouse: %s: %w", what, err))
}

// safe is err, without the password should the server, or the driver, have repeated it.
func (s *Sink) safe(err error) error {
	if s.password == "" || !strings.Contains(err.Error(), s.password) {
		return err
	}
	return &hidden{strings.ReplaceAll(err.Error(), s.password, "…"), err}
}

type hidden struct {
	text string
	err  error
}

func (h *hidden) Error() string { return h.text }

// Is lets the kinds be told, and not the text.
func (h *hidden) Is(kind error) bool { return errors.Is(h.err, kind) }
