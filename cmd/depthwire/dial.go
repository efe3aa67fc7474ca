package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/dial"
	_ "github.com/depthwire/depthwire/dial/all" // every scheme
	"github.com/depthwire/depthwire/dial/database"
)

// dialling is one run of the command dial.
type dialling struct {
	*app
	timeout  time.Duration
	wait     time.Duration
	waitSet  bool
	count    int
	encoding string
	messages bool // flags that are for messages were given
}

func (a *app) dialCommand() *cobra.Command {
	d := &dialling{app: a}
	c := &cobra.Command{
		Use:   "dial URL",
		Short: "Talk to any address: sockets, brokers, databases",
		Long: "Connects to URL. Each line of standard input is a message that is sent; each message that comes is a line.\n" +
			"Over a database the input is SQL, statements ended by ;, and rows are a table. @FILE in place of URL reads it\n" +
			"from a file: other users see arguments, and secrets do not belong there.\n\n" +
			"Schemes: " + strings.Join(dial.Schemes(), ", ") + "; their addresses and options (|reconnect=true&…) are in\n" +
			"docs/dial.md. tcp, tls and unix have framing=lines here, unless the address says another.\n\n" +
			"With --encoding text a message that is no printable text comes as base64:…; line ends within as \\n and \\r. hex and\n" +
			"base64 are for lines of both directions. raw is every byte as it is, both ways, with framing=raw.\n\n" +
			"The end of the input closes, when what was sent is confirmed; --wait or --count go on reading.",
		Example: "  depthwire dial 'wss://ws.okx.com:8443/ws/v5/public|reconnect=true&payload={\"op\":\"subscribe\",…}'\n" +
			"  echo '{\"op\":\"ping\"}' | depthwire dial wss://example.org/feed --count 1\n" +
			"  depthwire dial 'nats://localhost/ticks.>' --json --wait 1h </dev/null | jq -r .key\n" +
			"  depthwire dial tcp://localhost:7000 --encoding raw --wait 10s <request >answer\n" +
			"  depthwire dial sqlite3://ticks.db\n" +
			"  echo 'SELECT * FROM ticks' | depthwire dial @address --json",
		Args:              argumentsBetween(1, 1, "name one address, such as: depthwire dial tcp://localhost:7000"),
		ValidArgsFunction: completeSchemes,
		RunE: func(c *cobra.Command, args []string) error {
			f := c.Flags()
			d.waitSet = f.Changed("wait")
			d.messages = d.waitSet || f.Changed("count") || f.Changed("encoding")
			return d.run(c.Context(), args[0])
		},
	}
	f := c.Flags()
	f.DurationVar(&d.timeout, "timeout", 20*time.Second, "how long connecting may take, and without reconnect=true a message until it is sent, at brokers confirmed")
	f.DurationVar(&d.wait, "wait", 0, "how long to go on reading when the input has ended")
	f.IntVarP(&d.count, "count", "n", 0, "end after so many messages have come")
	f.StringVar(&d.encoding, "encoding", encodings[0], "how messages stand in lines: "+strings.Join(encodings, ", "))
	complete(c, "timeout")
	complete(c, "wait")
	complete(c, "count")
	complete(c, "encoding", encodings...)
	return c
}

// completeSchemes offers what an address may begin with.
func completeSchemes(_ *cobra.Command, args []string, _ string) (all []string, _ cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, s := range dial.Schemes() {
		all = append(all, s+"://")
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func (d *dialling) check() error {
	switch {
	case d.timeout <= 0:
		return usagef("--timeout must be above 0")
	case d.wait < 0:
		return usagef("--wait must not be below 0")
	case d.count < 0:
		return usagef("--count must not be below 0")
	}
	return checkEncoding(d.encoding)
}

func (d *dialling) run(ctx context.Context, address string) error {
	if err := d.check(); err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(address, "@"); ok {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		address = strings.TrimSpace(string(text))
	}
	scheme, _, o, err := dial.Parse(address)
	if err != nil {
		return misdialled(err)
	}
	conn, err := d.connect(ctx, scheme, address)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		return nil // Ctrl-C
	case err != nil:
		return misdialled(err)
	}
	if db, ok := conn.(*database.Conn); ok {
		err = d.ask(ctx, db, scheme)
	} else {
		err = d.talk(ctx, conn, scheme, o)
	}
	return cmp.Or(err, conn.Close())
}

// connect dials. Streams of bytes have lines here, unless the address says another framing.
func (d *dialling) connect(ctx context.Context, scheme, address string) (dial.Conn, error) {
	o := dial.Options{HandshakeTimeout: d.timeout}
	if (scheme == "tcp" || scheme == "tls" || scheme == "unix") && d.encoding != rawEncoding {
		o.Framing = dial.Lines
	}
	return o.Dial(ctx, address)
}

// misdialled makes a mistake in the address one of the command line. dial's errors quote
// nothing that may be a secret.
func misdialled(err error) error {
	for _, kind := range []error{dial.ErrAddress, dial.ErrScheme, dial.ErrOption} {
		if errors.Is(err, kind) {
			return usageError(err.Error())
		}
	}
	return err
}

// ask is what a run over a database does.
func (d *dialling) ask(ctx context.Context, db *database.Conn, scheme string) error {
	if d.messages {
		return usagef("--count, --wait and --encoding are for messages: a database has none")
	}
	db.DB().SetMaxOpenConns(1) // one session: BEGIN, SET and temporary tables hold for the next statement
	return newPrompt(d.app, db, scheme).run(ctx)
}

// talk is what a run over messages does.
func (d *dialling) talk(ctx context.Context, conn dial.Conn, scheme string, o dial.Options) error {
	t := &talk{dialling: d, conn: conn, over: make(chan struct{}), renewed: make(chan struct{}), listens: true, speaks: true, reconnects: o.Reconnect, interval: cmp.Or(o.Interval, time.Second)}
	t.text = (scheme == "ws" || scheme == "wss") && (o.Compress == dial.Uncompressed || o.Mode == dial.Recv)
	if a, ok := conn.(dial.Acknowledging); ok && a.Acknowledges() {
		t.broker, t.listens, t.speaks = true, o.Mode != dial.Send, o.Mode != dial.Recv
	}
	if !t.listens && (d.count > 0 || d.waitSet) {
		return fmt.Errorf("%w: --count and --wait are for reading, mode=send does not read", errUsage)
	}
	return t.run(ctx)
}
