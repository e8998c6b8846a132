package mbtiles

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// CopyOptions control the copying of textures into a new archive. The zero value copies segments as
// they are stored, and decodes every texture to compare it with its hash.
type CopyOptions struct {
	// that decode at once; default one a processor, at most six, which bounds the memory to some
	// 150 MB
	Workers int
	// replace an existing file once the new archive is complete; default: ErrExists
	Replace     bool
	Quick       bool // do not decode and compare textures: damage is copied
	Recompress  bool // with Compression, instead of copying segments
	Compression Compression
	// Have are archives from which contents are taken that they have, by their SHA-256, rather than
	// from where they would have to be fetched.
	Have []*Archive
	// of Extract: what the new archive is for, to be kept as KeyPlan; "": not said
	Plan string
	// called with bytes of DDS files, or, if anything is to be fetched, with bytes fetched, from
	// one goroutine at a time; may be nil
	Progress func(done, total int64)
}

// CopyReport describes the new archive. Scripts rely on its JSON.
type CopyReport struct {
	Path      string `json:"archive"`
	Digest    string `json:"digest"`
	Textures  int    `json:"textures"`
	Contents  int    `json:"contents"` // distinct among them
	Bytes     int64  `json:"bytes"`    // of the DDS files of all textures
	FileBytes int64  `json:"file_bytes"`
}

const mostWorkers = 6

func (o CopyOptions) withDefaults() CopyOptions {
	if o.Workers <= 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), mostWorkers)
	}
	return o
}

// Extract makes an archive at path of the textures of a that keep accepts. It is canonical, like
// Repack's. The metadata is that of a, without what is true only of the whole: name and plan. The
// error is ErrNothing if keep accepts none.
func (a *Archive) Extract(ctx context.Context, path string, keep func(Entry) bool,
	o CopyOptions) (CopyReport, error) {
	if err := a.NoPatch(); err != nil {
		return CopyReport{}, err
	}
	meta, err := a.Metadata(ctx)
	if err != nil {
		return CopyReport{}, err
	}
	delete(meta, "name")
	delete(meta, KeyPlan)
	if o.Plan != "" {
		meta[KeyPlan] = o.Plan
	}
	s := a.Sources(keep)
	if len(s) == 0 {
		return CopyReport{}, fmt.Errorf("%s: %w", a.path, ErrNothing)
	}
	return Assemble(ctx, path, Assembly{From: []*Archive{a}, Sources: s, Metadata: meta}, o)
}

// Repack makes an archive at path, which may be a's own, with the same textures and metadata in
// canonical form: archives with the same digest, metadata and segments become the same bytes,
// however they were made. It is also as small as possible: deleted or replaced data takes no space.
func (a *Archive) Repack(ctx context.Context, path string, o CopyOptions) (CopyReport, error) {
	meta, err := a.Metadata(ctx)
	if err != nil {
		return CopyReport{}, err
	}
	return Assemble(ctx, path,
		Assembly{From: []*Archive{a}, Sources: a.Sources(nil), Metadata: meta}, o)
}

// Metadata returns the rows that are copied with textures to other archives: all except those
// derived from the content.
func (a *Archive) Metadata(ctx context.Context) (map[string]string, error) {
	var meta map[string]string
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		meta, err = tables.Metadata(ctx, c)
		return err
	})
	if err != nil {
		return nil, explain(a.path, fmt.Errorf("read metadata: %w", err))
	}
	maps.DeleteFunc(meta, func(name, _ string) bool {
		switch name {
		case tables.KeyVersion, tables.KeyState, tables.KeyDigest, tables.KeyRoot,
			tables.KeyFinishing:
			return true
		case "name", "attribution", "description", "version":
			return false
		}
		return !strings.HasPrefix(name, tables.KeyPrefix)
	})
	return meta, nil
}

// archivePath returns the real path of a new or existing archive, beside which its .part, lock and
// journals are. It requires the extension by which other programs recognise an archive.
func archivePath(named string) (string, error) {
	path, err := realpath.Of(named)
	if err != nil {
		return "", err
	}
	for _, name := range [...]string{named, path} {
		if base := filepath.Base(name); !strings.EqualFold(filepath.Ext(base), extension) ||
			len(base) == len(extension) {
			return "", fmt.Errorf("%s: %w", name, ErrName)
		}
	}
	return path, nil
}
