package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/depthwire/depthwire/exchanges"
)

// What run returns.
const (
	exitGood   = 0
	exitFailed = 1
	exitUsage  = 2
	exitLeft   = 3 // what was done went well, but something is missing: rows in a store, or in a recording
)

// app is one run of the program: where it reads and writes, and what all commands share.
type app struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string

	json    bool
	level   string
	started bool // the command line was understood
}

// run is the whole program: it reads args (without the program's name), and ends when the
// command is done or ctx ends.
func run(ctx context.Context, args []string, in io.Reader, out, err io.Writer, env func(string) string) int {
	a := &app{in: in, out: out, err: err, env: env}
	root := a.root()
	root.SetArgs(longFlags(root, args))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	failure := root.ExecuteContext(ctx)
	switch {
	case failure == nil:
		return exitGood
	case errors.Is(failure, errTold):
		return exitFailed
	case errors.Is(failure, errMissing):
		return exitLeft
	}
	a.blame(failure)
	if !a.started || errors.Is(failure, errUsage) {
		fmt.Fprintln(err, "Run 'depthwire help' or 'depthwire COMMAND --help' for usage.")
		return exitUsage
	}
	if errors.Is(failure, errLeft) {
		return exitLeft
	}
	return exitFailed
}

var (
	errTold    = errors.New("something failed, and was told")
	errMissing = errors.New("something is missing, and was told")
	errLeft    = errors.New("something is missing")
	errUsage   = errors.New("usage")
)

// leftError says what is missing though nothing failed.
type leftError string

// Error returns the text.
func (e leftError) Error() string { return string(e) }

// Is makes it an errLeft.
func (e leftError) Is(target error) bool { return target == errLeft }

// usageError is a mistake on the command line.
type usageError string

// Error returns the text.
func (e usageError) Error() string { return string(e) }

// Is makes it an errUsage.
func (e usageError) Is(target error) bool { return target == errUsage }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// mostMistakes is how many are told at once.
const mostMistakes = 20

// blame writes a line about each of several mistakes: who mends one wants to know of all.
func (a *app) blame(err error) {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || !errors.Is(err, errUsage) && !errors.Is(err, errNoSymbol) {
		a.complain(err)
		return
	}
	errs := all.Unwrap()
	for _, err := range errs[:min(len(errs), mostMistakes)] {
		a.blame(err)
	}
	if n := len(errs) - mostMistakes; n > 0 {
		a.complain(fmt.Errorf("%d more", n))
	}
}

// complain writes one line about an error: of several the first, and how many there are.
func (a *app) complain(err error) {
	first, rest, more := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	text := "depthwire: " + printable(first)
	if more {
		text += fmt.Sprintf(" (and %d more)", 1+strings.Count(rest, "\n"))
	}
	fmt.Fprintln(a.err, text)
}

// oneLine makes one line of what may have several, without what a terminal would obey.
func oneLine(text string) string {
	return printable(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}

// longFlags has flags of a command begin with two dashes that were given with one: -config is --config.
func longFlags(root *cobra.Command, args []string) []string {
	all := append([]string{}, args...) // of nil cobra would take the process's own
	c, _, err := root.Find(args)
	if err != nil {
		return all
	}
	for i, arg := range all {
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		switch {
		case arg == "--":
			return all
		case len(name) > 1 && strings.HasPrefix(arg, "-") && name[0] != '-' && (c.Flags().Lookup(name) != nil || root.PersistentFlags().Lookup(name) != nil):
			all[i] = "-" + arg
		}
	}
	return all
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "depthwire",
		Short: "Market data of many venues: watch it, record it, simulate it; and connections to anything",
		Long: "Market data of many venues: exact, in order, and with word of everything that is missing.\n\n" +
			"Venues: " + strings.Join(exchanges.Names(), ", ") + ".",
		Example: "  depthwire watch --simulated binance okx BTC/USDT\n" +
			"  depthwire record --venues binance,okx --symbols BTC/USDT,ETH/USDT\n" +
			"  depthwire markets okx --quote USDT --kind swap\n" +
			"  depthwire venue binance --fault 'every 10s drop-delta BTC/USDT'\n" +
			"  depthwire venues\n" +
			"  depthwire dial 'wss://ws.okx.com:8443/ws/v5/public'",
		Args:              knownCommand,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { a.started = true; return a.checkLevel() },
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "write JSON lines: exact decimals as text, in the venue's own digits (levels of kept books in those of the market's steps), both clocks")
	flags.StringVar(&a.level, "log-level", "off", "what the library logs to standard error: debug, info, warn, error, off")
	complete(root, "log-level", "debug", "info", "warn", "error", "off")
	root.AddCommand(a.watchCommand(), a.marketsCommand(), a.venueCommand(), a.venuesCommand(), a.statusCommand(), a.dialCommand(),
		a.recordCommand(), a.replayCommand())
	return root
}

// knownCommand finds a mistyped command of a command, which cobra takes for an argument.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return usageError(unknown("command", args[0], names))
}

// complete has a shell offer these values of a flag.
func complete(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist: every test that makes the command finds it
	}
}

func (a *app) checkLevel() error {
	if a.level == "off" {
		return nil
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.level)); err != nil {
		return usagef("--log-level %q is none of debug, info, warn, error, off", a.level)
	}
	return nil
}

// log returns the library's log, written to w.
func (a *app) log(w io.Writer) *slog.Logger {
	var level slog.Level
	if a.level == "off" || level.UnmarshalText([]byte(a.level)) != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// terminal is an output that knows how large it is.
type terminal interface {
	Size() (width, height int, err error)
}

// terminal returns the size of the output when it is a terminal that lines can be redrawn on.
func (a *app) terminal() (size func() (width, height int, err error), ok bool) {
	if a.env("TERM") == "dumb" {
		return nil, false
	}
	switch out := a.out.(type) {
	case terminal:
		return out.Size, true
	case *os.File:
		fd := int(out.Fd())
		return func() (int, int, error) { return term.GetSize(fd) }, term.IsTerminal(fd)
	}
	return nil, false
}

// palette returns the colours of the output: none unless it is a terminal, and never
// with NO_COLOR.
func (a *app) palette() palette {
	if _, ok := a.terminal(); !ok || a.env("NO_COLOR") != "" {
		return palette{}
	}
	return colours
}
