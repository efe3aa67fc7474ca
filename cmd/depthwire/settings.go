package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// setting is one key of a mapping of a file, and how its value is read.
type setting struct {
	name string
	read func(*yaml.Node)
}

// settings reads a file of YAML. What it does not understand is an error with the line, never passed over.
type settings struct {
	file string
	env  func(string) string
	errs []error
}

// document returns what a file has, nil after an error.
func (s *settings) document(text []byte) *yaml.Node {
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	var n, more yaml.Node
	switch err := d.Decode(&n); {
	case errors.Is(err, io.EOF), err == nil && n.Content[0].Tag == "!!null":
		s.errs = append(s.errs, usagef("%s is empty", s.file))
		return nil
	case err != nil:
		s.errs = append(s.errs, usagef("%s: %s", s.file, oneLine(strings.TrimPrefix(err.Error(), "yaml: "))))
		return nil
	}
	if err := d.Decode(&more); err == nil {
		s.wrong(&more, "there is a second document")
	}
	return n.Content[0]
}

// err is everything that was wrong.
func (s *settings) err() error { return errors.Join(s.errs...) }

func (s *settings) wrong(n *yaml.Node, format string, args ...any) {
	s.errs = append(s.errs, usagef("%s:%d: %s", s.file, n.Line, fmt.Sprintf(format, args...)))
}

// mapping reads the keys of a mapping. what names it in errors.
func (s *settings) mapping(n *yaml.Node, what string, known ...setting) {
	var names []string
	for _, k := range known {
		names = append(names, k.name)
	}
	s.entries(n, what, func(key, value *yaml.Node) {
		i := slices.Index(names, key.Value)
		if i < 0 {
			s.wrong(key, "%s", unknown("key", key.Value, names))
			return
		}
		known[i].read(value)
	})
}

// entries calls read with each key of a mapping.
func (s *settings) entries(n *yaml.Node, what string, read func(key, value *yaml.Node)) {
	n = target(n)
	if n.Kind != yaml.MappingNode {
		s.wrong(n, "%s: keys and values are needed, not %s", what, described(n))
		return
	}
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if line, ok := lines[key.Value]; ok {
			s.wrong(key, "key %s is there already, in line %d", quoted(key.Value), line)
			continue
		}
		lines[key.Value] = key.Line
		read(key, n.Content[i+1])
	}
}

// target is what a node stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// described says what a node is, without its text: that may be secret.
func described(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys and values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!int", n.Tag == "!!float":
		return "a number"
	case n.Tag == "!!bool":
		return n.Value
	}
	return "a text"
}

// items returns what a list has.
func (s *settings) items(n *yaml.Node, what, example string) []*yaml.Node {
	n = target(n)
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		s.wrong(n, "%s: a list is needed, such as %s", what, example)
		return nil
	}
	return n.Content
}

// text reads a text that is not empty, with variables put in.
func (s *settings) text(n *yaml.Node, what string) string {
	return s.put(n, what, func(raw string) (string, error) { return expand(raw, s.env, nil) })
}

// address reads a URL, with variables put in: where the user and the password stand they are escaped.
func (s *settings) address(n *yaml.Node, what string) string {
	return s.put(n, what, func(raw string) (string, error) { return expandURL(raw, s.env) })
}

func (s *settings) put(n *yaml.Node, what string, expand func(string) (string, error)) string {
	text, err := expand(s.scalar(n, what, "a text", "!!str"))
	if err != nil {
		s.wrong(n, "%s: %v", what, err)
	}
	return text
}

// scalar returns a value of one of some types as it stands there, empty after an error.
func (s *settings) scalar(n *yaml.Node, what, needed string, tags ...string) string {
	n = target(n)
	if n.Kind != yaml.ScalarNode || n.Value == "" || !slices.Contains(tags, n.Tag) {
		s.wrong(n, "%s: %s is needed, not %s", what, needed, described(n))
		return ""
	}
	return n.Value
}

