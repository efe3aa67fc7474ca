package publish

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/lines"
)

// kind is a kind of broker.
type kind struct {
	defaults  [][2]string // parameters
	separator string      // of the words of a name
	topics    bool        // the address names one table: a connection each
}

var kinds = map[string]kind{
	"nats":  {[][2]string{{"stream", "DEPTHWIRE"}}, ".", false},
	"kafka": {nil, ".", true},
	"amqp":  {[][2]string{{"exchange", "depthwire"}}, ".", false},
	"mqtt":  {nil, "/", false},
}

// address is where rows go.
type address struct {
	kind
	scheme, host, path, query string
	prefix                    string // of names; of AMQP, whose exchange it is, none
}

func parse(text string) (a address, err error) {
	scheme, rest, _ := strings.Cut(text, "://")
	a.kind, a.scheme = kinds[scheme], scheme
	if a.separator == "" {
		return a, fmt.Errorf("%w: publish: want nats://, kafka://, amqp:// or mqtt://", dial.ErrAddress)
	}
	if strings.Contains(strings.ReplaceAll(rest, "||", ""), "|") {
		return a, fmt.Errorf("%w: publish: what stands behind | belongs into Options.Dial", dial.ErrAddress)
	}
	rest, a.query, _ = strings.Cut(rest, "?")
	a.host, a.path, _ = strings.Cut(rest, "/")
	for _, d := range a.defaults {
		a.add(d[0], d[1])
	}
	if scheme == "amqp" {
		return a, nil
	}
	if a.prefix = a.path; a.prefix == "" {
		a.prefix = "depthwire"
	}
	a.prefix += a.separator
	return a, nil
}

// add gives a parameter a value unless it has one.
func (a *address) add(name, value string) {
	for _, p := range strings.Split(a.query, "&") {
		if has, _, _ := strings.Cut(p, "="); has == name {
			return
		}
	}
	if a.query != "" {
		a.query += "&"
	}
	a.query += name + "=" + value
}

// remember says how long a stream of JetStream remembers ids.
func (a *address) remember(window time.Duration) {
	if a.scheme == "nats" {
		a.add("window", strconv.FormatInt(int64((window+time.Second-1)/time.Second), 10))
	}
}

// of is the address to dial for a table.
func (a *address) of(t *record.Table) string {
	path := a.path
	switch a.scheme {
	case "nats":
		path = a.prefix + "%3E"
	case "kafka":
		path = a.prefix + t.Name
	case "mqtt":
		path = a.prefix + "%23"
	}
	text := a.scheme + "://" + a.host + "/" + path
	if a.query != "" {
		text += "?" + a.query
	}
	return text
}

// table returns the table that a name is of, nil where it is of none.
func (a *address) table(key string) *record.Table {
	rest, ours := strings.CutPrefix(key, a.prefix)
	name, _, _ := strings.Cut(rest, a.separator)
	for _, t := range record.Tables {
		if ours && t.Name == name {
			return t
		}
	}
	return nil
}

// key is the name that a row's message goes under.
func (a *address) key(t *record.Table, venue, symbol string) string {
	if a.topics { // messages of one market stay in one partition
		return venue + "/" + symbol
	}
	b := append([]byte(a.prefix), t.Name...)
	b = lines.AppendName(append(b, a.separator...), venue)
	return string(lines.AppendName(append(b, a.separator...), symbol))
}
