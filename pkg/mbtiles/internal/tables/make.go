package tables

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
)

// Make makes an empty archive in one transaction, in a rollback journal: a kill leaves either
// nothing or all of it.
func Make(ctx context.Context, c *sqlite.Conn, name string, growing bool) error {
	// For Writer.Shrink. It can only be chosen now, and is written at once: inside the transaction,
	// before anything else.
	vacuum := "none"
	if growing {
		vacuum = "incremental"
	}
	statements := []string{
		fmt.Sprintf(`PRAGMA page_size = %d`, sqlpages.PageSize),
		`BEGIN`,
		`PRAGMA auto_vacuum = ` + vacuum,
		fmt.Sprintf(`PRAGMA application_id = %d`, ApplicationID),
		fmt.Sprintf(`PRAGMA user_version = %d`, UserVersionMark|Version),
	}
	for _, s := range Schema {
		statements = append(statements, s.SQL)
	}
	for _, s := range statements {
		if err := c.Exec(ctx, s); err != nil {
			return err
		}
	}
	err := PutMetadata(ctx, c, map[string]string{
		"name": name, "format": "jpg", "type": "baselayer", "version": "1",
		KeyVersion: strconv.Itoa(Version), KeyState: StateBuilding,
	})
	if err != nil {
		return err
	}
	return c.Exec(ctx, `COMMIT`)
}

// DropIndex drops an index of the format, which again makes anew.
func DropIndex(ctx context.Context, c *sqlite.Conn, name string) (again func() error, err error) {
	i := slices.IndexFunc(Schema[:], func(s Statement) bool { return s.Name == name })
	if err := c.Exec(ctx, `DROP INDEX `+name); err != nil {
		return nil, err
	}
	return func() error { return c.Exec(ctx, Schema[i].SQL) }, nil
}

// PutMetadata writes rows of metadata.
func PutMetadata(ctx context.Context, c *sqlite.Conn, m map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(m)) { // the same rows make the same bytes
		if err := c.Exec(ctx, `INSERT OR REPLACE INTO metadata (name, value) VALUES (?, ?)`, name,
			m[name]); err != nil {
			return fmt.Errorf("write metadata %q: %w", name, err)
		}
	}
	return nil
}

// plainKeys are the rows of MBTiles that the caller of Finish may set; other keys become xelpack:
// rows.
var plainKeys = [...]string{"name", "attribution", "description", "version"}

// secret matches the parameters of URLs that carry keys.
var secret = regexp.MustCompile(
	`(?i)\b(access_token|token|api_?key|key|signature|sig|password|secret)=[^&\s"'{}]+`)

// RowsOf turns the keys of a caller into rows of metadata.
func RowsOf(meta map[string]string) (map[string]string, error) {
	rows := make(map[string]string, len(meta)+8)
	for key, value := range meta {
		name := KeyPrefix + strings.TrimPrefix(key, KeyPrefix)
		for _, plain := range plainKeys {
			if key == plain {
				name = key
			}
		}
		switch name {
		case KeyVersion, KeyState, KeyDigest, KeyRoot, KeyFinishing:
			return nil, fmt.Errorf("metadata %q is reserved", key)
		}
		rows[name] = secret.ReplaceAllString(value, "$1=REDACTED")
	}
	return rows, nil
}
