package mbtiles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// The rows of metadata that make an archive a patch.
const (
	keyPatchBase     = keyPrefix + "patch_base"     // digest of the archive that it is for
	keyPatchTarget   = keyPrefix + "patch_target"   // digest of what it makes of that
	keyPatchRemoved  = keyPrefix + "patch_removed"  // file names of the textures that it takes away, a line each
	keyPatchMetadata = keyPrefix + "patch_metadata" // of what it makes, a JSON object
)

// NoPatch returns an ErrIsPatch that says what to do if the archive is a patch: what it holds is
// not all there is.
func (a *Archive) NoPatch() error {
	if a.patchBase == "" {
		return nil
	}
	return fmt.Errorf("%s: %w: apply it to the archive of digest %s (xelpack apply ARCHIVE %s)", a.path, ErrIsPatch, a.patchBase, shellescape.Quote(a.path))
}

// WritePatch makes a patch at path that turns from into to: an archive, legal in itself, of the
// textures that are new or different in to. Its metadata says which digests it leads from and to,
// what is taken away, and the metadata of to.
func WritePatch(ctx context.Context, path string, from, to *Archive, o CopyOptions) (CopyReport, error) {
	if err := errors.Join(from.NoPatch(), to.NoPatch()); err != nil {
		return CopyReport{}, err
	}
	work := assembly{path: path, o: o.withDefaults(), inputs: []*Archive{from, to}}
	var removed []string
	for p, err := range pairs(ctx, from, to) {
		if err != nil {
			return CopyReport{}, err
		}
		switch kind, differs := p.kind(); {
		case kind == Removed:
			removed = append(removed, p.old.File())
		case differs:
			work.sources = append(work.sources, p.source)
		}
	}
	slices.SortFunc(work.sources, source.compare)
	var err error
	if work.meta, err = patchMetadata(ctx, from, to, removed); err != nil {
		return CopyReport{}, err
	}
	return work.assemble(ctx)
}

func patchMetadata(ctx context.Context, from, to *Archive, removed []string) (map[string]string, error) {
	target, err := to.metadata(ctx)
	if err != nil {
		return nil, err
	}
	packed, err := json.Marshal(target)
	if err != nil {
		return nil, fmt.Errorf("write metadata into the patch: %w", err)
	}
	meta := map[string]string{keyPatchMetadata: string(packed), keyPatchRemoved: strings.Join(removed, "\n")}
	for _, name := range [...]string{"attribution", keyProviders, keyLicence, keyRedistributable} {
		if value, ok := target[name]; ok {
			meta[name] = value
		}
	}
	if meta[keyPatchBase], err = from.computeDigest(ctx); err != nil {
		return nil, err
	}
	meta[keyPatchTarget], err = to.computeDigest(ctx)
	return meta, err
}

// Apply makes an archive at path, which may be base's own, of base and a patch: it is, byte for
// byte, what Repack makes of the archive that the patch leads to, if the segments are. The error is
// ErrPatch when patch is no patch, when it is for an archive of another digest than base's, and
// when what it makes does not have the digest that it promises; nothing is changed then.
func Apply(ctx context.Context, path string, base, patch *Archive, o CopyOptions) (CopyReport, error) {
	meta, err := patch.metadata(ctx)
	if err != nil {
		return CopyReport{}, err
	}
	want, target := meta[keyPatchBase], meta[keyPatchTarget]
	switch {
	case want == "":
		return CopyReport{}, noPatch(ctx, base, patch)
	case target == "":
		return CopyReport{}, fmt.Errorf("%s: %w: it does not say what digest it leads to", patch.path, ErrPatch)
	}
	got, err := base.computeDigest(ctx)
	if err != nil {
		return CopyReport{}, err
	}
	if got != want {
		return CopyReport{}, fmt.Errorf("%s: %w: it is for the archive of digest %s, and %s has %s", patch.path, ErrPatch, want, base.path, got)
	}
	work := assembly{path: path, o: o.withDefaults(), inputs: []*Archive{base, patch}, expect: target}
	if err := json.Unmarshal([]byte(meta[keyPatchMetadata]), &work.meta); err != nil {
		return CopyReport{}, explain(patch.path, corrupt("the metadata in the patch: %v", err))
	}
	if work.sources, err = patched(base, patch, meta[keyPatchRemoved]); err != nil {
		return CopyReport{}, explain(patch.path, err)
	}
	return work.assemble(ctx)
}

// noPatch says that patch is none, and whether it only changed places with base.
func noPatch(ctx context.Context, base, patch *Archive) error {
	meta, err := base.metadata(ctx)
	if err != nil {
		return err
	}
	swapped := ""
	if meta[keyPatchBase] != "" {
		swapped = fmt.Sprintf("; %s is one: the archive comes first, then its patch", base.path)
	}
	return fmt.Errorf("%s: %w: it is an archive, but no patch%s", patch.path, ErrPatch, swapped)
}

// patched returns the textures of base that are neither replaced nor taken away, and those of
// patch.
func patched(base, patch *Archive, removed string) ([]source, error) {
	gone := make(map[tiles.Key]bool)
	for name := range strings.Lines(removed) {
		t, err := tiles.ParseName(strings.TrimSuffix(name, "\n"))
		if err != nil {
			return nil, corrupt("what the patch takes away: %v", err)
		}
		if _, ok := base.Lookup(t.Key()); !ok {
			return nil, fmt.Errorf("%w: it takes away %s, which is not there", ErrPatch, t)
		}
		gone[t.Key()] = true
	}
	all := base.sources(func(e Entry) bool {
		_, replaced := patch.Lookup(e.Texture.Key())
		return !replaced && !gone[e.Texture.Key()]
	})
	all = append(all, patch.sources(nil)...)
	slices.SortFunc(all, source.compare)
	return all, nil
}

// compare orders textures as an archive does.
func (s source) compare(t source) int { return s.entry().Texture.Compare(t.entry().Texture) }
