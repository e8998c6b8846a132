// Package compare draws one place as two providers have it, so that one can choose between them.
package compare

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	detail  = 2 // pictures of 1024 pixels, from 16 chunks
	deepest = 16
	gap     = 8 // pixels between the pictures
)

// Side is one half of the picture. Its JSON is a contract with scripts.
type Side struct {
	Provider string   `json:"provider"`
	ZL       tiles.ZL `json:"zl"`
	Chunks   int      `json:"chunks"`
	Enlarged int      `json:"enlarged"` // from a parent zoom level
	Missing  int      `json:"missing"`
	Failed   int      `json:"failed"`
}

// Check refuses what Draw cannot do, before anything is fetched.
func Check(names []string, placed bool, file string) error {
	switch {
	case len(names) != 2 || names[0] == "" || names[1] == "":
		return usage.Errorf("--compare %s: must be two providers, as in eox,ign", strings.Join(names, ","))
	case !placed:
		return usage.Errorf("--compare needs a place: --at, --bbox or --route")
	case !strings.EqualFold(filepath.Ext(file), ".png"):
		return usage.Errorf("--compare needs a picture to write: -o FILE.png")
	}
	return nil
}

// Draw writes the place as the two providers have it, the first on the left: the same ground, at
// the deepest zoom level up to 16 that both have.
func Draw(ctx context.Context, of [2]fetch.Provider, at orb.Point, file string,
	note func(string)) (sides [2]Side, err error) {
	z := max(min(deepest, of[0].MaxZL, of[1].MaxZL), of[0].MinZL, of[1].MinZL)
	it := tiles.Item{Texture: tiles.At(at, z+detail, "BI"), Detail: detail}
	side := it.Side()
	img := image.NewNRGBA(image.Rect(0, 0, 2*side+gap, side))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	for i, p := range of {
		half, tally, err := one(ctx, p, it, note)
		if err != nil {
			return sides, fmt.Errorf("%s: %w", p.ID, err)
		}
		sides[i] = Side{p.ID, z, tally.Chunks, tally.Overzoomed, tally.Missing, tally.Failed}
		draw.Draw(img, half.Rect.Add(image.Pt(i*(side+gap), 0)), half, image.Point{}, draw.Src)
	}
	return sides, safefile.Write(file, func(w io.Writer) error { return png.Encode(w, img) })
}

// one builds the place as an archive would have it of p.
func one(ctx context.Context, p fetch.Provider, it tiles.Item, note func(string)) (img *image.NRGBA,
	tally pack.Tally, err error) {
	source, err := imagery.Options{}.Open(ctx, p, fetch.ClientOptions{}, note)
	if err != nil {
		return nil, tally, err
	}
	defer source.Close()
	pipeline := pack.New(pack.Options{}.From(source, p))
	defer func() { err = errors.Join(err, pipeline.Close()) }()
	built, err := pipeline.Texture(ctx, it)
	if err != nil {
		return nil, tally, err
	}
	defer built.Release()
	if built.Blank() {
		return nil, tally, built.Cause
	}
	l := dds.Layout{Format: dds.BC1, Side: it.Side()}
	start, size := l.Level(0)
	img, err = dds.Decode(l, 0, built.File[start:start+size])
	return img, built.Tally, err
}
