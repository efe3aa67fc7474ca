// Package sqltable is what the SQL sinks of package record have in common: tables made of record.Tables, the transaction in
// which rows, cursor and epoch move together, reading back, and the question for a book at an instant.
//
//	meta          schema, epoch: how often the store was opened. A writer whose epoch it is not any more is fenced
//	log           number, id in hexadecimal, cursor: the position behind the last row that is stored
//	market        number, venue, symbol: rows have the number, which makes them smaller
//	NAME_row      of each table: market, log, pos and its columns but venue and symbol
//	NAME          the view of it, with venue and symbol
//	levels        the view of all levels of all rows of books
//
// What is absent is NULL. A transaction begins with a lock on the row of meta, so that epoch, cursors and numbers have one writer.
package sqltable
