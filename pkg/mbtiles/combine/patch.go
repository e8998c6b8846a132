package combine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The metadata rows that make an archive a patch.
const (
	keyPatchBase   = mbtiles.KeyPatchBase
	keyPatchTarget = "xelpack:patch_target" // digest of the result
	// file names of the textures that it removes, one per line
	keyPatchRemoved  = "xelpack:patch_removed"
	keyPatchMetadata = "xelpack:patch_metadata" // metadata of the result, a JSON object
)

// WritePatch makes a patch at path that turns from into to: a valid archive of the textures that
// are new or different in to. Its metadata has both digests, the textures to be removed, and the
// metadata of to.
func WritePatch(ctx context.Context, path string, from, to *mbtiles.Archive,
	o mbtiles.CopyOptions) (mbtiles.CopyReport, error) {
	if err := errors.Join(from.NoPatch(), to.NoPatch()); err != nil {
		return mbtiles.CopyReport{}, err
	}
	work := mbtiles.Assembly{From: []*mbtiles.Archive{from, to}}
	var removed []string
	for p, err := range pairs(ctx, from, to) {
		if err != nil {
			return mbtiles.CopyReport{}, err
		}
		switch kind, differs := p.kind(); {
		case kind == Removed:
			removed = append(removed, p.old.File())
		case differs:
			work.Sources = append(work.Sources, p.Source)
		}
	}
	slices.SortFunc(work.Sources, mbtiles.Source.Compare)
	var err error
	if work.Metadata, err = patchMetadata(ctx, from, to, removed); err != nil {
		return mbtiles.CopyReport{}, err
	}
	return mbtiles.Assemble(ctx, path, work, o)
}

func patchMetadata(ctx context.Context, from, to *mbtiles.Archive,
	removed []string) (map[string]string, error) {
	target, err := to.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	packed, err := json.Marshal(target)
	if err != nil {
		return nil, fmt.Errorf("write metadata into the patch: %w", err)
	}
	meta := map[string]string{keyPatchMetadata: string(packed),
		keyPatchRemoved: strings.Join(removed, "\n")}
	for _, name := range [...]string{"attribution", mbtiles.KeyProviders, mbtiles.KeySources,
		mbtiles.KeyLicence, mbtiles.KeyRedistributable} {
		if value, ok := target[name]; ok {
			meta[name] = value
		}
	}
	if meta[keyPatchBase], err = from.Digest(ctx); err != nil {
		return nil, err
	}
	meta[keyPatchTarget], err = to.Digest(ctx)
	return meta, err
}

// Apply makes an archive at path, which may be base's own, from base and a patch: byte for byte
// what Repack makes of the patch's target, if the segments are the same. The error is ErrPatch if
// patch is not a patch, if it is for an archive with another digest than base's, or if the result
// does not have the promised digest; nothing is changed then.
func Apply(ctx context.Context, path string, base, patch *mbtiles.Archive,
	o mbtiles.CopyOptions) (mbtiles.CopyReport, error) {
	meta, err := patch.Metadata(ctx)
	if err != nil {
		return mbtiles.CopyReport{}, err
	}
	want, target := meta[keyPatchBase], meta[keyPatchTarget]
	switch {
	case want == "":
		return mbtiles.CopyReport{}, noPatch(ctx, base, patch)
	case target == "":
		return mbtiles.CopyReport{}, fmt.Errorf("%s: %w: it has no target digest", patch.Path(),
			ErrPatch)
	}
	got, err := base.Digest(ctx)
	if err != nil {
		return mbtiles.CopyReport{}, err
	}
	if got != want {
		return mbtiles.CopyReport{}, fmt.Errorf(
			"%s: %w: it is for the archive with digest %s, but %s has %s", patch.Path(), ErrPatch,
			want, base.Path(), got)
	}
	work := mbtiles.Assembly{From: []*mbtiles.Archive{base, patch},
		Accept: func(digest string) error {
			if digest != target {
				return fmt.Errorf("%w: the result would have digest %s, want %s", ErrPatch, digest,
					target)
			}
			return nil
		}}
	if err := json.Unmarshal([]byte(meta[keyPatchMetadata]), &work.Metadata); err != nil {
		return mbtiles.CopyReport{}, fmt.Errorf("%s: %w", patch.Path(),
			sqlite.Corrupt("the metadata in the patch: %v", err))
	}
	if work.Sources, err = patched(base, patch, meta[keyPatchRemoved]); err != nil {
		return mbtiles.CopyReport{}, fmt.Errorf("%s: %w", patch.Path(), err)
	}
	signed, err := patch.Signatures(ctx)
	if err != nil {
		return mbtiles.CopyReport{}, err
	}
	work.Keep = func(s mbtiles.Signature) bool { // those of the target
		return slices.ContainsFunc(signed, func(of mbtiles.Signature) bool {
			return of.Statement == s.Statement && of.Signature == s.Signature
		})
	}
	return mbtiles.Assemble(ctx, path, work, o)
}

// noPatch returns the error for an archive that is not a patch, and says if it was swapped with
// base.
func noPatch(ctx context.Context, base, patch *mbtiles.Archive) error {
	meta, err := base.Metadata(ctx)
	if err != nil {
		return err
	}
	swapped := ""
	if meta[keyPatchBase] != "" {
		swapped = fmt.Sprintf("; %s is one: the archive comes first, then its patch", base.Path())
	}
	return fmt.Errorf("%s: %w: it is an archive, not a patch%s", patch.Path(), ErrPatch, swapped)
}

// patched returns the textures of base that are neither replaced nor removed, and those of patch.
func patched(base, patch *mbtiles.Archive, removed string) ([]mbtiles.Source, error) {
	gone := make(map[tiles.Key]bool)
	for name := range strings.Lines(removed) {
		t, err := tiles.ParseName(strings.TrimSuffix(name, "\n"))
		if err != nil {
			return nil, sqlite.Corrupt("the textures that the patch removes: %v", err)
		}
		if _, ok := base.Lookup(t.Key()); !ok {
			return nil, fmt.Errorf("%w: it removes %s, which does not exist", ErrPatch, t)
		}
		gone[t.Key()] = true
	}
	all := base.Sources(func(e mbtiles.Entry) bool {
		_, replaced := patch.Lookup(e.Texture.Key())
		return !replaced && !gone[e.Texture.Key()]
	})
	all = append(all, patch.Sources(nil)...)
	slices.SortFunc(all, mbtiles.Source.Compare)
	return all, nil
}
