// Package lines writes rows of package record as JSON, one object a row, for files and brokers, and reads them again.
//
//	{"log":"0a…","pos":7,"venue":"okx","symbol":"BTC/USDT","time":"2026-01-02T03:04:05.000000006Z","received":"…","seq":12,"id":"9","side":"buy","price":"1.50","size":"2"}
//
// log and pos say which row it is; the others are the columns of its table, under their names:
//
//	Text, Name  a string, escaped where JSON must; a text that is not UTF-8 is under its name with _base64 behind it
//	Number      a string with the very text of the decimal: a number of JSON loses digits in most readers
//	Moment      a string, RFC 3339 in UTC with nine digits behind the point: exact, of one length, and sorted as text it is sorted as time
//	Count       a number
//	Flag        true or false
//	Levels      [["price","size"],…], best first
//
// What is absent is left out: an empty text, a number that is not there, a moment of zero, a side of a book without levels, a
// count of 0 and a flag that is not set. What is written comes back as it was, to the byte.
package lines
