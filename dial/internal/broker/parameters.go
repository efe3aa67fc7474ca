package broker

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/depthwire/depthwire/dial"
)

// Address is an address of a broker, scheme://user:password@host:port,host:port/path?parameters.
type Address struct {
	Scheme string
	User   *url.Userinfo
	Hosts  []string // host:port
	Path   string   // without its first slash, unescaped

	values url.Values
	known  []string
	bad    error
}

// Parse takes an address apart; known are the parameters that it may have.
func Parse(scheme, rest, port string, known ...string) (*Address, error) {
	// A list of hosts is no URL: all but the first go to the side.
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	at := strings.LastIndexByte(authority, '@') + 1
	hosts := strings.Split(authority[at:], ",")
	u, err := url.Parse(scheme + "://" + authority[:at] + hosts[0] + tail)
	if err != nil || u.Hostname() == "" || u.Fragment != "" || strings.Count(authority, "@") > 1 {
		return nil, fmt.Errorf("%w: want %s://user:password@host:port/path?parameters", dial.ErrAddress, scheme) // the cause quotes it
	}
	a := &Address{Scheme: scheme, User: u.User, Path: strings.TrimPrefix(u.Path, "/"), known: known}
	for _, h := range hosts {
		one, err := url.Parse("//" + h)
		if err != nil || one.Hostname() == "" || one.User != nil {
			return nil, fmt.Errorf("%w: want host:port,host:port", dial.ErrAddress)
		}
		p := one.Port()
		if p == "" {
			p = port
		}
		a.Hosts = append(a.Hosts, net.JoinHostPort(one.Hostname(), p))
	}
	if a.values, err = url.ParseQuery(u.RawQuery); err != nil {
		return nil, fmt.Errorf("%w: want parameters as name=value&name=value", dial.ErrAddress)
	}
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		if !slices.Contains(known, name) || len(a.values[name]) > 1 {
			return nil, fmt.Errorf("%w: a parameter that is not known, or is given twice: %s takes %s", dial.ErrAddress, scheme, strings.Join(known, ", "))
		}
	}
	return a, nil
}

// Show is what errors say of the address.
func (a *Address) Show() string { return a.Scheme + "://" + strings.Join(a.Hosts, ",") }

// Text returns a parameter, or what it is by default.
func (a *Address) Text(name, otherwise string) string {
	a.mustKnow(name)
	if v, ok := a.values[name]; ok {
		return v[0]
	}
	return otherwise
}

// One returns a parameter that has few values, the first by default.
func (a *Address) One(name string, allowed ...string) string {
	v := a.Text(name, allowed[0])
	if !slices.Contains(allowed, v) {
		a.refuse(name, strings.Join(allowed, ", "))
	}
	return v
}

// Flag returns a parameter that is true or false.
func (a *Address) Flag(name string, otherwise bool) bool {
	return a.One(name, strconv.FormatBool(otherwise), strconv.FormatBool(!otherwise)) == "true"
}

// Number returns a parameter that is a whole number within bounds.
func (a *Address) Number(name string, otherwise, least, most int) int {
	n, err := strconv.Atoi(a.Text(name, strconv.Itoa(otherwise)))
	if err != nil || n < least || n > most {
		a.refuse(name, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n
}

func (a *Address) refuse(name, want string) {
	if a.bad == nil {
		a.bad = fmt.Errorf("%w: parameter %q: want %s", dial.ErrAddress, name, want)
	}
}

// Err says which parameter had a value that is not allowed.
func (a *Address) Err() error { return a.bad }

// mustKnow finds a name that its package reads and does not list.
func (a *Address) mustKnow(name string) {
	if !slices.Contains(a.known, name) {
		panic("broker: parameter " + name + " is not listed")
	}
}