// texts reads a list of texts, each once.
func (s *settings) texts(n *yaml.Node, what, example string) (all []string) {
	for _, item := range s.items(n, what, example) {
		all = append(all, s.text(item, what))
	}
	return once(all)
}

// choice reads one of some words.
func (s *settings) choice(n *yaml.Node, what string, words ...string) string {
	word := s.scalar(n, what, "one of "+strings.Join(words, ", "), "!!str")
	if word != "" && !slices.Contains(words, word) {
		s.wrong(n, "%s: %s", what, unknown("choice", word, words))
		return ""
	}
	return word
}

// choices reads a list of words, each one of some.
func (s *settings) choices(n *yaml.Node, what string, words ...string) (all []string) {
	for _, item := range s.items(n, what, "["+words[0]+"]") {
		all = append(all, s.choice(item, what, words...))
	}
	return once(all)
}

// flag reads true or false.
func (s *settings) flag(n *yaml.Node, what string) bool {
	return s.scalar(n, what, "true or false", "!!bool") == "true"
}

// span reads a duration above zero.
func (s *settings) span(n *yaml.Node, what string) time.Duration {
	const needed = "a duration above 0, such as 100ms, 10s or 5m,"
	text := s.scalar(n, what, needed, "!!str")
	d, err := time.ParseDuration(text)
	if text != "" && (err != nil || d <= 0) {
		s.wrong(n, "%s: %s is needed", what, needed)
	}
	return d
}

// count reads a whole number from 1 to most.
func (s *settings) count(n *yaml.Node, what string, most int) int {
	needed := fmt.Sprintf("a whole number from 1 to %d", most)
	text := s.scalar(n, what, needed, "!!int")
	number, err := strconv.Atoi(text)
	if text != "" && (err != nil || number < 1 || number > most) {
		s.wrong(n, "%s: %s is needed", what, needed)
	}
	return number
}

// bytes reads a size.
func (s *settings) bytes(n *yaml.Node, what string) int64 {
	const needed = "a size above 0, such as 500MB or 10GiB,"
	text := s.scalar(n, what, needed, "!!str", "!!int")
	size, ok := parseBytes(text)
	if text != "" && !ok {
		s.wrong(n, "%s: %s is needed", what, needed)
	}
	return size
}

// units of sizes, the longest names first.
var units = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
}

func parseBytes(text string) (size int64, ok bool) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		ok = err == nil && n > 0 && n*u.bytes >= 1 && n*u.bytes < math.MaxInt64
		return int64(n * u.bytes), ok
	}
	return 0, false
}

// expand puts variables of the environment in for ${NAME}; $${ stands for ${. Errors do not quote what is there.
func expand(text string, env func(string) string, escape func(string) string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "${")
		if !ok {
			return b.String() + text, nil
		}
		if plain, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(plain + "${")
			text = rest
			continue
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok || name == "" {
			return "", errors.New("${ has no NAME}; write $${ for the two characters")
		}
		value := env(name)
		if value == "" {
			return "", fmt.Errorf("the environment has no %s", printable(name))
		}
		if escape != nil {
			value = escape(value)
		}
		b.WriteString(before + value)
		text = after
	}
}

// expandURL is expand, but that what stands before the @ is escaped: passwords have any characters.
func expandURL(text string, env func(string) string) (string, error) {
	at := 0
	if start := strings.Index(text, "://"); start >= 0 {
		authority := text[start+3:]
		if end := strings.IndexAny(authority, "/?"); end >= 0 {
			authority = authority[:end]
		}
		if strings.Contains(authority, "(") { // MySQL's driver has a form of its own, in which nothing is escaped
			return expand(text, env, nil)
		}
		at = start + 3 + strings.LastIndexByte(authority, '@') + 1
	}
	user, err := expand(text[:at], env, func(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") })
	if err != nil {
		return "", err
	}
	rest, err := expand(text[at:], env, nil)
	return user + rest, err
}
