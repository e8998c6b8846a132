package planmap

import (
	_ "embed"
	"encoding/binary"
	"errors"

	"github.com/paulmach/orb"
)

// landFile is Natural Earth's land at 1:50 million (version 4.1, public domain,
// naturalearthdata.com), simplified to 0.01°, from the npm package world-atlas 2.0.2. See
// gen_land.go. Its format: for each ring the number of its points (uvarint), then for each point
// the steps east and north from the previous point, even across rings (zigzag varints, 200 to a
// degree). Rings are not closed; an outline and its lakes have opposite orientation.
//
//go:embed land.bin
var landFile []byte

const landUnits = 200 // units a degree

// land returns the closed coastlines in degrees. Longitudes go beyond ±180 where land crosses the
// antimeridian; Antarctica is closed along 90° S.
func land() ([]orb.Ring, error) {
	var rings []orb.Ring
	var lon, lat int64
	for data := landFile; len(data) > 0; {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)) {
			return nil, errLand
		}
		data = data[size:]
		ring := make(orb.Ring, 0, n+1)
		for range n {
			east, size := binary.Varint(data)
			if size <= 0 {
				return nil, errLand
			}
			data = data[size:]
			north, size := binary.Varint(data)
			if size <= 0 {
				return nil, errLand
			}
			data = data[size:]
			lon, lat = lon+east, lat+north
			ring = append(ring, orb.Point{float64(lon) / landUnits, float64(lat) / landUnits})
		}
		rings = append(rings, append(ring, ring[0]))
	}
	return rings, nil
}

var errLand = errors.New("draw coastlines: the embedded outline is damaged")
