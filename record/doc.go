// Package record writes what clients watch to disk, and from there into stores, and what is missing beside it.
package record
