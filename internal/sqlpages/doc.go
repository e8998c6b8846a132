// Package sqlpages reads and writes the pages of one kind of SQLite table without SQLite:
//
//	CREATE TABLE t (id INTEGER PRIMARY KEY, codec INTEGER NOT NULL, data BLOB NOT NULL)
//
// A query costs a system call for every page and garbage for every row. A [Table] costs a few
// system calls a row, into buffers that are reused. A [Writer] appends rows in runs of pages, at
// the speed of the disk. Both implement only the part of SQLite's file format
// (https://sqlite.org/fileformat2.html) that this needs. A Table refuses what it does not
// understand, so that the caller asks SQLite, which can also say what is wrong.
package sqlpages

// PageSize is the size of a page that a Writer makes. A Table reads any size.
const PageSize = 8192

// MaxRow bounds the bytes of one row, here and in the connections of package sqlite.
const MaxRow = 64 << 20

// Raw is the codec of data that is stored as it is.
const Raw = 0

// localSize returns how many bytes of a payload are stored on the leaf, for pages with the given
// usable bytes: section 1.6 of the file format's description.
func localSize(payload, usable int) int {
	most, least := usable-35, (usable-12)*32/255-23
	if payload <= most {
		return payload
	}
	if local := least + (payload-least)%(usable-4); local <= most {
		return local
	}
	return least
}
