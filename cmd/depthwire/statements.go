package main

import (
	"errors"
	"strings"
)

// statements cuts text into statements that end with a semicolon. One within a literal,
// a quoted name, a comment or the body of a trigger of SQLite ends none.
type statements struct {
	scheme string

	text  strings.Builder // of the statement so far
	until string          // what ends the literal or comment that is open
	bends bool            // in it a backslash escapes
	size  int             // tokens of the statement: without any it is none
	first string          // its first word, in capitals
	last  [2]string       // its last two tokens
	body  bool            // it makes a trigger
}

// statement is one of them.
type statement struct {
	text  string
	first string // its first word, in capitals
}

// longestStatement is where a statement without an end is given up.
const longestStatement = 64 << 20

var errLongStatement = errors.New("a statement of more than 64 MiB: no ; ends it")

// add takes a line, and returns the statements that it completes.
func (s *statements) add(line string) (done []statement, err error) {
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

// rest returns the statement that the end of the input ends.
func (s *statements) rest() ([]statement, error) {
	if s.until != "" && s.until != "\n" {
		return nil, errors.New("the input ends within a literal or a comment: its last statement was not executed")
	}
	return s.take(nil), nil
}

// take ends the statement, unless it is empty.
func (s *statements) take(done []statement) []statement {
	if s.size > 0 {
		done = append(done, statement{strings.TrimSpace(s.text.String()), s.first})
	}
	*s = statements{scheme: s.scheme}
	return done
}

// open reports whether a statement has begun.
func (s *statements) open() bool { return s.size > 0 || s.until != "" }

// step returns how many bytes the token at i has, and whether it ends the statement.
func (s *statements) step(line string, i int) (n int, ends bool) {
	c, rest := line[i], line[i:]
	switch {
	case s.until != "":
		return s.within(rest), false
	case strings.HasPrefix(rest, "--") && (s.scheme != "mysql" || rest[2] <= ' '), c == '#' && s.scheme == "mysql":
		s.until = "\n"
		return 1, false
	case strings.HasPrefix(rest, "/*"):
		if s.scheme == "mysql" && rest[2] == '!' { // it is executed
			s.token("/")
		}
		s.until = "*/"
		return 2, false
	case c <= ' ':
		return 1, false
	case c == '\'' || c == '"' || c == '`' && s.scheme != "postgres":
		s.bends = c != '`' && (s.scheme == "mysql" || s.scheme == "clickhouse" || c == '\'' && s.scheme == "postgres" && i > 0 && s.last[1] == "E" && line[i-1]|0x20 == 'e')
		s.token(rest[:1])
		s.until = rest[:1]
		return 1, false
	case c == '$' && (s.scheme == "postgres" || s.scheme == "clickhouse"):
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
func (s *statements) within(rest string) int {
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

func (s *statements) token(text string) {
	if s.size == 0 && wordByte(text[0]) {
		s.first = text
	}
	if s.size < 3 && s.first == "CREATE" && text == "TRIGGER" && s.scheme == "sqlite3" {
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
