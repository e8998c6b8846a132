// Package scenerytest makes synthetic scenery packages with the layout that Ortho4XP gives them,
// for tests, benchmarks and demos:
//
//	made, err := scenerytest.Make(t.TempDir(), scenerytest.Options{Limit: 9})
//	p, err := scenery.Open(ctx, made.Dir)   // p.Textures() are made.Textures
//
// The same options give the same files, byte for byte. A package has land, lakes and, in the
// southern quarter of its box, sea; masks as PNG; a sharper zone round an airport; and a DSF for
// every 1° cell it touches, which lists its terrain.
package scenerytest

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say what the package covers. The zero value is the whole 1° cell +43+005 at ZL16 with an
// airport at ZL18.
type Options struct {
	Box     tiles.Box // area covered; default: the cell 43° N 5° E
	ZL      tiles.ZL  // of the ground; default 16
	Maptype string    // default "BI"
	// ground textures at most, those nearest to the airport; default: all that touch Box
	Limit     int
	Airport   orb.Point // centre of the sharper zone; default: the middle of Box
	AirportZL tiles.ZL  // default ZL+2
	// textures of the sharper zone at most; default: one ground texture's square (16); negative:
	// none
	AirportMax int
	AllKinds   bool   // five .ter files for every ground texture instead of one to five
	Real       int    // how many of the textures, in sorted order, exist as files
	RealFile   []byte // their content; default: a green BC1 texture of 256×256 px
	NoMasks    bool   // leave out the PNG masks
}

// Package is the result of Make.
type Package struct {
	Dir      string
	Textures []tiles.Texture // every texture that the terrain names, once, sorted
	Real     []tiles.Texture // those that exist as files
	Terrains int             // .ter files
	DSFs     []string        // paths of the DSFs, sorted
}

// ground is a texture and the kinds of terrain that use it.
type ground struct {
	tiles.Texture
	kinds []kind
}

// Make writes a package into dir, which is created if need be.
func Make(dir string, o Options) (*Package, error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	grounds := o.grounds()
	made := &Package{Dir: dir}
	for _, g := range grounds {
		made.Textures = append(made.Textures, g.Texture)
		made.Terrains += len(g.kinds)
	}
	made.Real = made.Textures[:min(o.Real, len(made.Textures))]
	for _, sub := range []string{"terrain", "textures"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, fmt.Errorf("make scenery: %w", err)
		}
	}
	if err := writeGround(dir, grounds, o); err != nil {
		return nil, fmt.Errorf("make scenery: %w", err)
	}
	for _, t := range made.Real {
		if err := os.WriteFile(filepath.Join(dir, "textures", t.File()), o.RealFile,
			0o644); err != nil {
			return nil, fmt.Errorf("make scenery: %w", err)
		}
	}
	var err error
	if made.DSFs, err = writeDSFs(dir, grounds, o.Box); err != nil {
		return nil, fmt.Errorf("make scenery: %w", err)
	}
	return made, nil
}

func (o *Options) defaults() error {
	if o.Box == (tiles.Box{}) {
		o.Box = tiles.Box{West: 5, South: 43, East: 6, North: 44}
	}
	if o.Box.West >= o.Box.East || o.Box.South >= o.Box.North || math.Abs(o.Box.West) > 180 ||
		math.Abs(o.Box.East) > 180 {
		return fmt.Errorf("make scenery: the box %+v is reversed or out of range", o.Box)
	}
	o.ZL = cmp.Or(o.ZL, 16)
	o.AirportZL = cmp.Or(o.AirportZL, o.ZL+2)
	o.Maptype = cmp.Or(o.Maptype, "BI")
	if o.Airport == (orb.Point{}) {
		o.Airport = orb.Point{(o.Box.West + o.Box.East) / 2, (o.Box.South + o.Box.North) / 2}
	}
	o.AirportMax = cmp.Or(o.AirportMax, 1<<(2*max(o.AirportZL-o.ZL, 0)))
	if o.RealFile == nil {
		o.RealFile = greenDDS()
	}
	for _, zl := range []tiles.ZL{o.ZL, o.AirportZL} {
		if err := (tiles.Texture{ZL: zl, Maptype: o.Maptype}).Valid(); err != nil {
			return fmt.Errorf("make scenery: %w", err)
		}
	}
	if o.AirportZL <= o.ZL && o.AirportMax > 0 {
		return fmt.Errorf("make scenery: the airport's zoom level %d is not above the ground's, %d",
			o.AirportZL, o.ZL)
	}
	return nil
}

