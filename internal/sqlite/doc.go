// Package sqlite holds what a file of ours in SQLite needs beside its tables: connections and pools
// of them without database/sql, the modes of the journal, and the lock that lets one process write.
// The file may come from anyone: connections trust no schema, and rows no types.
package sqlite
