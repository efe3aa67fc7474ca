package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
)

// statusRecord is whether a venue serves, as JSON.
type statusRecord struct {
	Kind     string     `json:"kind"` // "status"
	Venue    string     `json:"venue"`
	State    string     `json:"state"`  // "ok", "maintenance", "unknown" where the venue has no such question, "failed"
	Family   string     `json:"family"` // whose maintenance it is
	Until    *time.Time `json:"until"`
	Received *time.Time `json:"received"`
	Message  string     `json:"message"` // the venue's own
	Error    string     `json:"error"`

	took time.Duration
}

// States that are the command's, not exchange's.
const (
	unknownState = "unknown"
	failedState  = "failed"
)

func (a *app) statusCommand() *cobra.Command {
	n := &connection{app: a}
	c := &cobra.Command{
		Use:   "status [VENUE…]",
		Short: "Whether venues serve, or are in maintenance",
		Long: "Asks each venue whether it serves, all at once. The exit code is 1 when one of them is in maintenance, or does\n" +
			"not answer within --timeout. A venue that has no such question is unknown, which is no failure.",
		Example:           "  depthwire status\n  depthwire status okx binance --json\n  depthwire status okx --timeout 2s && echo serves",
		ValidArgsFunction: completeVenues,
		RunE:              func(c *cobra.Command, names []string) error { return n.status(c.Context(), names) },
	}
	n.flags(c)
	n.timeout = 5 * time.Second
	timeout := c.Flags().Lookup("timeout")
	timeout.DefValue, timeout.Usage = n.timeout.String(), "how long a venue may take to answer"
	return c
}

func (c *connection) status(ctx context.Context, names []string) error {
	if len(names) == 0 {
		names = exchanges.Names()
	}
	for _, name := range names {
		if err := checkVenue(name); err != nil {
			return err
		}
	}
	names = once(names)
	if err := c.check(names); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	all := make([]statusRecord, len(names))
	var asked sync.WaitGroup
	defer c.close()
	defer asked.Wait()
	defer cancel()
	for i, name := range names {
		client, err := c.open(ctx, name, names, c.app.err)
		if err != nil {
			return err
		}
		asked.Go(func() { all[i] = c.statusOf(ctx, client) })
	}
	asked.Wait()
	return c.app.printStatus(all)
}

// statusOf asks one venue.
func (c *connection) statusOf(ctx context.Context, client *exchange.Client) statusRecord {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("no answer within %v", c.timeout))
	defer cancel()
	begin := time.Now()
	s, err := client.FetchStatus(ctx)
	r := statusRecord{
		Kind: "status", Venue: client.Venue(), State: string(s.State), Family: s.Family,
		Until: moment(s.Until), Received: moment(s.Received), Message: s.Message, took: time.Since(begin),
	}
	switch {
	case errors.Is(err, exchange.ErrNotSupported):
		r.State, r.took = unknownState, 0
	case err != nil:
		r.State, r.Error = failedState, err.Error()
	}
	return r
}

func (a *app) printStatus(all []statusRecord) error {
	var failed error
	var rows [][]cell
	out := json.NewEncoder(a.out)
	for _, r := range all {
		style := warning
		switch r.State {
		case string(exchange.OK):
			style = good
		case string(exchange.Maintenance), failedState:
			style, failed = bad, errTold
		}
		until, took, say := "", "", oneLine(cmp.Or(r.Error, r.Message))
		if r.Until != nil {
			until = r.Until.Format("2006-01-02 15:04:05")
		}
		if r.took > 0 {
			took = span(r.took)
		}
		rows = append(rows, []cell{{text: r.Venue}, {r.State, style}, {text: r.Family}, {text: until}, {text: took}, {text: say}})
		if r.Error != "" && a.json {
			a.complain(errors.New(r.Error))
		}
		if !a.json {
			continue
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	if !a.json {
		t := newTable(a.palette(), column{title: "VENUE"}, column{title: "STATE"}, column{title: "FAMILY"}, column{title: "UNTIL"}, column{title: "TOOK", align: right}, column{title: "MESSAGE"})
		if err := t.print(a.out, rows, a.width()); err != nil {
			return err
		}
	}
	return failed
}
