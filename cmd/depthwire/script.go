package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/venuetest"
)

// step is one line of a fault script.
type step struct {
	after time.Duration // from the start; and
	every time.Duration // from one time to the next, 0: it happens once
	what  venuetest.Kind
	fault venuetest.Fault
	p     float64 // of chaos
	seed  uint64
	text  string // as it was written
}

// script is what shall happen to a simulated venue.
type script []step

// loadScripts replaces @file and @- among the values of --fault by what is in there.
func loadScripts(values []string, in io.Reader) ([]namedScript, error) {
	var all []namedScript
	for _, v := range values {
		path, isFile := strings.CutPrefix(v, "@")
		if !isFile {
			all = append(all, namedScript{"--fault", strings.ReplaceAll(v, ";", "\n")})
			continue
		}
		text, err := readScript(path, in)
		if err != nil {
			return nil, err
		}
		all = append(all, namedScript{path, text})
	}
	return all, nil
}

// namedScript is the text of a script, and where it came from.
type namedScript struct{ where, text string }

// mostScript bounds a script, in bytes.
const mostScript = 1 << 20

func readScript(path string, in io.Reader) (string, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, mostScript+1))
	if err == nil && len(b) > mostScript {
		err = fmt.Errorf("%s: larger than a fault script may be", path)
	}
	return string(b), err
}

// parseScript reads a fault script. The error names the line.
func parseScript(text string, markets []venuetest.Market) (script, error) {
	var s script
	for i, line := range strings.Split(text, "\n") {
		words, err := fields(line)
		if err == nil && len(words) > 0 {
			var x step
			if x, err = parseStep(words, markets); err == nil {
				x.text = strings.Join(words, " ")
				s = append(s, x)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return s, nil
}

// fields splits a line at blanks, but not inside double quotes; # begins a comment.
func fields(line string) (words []string, err error) {
	for {
		line = strings.TrimLeftFunc(line, unicode.IsSpace)
		if line == "" || line[0] == '#' {
			return words, nil
		}
		quoted := false
		end := strings.IndexFunc(line, func(r rune) bool {
			quoted = quoted != (r == '"')
			return !quoted && unicode.IsSpace(r)
		})
		if end < 0 {
			end = len(line)
			if quoted {
				return nil, fmt.Errorf("a quote is not closed")
			}
		}
		words, line = append(words, line[:end]), line[end:]
	}
}

func parseStep(words []string, markets []venuetest.Market) (x step, err error) {
	if words[0] == "after" || words[0] == "every" {
		if len(words) < 3 {
			return x, fmt.Errorf("%q is followed by a duration and a fault", words[0])
		}
		if x.after, err = duration(words[1]); err != nil {
			return x, err
		}
		if x.after <= 0 {
			return x, fmt.Errorf("a time of %s is not above 0", words[1])
		}
		if words[0] == "every" {
			x.every = x.after
		}
		words = words[2:]
	}
	k := slices.IndexFunc(faultKinds, func(k faultKind) bool { return k.name == words[0] })
	if k < 0 {
		return x, fmt.Errorf("%s", unknown("fault", words[0], faultNames()))
	}
	x.what, x.fault.Kind = faultKinds[k].kind, faultKinds[k].kind
	if x.what == chaos {
		x.p = 0.01
	}
	return x, x.details(faultKinds[k], words[1:], markets)
}

// details reads what follows the name of a fault.
func (x *step) details(k faultKind, words []string, markets []venuetest.Market) error {
	allowed := strings.Fields(k.keys)
	seen := make(map[string]bool)
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			key, value = "symbol", w
		}
		switch {
		case !slices.Contains(allowed, key) && key == "symbol":
			return fmt.Errorf("%s takes no market: %s", k.name, quoted(w))
		case !slices.Contains(allowed, key) || (ok && key == "symbol"):
			return fmt.Errorf("%s does not take %s; it takes %s", k.name, quoted(key), strings.Join(allowed, ", "))
		case seen[key]:
			return fmt.Errorf("%s is given twice", key)
		}
		seen[key] = true
		if err := x.set(key, value, markets); err != nil {
			return err
		}
	}
	return nil
}

func (x *step) set(key, value string, markets []venuetest.Market) (err error) {
	f := &x.fault
	if strings.HasPrefix(value, `"`) {
		if value, err = strconv.Unquote(value); err != nil {
			return fmt.Errorf("%s: not a quoted text", key)
		}
	}
	switch key {
	case "symbol":
		f.ID = value
		if !slices.ContainsFunc(markets, func(m venuetest.Market) bool { return m.Symbol == value || m.ID == value }) {
			return fmt.Errorf("%s", unknown("market", value, symbolsOf(markets)))
		}
	case "channel":
		f.Channel = value
	case "path":
		f.Path = value
	case "body":
		f.Body = value
	case "text":
		f.Text = value
	case "for":
		f.For, err = duration(value)
	case "retry-after":
		f.RetryAfter, err = duration(value)
	case "conn":
		f.Conn, err = whole(key, value, 1, 1<<30)
	case "skip":
		f.After, err = whole(key, value, 0, 1<<30)
	case "n":
		f.N, err = whole(key, value, -1, 1<<30)
	case "code":
		f.Code, err = whole(key, value, 1, 99_999)
	case "p":
		if x.p, err = strconv.ParseFloat(value, 64); err != nil || !(x.p >= 0 && x.p <= 1) {
			err = fmt.Errorf("p is a probability from 0 to 1, not %s", quoted(value))
		}
	case "seed":
		if x.seed, err = strconv.ParseUint(value, 10, 64); err != nil {
			err = fmt.Errorf("seed is a whole number, not %s", quoted(value))
		}
	}
	return err
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%s is no duration; write 500ms, 10s, 1m30s", quoted(text))
	}
	return d, nil
}

func whole(key, text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s is a whole number from %d to %d, not %s", key, least, most, quoted(text))
	}
	return n, nil
}

// begin has struck what waits for no time, and returns the others.
func (s script) begin(strike func(*step)) (later script) {
	for i := range s {
		if s[i].after > 0 || s[i].every > 0 {
			later = append(later, s[i])
		} else {
			strike(&s[i])
		}
	}
	return later
}

// run calls strike for each step when its time has come, until ctx ends. What is late is
// not made up for: a step that repeats waits its whole time again.
func (s script) run(ctx context.Context, strike func(*step)) {
	begin := time.Now()
	due := make([]time.Time, len(s)) // zero: never again
	for i := range s {
		due[i] = begin.Add(s[i].after)
	}
	for ctx.Err() == nil {
		next := -1
		for i := range s {
			if !due[i].IsZero() && (next < 0 || due[i].Before(due[next])) {
				next = i
			}
		}
		if next < 0 || !sleep(ctx, time.Until(due[next])) {
			return
		}
		strike(&s[next])
		if due[next] = (time.Time{}); s[next].every > 0 {
			due[next] = time.Now().Add(s[next].every)
		}
	}
}

// sleep waits, and reports whether ctx lives still.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// completeFault offers the names of faults.
func completeFault(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return faultNames(), cobra.ShellCompDirectiveNoFileComp
}
