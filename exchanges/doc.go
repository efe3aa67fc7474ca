// Package exchanges opens venues by name, for programs that are told which ones when
// they run. A program that knows its venues imports their packages: it links only
// these.
package exchanges

//go:generate go test -run TestREADMESaysWhatIsOffered -update .
