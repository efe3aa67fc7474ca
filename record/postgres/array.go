package postgres

import "strconv"

// next puts a comma where one is needed.
func (a *array) next() {
	if len(a.b) > 1 {
		a.b = append(a.b, ',')
	}
}

func (a *array) null() {
	a.next()
	a.b = append(a.b, "NULL"...)
}

func (a *array) int(n int64) {
	a.next()
	a.b = strconv.AppendInt(a.b, n, 10)
}

// plain appends what needs no quotes.
func (a *array) plain(text []byte) {
	a.next()
	a.b = append(a.b, text...)
}

// texts appends a text, NULL where there is none.
func (a *array) texts(text []byte) {
	if len(text) == 0 {
		a.null()
		return
	}
	a.next()
	a.b = append(a.b, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			a.b = append(a.b, '\\')
		}
		a.b = append(a.b, c)
	}
	a.b = append(a.b, '"')
}

// text ends the array.
func (a *array) text() string {
	a.b = append(a.b, '}')
	return string(a.b)
}
