package database

import "strings"

// queries are the words that a statement begins with whose answer is rows.
var queries = map[string]bool{
	"SELECT": true, "VALUES": true, "TABLE": true, "SHOW": true, "DESCRIBE": true, "DESC": true,
	"EXPLAIN": true, "PRAGMA": true, "CALL": true, "FETCH": true, "EXISTS": true, "CHECK": true, "FROM": true,
}

// IsQuery reports whether Exec takes a statement for a query, whose answer is
// rows: by its first word, and by RETURNING outside of parentheses.
func IsQuery(query string) bool {
	first, changes := "", false
	for word := range words(query) {
		switch {
		case first == "":
			first = word
		case word == "RETURNING":
			return true
		case word == "INSERT", word == "UPDATE", word == "DELETE", word == "MERGE", word == "REPLACE":
			changes = true // WITH … INSERT
		}
	}
	if first == "WITH" {
		return !changes
	}
	return queries[first]
}

// words gives the words of a statement, in capitals, that stand outside of
// parentheses, literals, quoted names and comments; parentheses around the whole do not
// count.
func words(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		depth, began := 0, false
		for i := 0; i < len(s); {
			switch c := s[i]; {
			case strings.HasPrefix(s[i:], "--") || c == '#':
				i += end(s[i:], "\n")
			case strings.HasPrefix(s[i:], "/*"):
				i += 2 + end(s[i+2:], "*/")
			case c == '\'' || c == '"' || c == '`':
				i += 1 + quoted(s[i+1:], c)
			case c == '$' && dollar(s[i:]) > 0:
				n := dollar(s[i:])
				i += n + end(s[i+n:], s[i:i+n])
			case c == '(':
				if began {
					depth++
				}
				i++
			case c == ')':
				depth = max(0, depth-1)
				i++
			case letter(c):
				n := 1
				for i+n < len(s) && (letter(s[i+n]) || s[i+n] >= '0' && s[i+n] <= '9') {
					n++
				}
				began = true
				if depth == 0 && !yield(strings.ToUpper(s[i:i+n])) {
					return
				}
				i += n
			default:
				i++
			}
		}
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }

// end returns how many bytes there are until mark is over.
func end(s, mark string) int {
	if i := strings.Index(s, mark); i >= 0 {
		return i + len(mark)
	}
	return len(s)
}

// quoted returns how many bytes there are until a quote that is not doubled or
// escaped, itself included.
func quoted(s string, quote byte) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote != '`':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// dollar returns the length of the tag $name$ that s begins with, or 0.
func dollar(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] == '$' {
			return i + 1
		}
		if !letter(s[i]) && (i == 1 || s[i] < '0' || s[i] > '9') {
			return 0
		}
	}
	return 0
}
