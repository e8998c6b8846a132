// Package sqlite has what xelpack's SQLite files need besides their tables: connections and pools
// without database/sql, the journal modes, and the lock that lets one process write. Files are not
// trusted: connections do not trust the schema, and rows do not trust column types.
package sqlite
