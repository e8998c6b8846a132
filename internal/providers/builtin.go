package providers

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/terms"
)

// catalogueText uses the keys of the user's providers.toml.
//
//go:embed catalogue.toml
var catalogueText []byte

// outlinesPacked are the outlines that it names, as outlines reads them.
//
//go:embed outlines.bin.gz
var outlinesPacked []byte

// BuiltIn returns the built-in providers, sample last. Their shared data must not be changed.
func BuiltIn() []Provider { return slices.Clone(builtIn()) }

var builtIn = sync.OnceValue(func() []Provider {
	parsed, err := parseTOML(catalogueText)
	if err != nil {
		panic("the built-in catalogue: " + err.Error())
	}
	var list []Provider
	for i, t := range parsed.Provider {
		p, err := t.provider("")
		if err != nil {
			panic(fmt.Sprintf("the built-in catalogue: provider %d (%s): %v", i+1, t.ID, err))
		}
		list = append(list, p)
	}
	return append(list, Provider{
		ID: SampleID, Code: "SAMPLE", Name: "procedural imagery, made in the process", MaxZL: 22, Coverage: "an invented world",
		Licence: "CC0", Terms: terms.Of("CC0"), Attribution: "xelpack sample imagery",
	})
})

// packedOutlines are the outlines of built-in providers, by their ids.
var packedOutlines = sync.OnceValue(func() map[string]orb.MultiPolygon {
	at, err := outlines(outlinesPacked)
	if err != nil {
		panic("the built-in outlines: " + err.Error())
	}
	return at
})

// outlineUnit is the grid of the points of packed outlines, in degrees.
const outlineUnit = 0.001

// outlines unpacks polygons by provider id. The packed form is compressed by gzip; for each
// provider it has the length of its id, the id, and the number of polygons; for each polygon the
// number of rings; for each ring the number of points, without the last one, which equals the
// first, and for each point its longitude and latitude relative to the previous point in the file,
// in outlineUnit. Numbers are varints.
func outlines(packed []byte) (map[string]orb.MultiPolygon, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	next := func() int {
		v, n := binary.Varint(data)
		if n <= 0 || v > 1<<20 {
			err = io.ErrUnexpectedEOF
			return 0
		}
		data = data[n:]
		return int(v)
	}
	found := map[string]orb.MultiPolygon{}
	lon, lat := 0, 0
	for len(data) > 0 && err == nil {
		n := min(next(), len(data))
		id := string(data[:n])
		data = data[n:]
		outline := make(orb.MultiPolygon, next())
		for i := range outline {
			outline[i] = make(orb.Polygon, next())
			for j := range outline[i] {
				ring := make(orb.Ring, next())
				for k := range ring {
					lon, lat = lon+next(), lat+next()
					ring[k] = orb.Point{float64(lon) * outlineUnit, float64(lat) * outlineUnit}
				}
				outline[i][j] = append(ring, ring[0])
			}
		}
		found[id] = outline
	}
	return found, err
}
