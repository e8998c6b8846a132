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

// catalogueText has the keys of the user's providers.toml.
//
//go:embed catalogue.toml
var catalogueText []byte

// outlinesPacked are the outlines that it names, as outlines reads them.
//
//go:embed outlines.bin.gz
var outlinesPacked []byte

// BuiltIn returns the providers, sample last. What they share must not be changed.
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

// outlineUnit is the grid that the points of packed outlines lie on, in degrees.
const outlineUnit = 0.001

// outlines unpacks polygons by the id of their provider. Packed, they are compressed by gzip; for
// each provider the length of its id, the id, and how many polygons; for each of these how many
// rings; for each ring how many points, without the last, which is the first, and for each point
// its longitude and latitude less those of the point before it in the file, in outlineUnit. Numbers
// are varints.
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
