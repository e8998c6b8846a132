package combine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// oldAndNew are two archives that differ in every way there is.
func oldAndNew(t *testing.T) (from, to *mbtiles.Archive) {
	from = build(t, "old", map[string]string{"attribution": "old"},
		made{"16_16_BI12", 1, mbtiles.Record{}}, made{"16_32_BI12", 2,
			mbtiles.Record{}}, made{"16_48_BI12", 3, mbtiles.Record{Failed: 1}},
		made{"16_64_BI12", 4, mbtiles.Record{}}, made{"16_80_BI12", 5,
			mbtiles.Record{}}, made{"384_192_BI14", 5, mbtiles.Record{}})
	to = build(t, "new", map[string]string{"attribution": "new", "plan": "{}"},
		made{"16_16_BI12", 1, mbtiles.Record{}}, made{"16_32_BI12", 20,
			mbtiles.Record{}}, made{"16_48_BI12", 3, mbtiles.Record{}},
		made{"16_64_bi12", 4, mbtiles.Record{}}, made{"16_80_GO212", 5,
			mbtiles.Record{}}, made{"16_96_BI12", 1, mbtiles.Record{Detail: 2}})
	return from, to
}

func TestDiff(t *testing.T) {
	t.Parallel()
	from, to := oldAndNew(t)
	d, err := Diff(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	if d.OldDigest != verify(t, from).Digest || d.NewDigest != verify(t, to).Digest {
		t.Errorf("digests %s and %s", d.OldDigest, d.NewDigest)
	}
	type line struct {
		Kind    ChangeKind
		Texture string
	}
	var got []line
	for _, c := range d.Changes {
		got = append(got, line{c.Kind, c.Texture})
		if (c.Old == "") != (c.Kind == Added) || (c.New == "") != (c.Kind == Removed) ||
			(c.Old == c.New) != (c.Kind == Recorded) {
			t.Errorf("%s %s: hashes %q and %q", c.Kind, c.Texture, c.Old, c.New)
		}
	}
	want := []line{
		{Changed, "16_32_BI12.dds"}, {Recorded, "16_48_BI12.dds"}, {Recorded, "16_64_bi12.dds"},
		{Removed, "16_80_BI12.dds"}, {Added, "16_80_GO212.dds"},
		{Added, "16_96_BI12.dds"}, {Removed, "384_192_BI14.dds"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	same, err := Diff(t.Context(), from, from)
	if err != nil || len(same.Changes) != 0 || same.OldDigest != same.NewDigest {
		t.Errorf("with itself: %+v, %v", same, err)
	}
}

// A patch is an archive in itself, and makes of the old archive the new one, byte for byte once
// that is canonical.
func TestPatch(t *testing.T) {
	t.Parallel()
	from, to := oldAndNew(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "patch.mbtiles")
	report, err := WritePatch(t.Context(), path, from, to, mbtiles.CopyOptions{})
	if err != nil || report.Textures != 5 {
		t.Fatalf("%+v, %v", report, err)
	}
	patch := open(t, path)
	verify(t, patch)
	applied := filepath.Join(dir, "new.mbtiles")
	if _, err := Apply(t.Context(), applied, from, patch, mbtiles.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	want := repacked(t, to)
	if !bytes.Equal(read(t, applied), want) {
		t.Error("what was applied is not the new archive")
	}

	// In place, and what does not fit changes nothing.
	if _, err := Merge(t.Context(), filepath.Join(dir, "m.mbtiles"),
		[]*mbtiles.Archive{from, patch}, MergeOptions{}); !errors.Is(err, mbtiles.ErrIsPatch) {
		t.Errorf("merged: got %v, want %v", err, mbtiles.ErrIsPatch)
	}
	for _, wrong := range []struct {
		name        string
		base, patch *mbtiles.Archive
		says        string
	}{
		{"other base", to, patch, "it is for the archive with digest"},
		{"no patch", from, to, "it is an archive, not a patch"},
		{"patch on a patch", patch, patch, "it is for the archive with digest"},
		{"places exchanged", patch, from, "not a patch; " + path +
			" is one: the archive comes first"},
	} {
		_, err := Apply(t.Context(), filepath.Join(dir, "x.mbtiles"), wrong.base, wrong.patch,
			mbtiles.CopyOptions{})
		if !errors.Is(err, ErrPatch) || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: got %v, want %v that says %q", wrong.name, err, ErrPatch, wrong.says)
		}
	}
	if _, err := Apply(t.Context(), from.Path(), from, patch,
		mbtiles.CopyOptions{Replace: true}); err != nil {
		t.Error(err)
	}
	// its name in the metadata is that of the target
	if b := read(t, from.Path()); len(b) != len(want) {
		t.Errorf("in place: %d bytes, want %d", len(b), len(want))
	}
	if diff := cmp.Diff([]string{"new.mbtiles", "patch.mbtiles"}, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// A patch that was tampered with does not make what it promises, and then nothing.
func TestPatchTampered(t *testing.T) {
	t.Parallel()
	from, to := oldAndNew(t)
	path := filepath.Join(t.TempDir(), "patch.mbtiles")
	if _, err := WritePatch(t.Context(), path, from, to, mbtiles.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	sound := read(t, path)
	for name, statement := range map[string]string{
		"another target":      `UPDATE metadata SET value = 'ff' WHERE name = 'xelpack:patch_target'`,
		"no target":           `DELETE FROM metadata WHERE name = 'xelpack:patch_target'`,
		"empty target":        `UPDATE metadata SET value = '' WHERE name = 'xelpack:patch_target'`,
		"nothing taken away":  `UPDATE metadata SET value = '' WHERE name = 'xelpack:patch_removed'`,
		"takes away too much": `UPDATE metadata SET value = '16_1600_BI12.dds' WHERE name = 'xelpack:patch_removed'`,
		"takes away no name":  `UPDATE metadata SET value = '../../etc' WHERE name = 'xelpack:patch_removed'`,
		"no metadata":         `UPDATE metadata SET value = '[1]' WHERE name = 'xelpack:patch_metadata'`,
		"a texture dropped":   `DELETE FROM textures WHERE col = 96`,
		"a segment changed":   `UPDATE segments SET codec = 0, data = zeroblob(43704) WHERE id = 256`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.mbtiles")
			if err := os.WriteFile(path, sound, 0o666); err != nil {
				t.Fatal(err)
			}
			sql(t, path, func(c *sqlite.Conn) error { return c.Exec(t.Context(), statement) })
			patch := open(t, path)
			out := filepath.Join(t.TempDir(), "x.mbtiles")
			if _, err := Apply(t.Context(), out, from, patch, mbtiles.CopyOptions{}); !errors.Is(
				err, ErrPatch) && !errors.Is(err, mbtiles.ErrCorrupt) {
				t.Errorf("got %v, want %v or %v", err, ErrPatch, mbtiles.ErrCorrupt)
			}
			if diff := cmp.Diff([]string(nil), files(t, filepath.Dir(out))); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}
