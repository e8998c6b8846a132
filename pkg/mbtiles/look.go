package mbtiles

import (
	"cmp"
	"context"
	"fmt"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// Look returns the look that is baked into the archive's textures; "" for none.
func (a *Archive) Look(ctx context.Context) (string, error) {
	meta, err := a.Metadata(ctx)
	return meta[KeyLook], err
}

// Unbaked returns an ErrBaked if the archive's textures have a look already.
func (a *Archive) Unbaked(ctx context.Context) error {
	have, err := a.Look(ctx)
	if err != nil || have == "" {
		return err
	}
	return fmt.Errorf("%s: %w: %s", a.path, ErrBaked, have)
}

// HasLook returns an ErrLook unless the archive's textures have that look; "" for none.
func (a *Archive) HasLook(ctx context.Context, look string) error {
	have, err := a.Look(ctx)
	if err != nil {
		return err
	}
	return explain(a.path, sameLook(have, look))
}

// lookAt returns an ErrLook if there is a readable archive at path with another look.
func lookAt(ctx context.Context, path, look string) error {
	a, err := open(ctx, path, ReaderOptions{Readers: 1})
	if err != nil {
		return nil // it can only be continued from what was salvaged, which is looked at
	}
	defer func() { _ = a.Close() }()
	return a.HasLook(ctx, look)
}

func sameLook(have, want string) error {
	if have == want {
		return nil
	}
	return fmt.Errorf("%w: %s (wanted: %s)", ErrLook, cmp.Or(have, "none"), cmp.Or(want, "none"))
}

// keepLook writes the look into a .part before its first texture, so that whatever interrupts the
// work, nobody continues it with another one: that is an ErrLook.
func keepLook(ctx context.Context, c *sqlite.Conn, have, look string) error {
	err := sameLook(have, look)
	if err == nil {
		return nil
	}
	textures, errCount := c.Number(ctx, `SELECT EXISTS (SELECT 1 FROM textures)`)
	switch {
	case errCount != nil:
		return errCount
	case textures > 0:
		return err
	case look == "":
		return c.Exec(ctx, `DELETE FROM metadata WHERE name = ?`, KeyLook)
	}
	return tables.PutMetadata(ctx, c, map[string]string{KeyLook: look})
}
