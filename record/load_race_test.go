//go:build unix && race

package record_test

func init() { books = 60 }
