package metrics

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/record"
)

// Options of a Handler. The zero value is good.
type Options struct {
	Down   time.Duration // how long a book may be out of sync before it is unhealthy. 0: 10 s
	Stale  time.Duration // how long a live book, a ticker or a best price may say nothing. 0: 5 min
	Behind time.Duration // how far a sink may be behind. 0: 1 min
	Series int           // of the recording that have the label symbol. 0: 2,000
}

// Handler returns what serves /metrics and /healthz. stats is a Recorder's.
func Handler(stats func() record.Stats, o Options) http.Handler {
	o.Down, o.Stale = cmp.Or(o.Down, 10*time.Second), cmp.Or(o.Stale, 5*time.Minute)
	o.Behind, o.Series = cmp.Or(o.Behind, time.Minute), cmp.Or(o.Series, 2000)
	m := http.NewServeMux()
	m.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		s := stats()
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(page(&s, o.Series)) // who asked has gone
	})
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		s := stats()
		ills := o.ills(&s, time.Now())
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if len(ills) == 0 {
			ills = []string{"ok"}
		} else {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(strings.Join(ills, "\n") + "\n"))
	})
	return m
}

// repeats are the channels whose values come again and again: in the others a quiet market says nothing.
var repeats = map[record.Channel]bool{record.Books: true, record.Tickers: true, record.BidAsks: true}

// ills says what is wrong, a line each.
func (o *Options) ills(s *record.Stats, now time.Time) (all []string) {
	down := 0
	for i := range s.Series {
		x := &s.Series[i]
		if x.Down {
			down++
		}
		name := x.Venue + " " + x.Symbol + " " + string(x.Channel)
		quiet := now.Sub(x.Last)
		switch {
		case x.Ended:
			all = append(all, "ended: "+name+", nothing more comes")
		case x.Down && x.Last.IsZero():
			all = append(all, "down: "+name+", not live yet")
		case x.Down && quiet > o.Down:
			all = append(all, fmt.Sprintf("down: %s, for %v", name, quiet.Round(time.Second)))
		case repeats[x.Channel] && x.Last.IsZero():
			all = append(all, "starting: "+name+", nothing yet")
		case !x.Down && repeats[x.Channel] && quiet > o.Stale:
			all = append(all, fmt.Sprintf("stale: %s, nothing for %v", name, quiet.Round(time.Second)))
		}
	}
	if n := s.Books - s.Live - down; n > 0 {
		all = append(all, fmt.Sprintf("starting: %d books of %d", n, s.Books))
	}
	for i := range s.Sinks {
		x := &s.Sinks[i]
		switch {
		case x.Over:
			all = append(all, "given up: "+x.Name+why(x.Err))
		case x.Behind > o.Behind:
			all = append(all, fmt.Sprintf("lags: %s, %v behind, %d rows%s", x.Name, x.Behind.Round(time.Second), x.Lag, why(x.Err)))
		}
	}
	if s.Log.Err != nil {
		all = append(all, "log"+why(s.Log.Err))
	}
	return all
}

// why is an error on the same line.
func why(err error) string {
	if err == nil {
		return ""
	}
	return ": " + strings.Join(strings.Fields(err.Error()), " ")
}

// writer writes families of metrics.
type writer struct{ bytes.Buffer }

// family begins a metric: its name, type and help.
func (w *writer) family(name, kind, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// escape writes the value of a label.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// sample writes a value. labels are names and values by turns.
func (w *writer) sample(name string, value float64, labels ...string) {
	w.WriteString(name)
	for i, before := 0, "{"; i+1 < len(labels); i, before = i+2, "," {
		w.WriteString(before + labels[i] + `="` + escape.Replace(labels[i+1]) + `"`)
	}
	if len(labels) > 0 {
		w.WriteByte('}')
	}
	w.WriteString(" " + strconv.FormatFloat(value, 'f', -1, 64) + "\n")
}

// one writes a metric without labels.
func (w *writer) one(name, kind, help string, value float64) {
	w.family(name, kind, help)
	w.sample(name, value)
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1e3
}
