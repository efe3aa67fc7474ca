package database

import (
	"errors"
	"strings"
)

// Script cuts text into statements that end with a semicolon. One within a literal,
// a quoted name, a comment or the body of a trigger of SQLite ends none.
type Script struct {
	Scheme string // whose rules hold, such as "postgres"

	text  strings.Builder // of the statement so far
	until string          // what ends the literal or comment that is open
	bends bool            // in it a backslash escapes
	size  int             // tokens of the statement: without any it is none
	first string          // its first word, in capitals
	last  [2]string       // its last two tokens
	body  bool            // it makes a trigger

	depth     int  // of the parentheses that are open behind the first word
	changes   bool // it has INSERT or the like, outside of parentheses
	returning bool // and RETURNING
}

// Statement is one of a Script.
type Statement struct {
	Text  string
	First string // its first word, in capitals
	Query bool   // its answer is rows
}

// queries are the words that a statement begins with whose answer is rows.
var queries = map[string]bool{
	"SELECT": true, "VALUES": true, "TABLE": true, "SHOW": true, "DESCRIBE": true, "DESC": true,
	"EXPLAIN": true, "PRAGMA": true, "CALL": true, "FETCH": true, "EXISTS": true, "CHECK": true, "FROM": true,
}

// query reports whether the answer of the statement so far is rows.
func (s *Script) query() bool {
	return queries[s.first] || s.returning || s.first == "WITH" && !s.changes
}

// isQuery is for text that is one statement.
func isQuery(scheme, text string) bool {
	s := Script{Scheme: scheme}
	text += "\n"
	for i := 0; i < len(text) && !queries[s.first]; {
		n, _ := s.step(text, i)
		i += n
	}
	return s.query()
}

// longestStatement is where a statement without an end is given up.
const longestStatement = 64 << 20

var errLongStatement = errors.New("database: a statement of more than 64 MiB: no ; ends it")

// Add takes a line, and returns the statements that it completes.
func (s *Script) Add(line string) (done []Statement, err error) {
	line += "\n"
	from := 0
	for i := 0; i < len(line); {
		n, ends := s.step(line, i)
		i += n
		if ends {
			s.text.WriteString(line[from : i-1])
			from = i
			done = s.take(done)
		}
	}
	s.text.WriteString(line[from:])
	if s.size == 0 && s.until == "" { // blanks and comments
		s.text.Reset()
	}
	if s.text.Len() > longestStatement {
		return done, errLongStatement
	}
	return done, nil
}

// Rest returns the statement that the end of the input ends.
func (s *Script) Rest() ([]Statement, error) {
	if s.until != "" && s.until != "\n" {
		return nil, errors.New("database: the input ends within a literal or a comment: its last statement was not executed")
	}
	return s.take(nil), nil
}

// take ends the statement, unless it is empty.
func (s *Script) take(done []Statement) []Statement {
	if s.size > 0 {
		done = append(done, Statement{strings.TrimSpace(s.text.String()), s.first, s.query()})
	}
	*s = Script{Scheme: s.Scheme}
	return done
}

// Open reports whether a statement has begun.
func (s *Script) Open() bool { return s.size > 0 || s.until != "" }

// step returns how many bytes the token at i has, and whether it ends the statement.
func (s *Script) step(line string, i int) (n int, ends bool) {
	c, rest := line[i], line[i:]
	switch {
	case s.until != "":
		return s.within(rest), false
	case strings.HasPrefix(rest, "--") && (s.Scheme != "mysql" || rest[2] <= ' '), c == '#' && (s.Scheme == "mysql" || s.Scheme == "clickhouse" && (rest[1] == ' ' || rest[1] == '!')):
		s.until = "\n"
		return 1, false
	case strings.HasPrefix(rest, "/*"):
		if s.Scheme == "mysql" && rest[2] == '!' { // it is executed
			s.token("/")
		}
		s.until = "*/"
		return 2, false
	case c <= ' ':
		return 1, false
	case c == '\'' || c == '"' || c == '`' && s.Scheme != "postgres":
		s.bends = c != '`' && (s.Scheme == "mysql" || s.Scheme == "clickhouse" || c == '\'' && s.Scheme == "postgres" && i > 0 && s.last[1] == "E" && line[i-1]|0x20 == 'e')
		s.token(rest[:1])
		s.until = rest[:1]
		return 1, false
	case c == '$' && (s.Scheme == "postgres" || s.Scheme == "clickhouse"):
		s.token("$")
		if tag := dollarTag(rest); tag != "" {
			s.until, s.bends = tag, false
			return len(tag), false
		}
		return 1, false
	case c == ';' && !(s.body && s.last != [2]string{";", "END"}):
		return 1, true
	case wordByte(c):
		for n = 1; wordByte(rest[n]) || rest[n] == '$'; n++ { // a line end comes last
		}
		s.token(strings.ToUpper(rest[:n]))
		return n, false
	}
	s.token(rest[:1])
	return 1, false
}

// within returns how many bytes of an open literal or comment are done.
func (s *Script) within(rest string) int {
	switch {
	case s.bends && rest[0] == '\\' && len(rest) > 1:
		return 2
	case strings.HasPrefix(rest, s.until):
		n := len(s.until)
		s.until, s.bends = "", false
		return n
	}
	return 1
}

func (s *Script) token(text string) {
	switch {
	case text == "(" && s.first != "":
		s.depth++
	case text == ")":
		s.depth = max(0, s.depth-1)
	case s.first == "" && wordByte(text[0]):
		s.first = text
	case s.depth > 0:
	case text == "RETURNING":
		s.returning = true
	case text == "INSERT" || text == "UPDATE" || text == "DELETE" || text == "MERGE" || text == "REPLACE":
		s.changes = true // WITH … INSERT
	}
	if s.size < 3 && s.first == "CREATE" && text == "TRIGGER" && s.Scheme == "sqlite3" {
		s.body = true
	}
	s.size++
	s.last = [2]string{s.last[1], text}
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// dollarTag returns the $tag$ that a text begins with.
func dollarTag(text string) string {
	for i := 1; i < len(text); i++ {
		if text[i] == '$' {
			return text[:i+1]
		}
		if !wordByte(text[i]) || i == 1 && text[i] >= '0' && text[i] <= '9' {
			return ""
		}
	}
	return ""
}