// grounds returns the textures of the package, sorted.
func (o *Options) grounds() []ground {
	const side = tiles.TextureChunks
	nw := tiles.At(orb.Point{o.Box.West, o.Box.North}, o.ZL, o.Maptype)
	se := tiles.At(orb.Point{o.Box.East, o.Box.South}, o.ZL, o.Maptype)
	// The box's east and south edges belong to the next cell: a texture that only begins there is
	// not in it.
	if b := se.Box(); b.West == o.Box.East && se.Col > nw.Col {
		se.Col -= side
	}
	if b := se.Box(); b.North == o.Box.South && se.Row > nw.Row {
		se.Row -= side
	}
	airport := tiles.At(o.Airport, o.ZL, o.Maptype)
	coast := se.Row - (se.Row-nw.Row)/4/side*side // the first row that is all sea

	var all []ground
	for row := nw.Row; row <= se.Row; row += side {
		for col := nw.Col; col <= se.Col; col += side {
			t := tiles.Texture{Row: row, Col: col, ZL: o.ZL, Maptype: o.Maptype}
			all = append(all, ground{t, o.kinds(t, coast)})
		}
	}
	if o.Limit > 0 && len(all) > o.Limit {
		slices.SortStableFunc(all,
			func(a, b ground) int {
				return distance(a.Texture, airport) - distance(b.Texture, airport)
			})
		all = all[:o.Limit]
	}
	if o.AirportMax > 0 {
		all = addZone(all, airport, o.AirportZL, o.AirportMax)
	}
	slices.SortFunc(all, func(a, b ground) int { return a.Compare(b.Texture) })
	return all
}

// distance counts textures from a to b, along the longer axis first.
func distance(a, b tiles.Texture) int {
	dr, dc := int(a.Row)-int(b.Row), int(a.Col)-int(b.Col)
	return max(dr*dr, dc*dc)*4 + dr*dr + dc*dc
}

// addZone puts up to limit textures at zl over the square of the ground texture under the airport.
// Where they cover it, it is not named any more.
func addZone(all []ground, under tiles.Texture, zl tiles.ZL, limit int) []ground {
	const side = tiles.TextureChunks
	deeper := zl - under.ZL
	n := uint32(1) << deeper
	if limit >= int(n*n) {
		all = slices.DeleteFunc(all, func(g ground) bool { return g.Texture == under })
	}
	for i := range min(uint32(limit), n*n) {
		t := tiles.Texture{Row: under.Row<<deeper + i/n*side, Col: under.Col<<deeper + i%n*side,
			ZL: zl, Maptype: under.Maptype}
		all = append(all, ground{t, []kind{land}})
	}
	return all
}

// kinds returns the terrain over t: sea from row coast on, both on the row before, a lake here and
// there.
func (o *Options) kinds(t tiles.Texture, coast uint32) []kind {
	const side = tiles.TextureChunks
	switch {
	case o.AllKinds:
		return []kind{land, water, waterOverlay, sea, seaOverlay}
	case t.Row >= coast:
		return []kind{sea, seaOverlay}
	case t.Row+side >= coast:
		return []kind{land, sea, seaOverlay}
	case (t.Row/side*5+t.Col/side*3)%7 == 0:
		return []kind{land, water, waterOverlay}
	}
	return []kind{land}
}

// writeGround writes the terrain files and masks. Four goroutines write: it is mostly waiting for
// the file system.
func writeGround(dir string, grounds []ground, o Options) error {
	mask := maskPNG()
	if !o.NoMasks {
		if err := os.WriteFile(filepath.Join(dir, "textures", "water_transition.png"), mask,
			0o644); err != nil {
			return err
		}
	}
	var g errgroup.Group
	g.SetLimit(4)
	for part := range slices.Chunk(grounds, 1024) {
		g.Go(func() error {
			for _, t := range part {
				for _, k := range t.kinds {
					if err := os.WriteFile(filepath.Join(dir, "terrain",
						t.Name()+k.suffix()+".ter"), terText(t.Texture, k), 0o644); err != nil {
						return err
					}
				}
				if !o.NoMasks && slices.Contains(t.kinds, seaOverlay) {
					if err := os.WriteFile(filepath.Join(dir, "textures", maskName(t.Texture)),
						mask, 0o644); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	return g.Wait()
}
