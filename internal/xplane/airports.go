package xplane

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/units"
)

// Airport is an airport of X-Plane's own list.
type Airport struct {
	Code      string // ICAO code or, without one, X-Plane's own
	At        orb.Point
	Elevation int // feet above sea level
}

// airportFiles are where X-Plane 12 and 11 have their own airports. The first that lists an airport
// counts.
var airportFiles = []string{
	"Global Scenery/Global Airports/Earth nav data/apt.dat",
	"Custom Scenery/Global Airports/Earth nav data/apt.dat",
	"Resources/default scenery/default apt dat/Earth nav data/apt.dat",
}

// Airports are X-Plane's own airports, by code.
type Airports map[string]Airport

// Airports returns X-Plane's own airports. Its file is some 350 MB large, so a small index of it is
// kept in the folder cache, until the file changes; "" keeps none. note is called before the long
// reading.
func (x Install) Airports(ctx context.Context, cache string, note func(string)) (Airports, error) {
	all := make(Airports)
	for _, name := range airportFiles {
		file := filepath.Join(x.Dir, filepath.FromSlash(name))
		some, err := airportsOf(ctx, file, cache, note)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		maps.Copy(some, all)
		all = some
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("X-Plane's airports (apt.dat) are not found in %s: let its installer "+
			"repair it, or name the flight plan's file", x.Dir)
	}
	return all, nil
}

// airportsOf reads one file, or its index.
func airportsOf(ctx context.Context, file, cache string, note func(string)) (Airports, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	index := ""
	stamp := fmt.Sprintf("xelpack airports 1\t%d\t%d\t%s\n", info.Size(), info.ModTime().UnixNano(), file)
	if cache != "" {
		sum := sha256.Sum256([]byte(file))
		index = filepath.Join(cache, "airports-"+hex.EncodeToString(sum[:6])+".tsv")
		if known, ok := readIndex(index, stamp); ok {
			return known, nil
		}
	}
	const long = 20 << 20
	if info.Size() > long {
		note("reading X-Plane's airports, this once: " + units.Bytes(info.Size()))
	}
	airports, err := parseAirports(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if index != "" {
		err = errors.Join(os.MkdirAll(cache, 0o777), safefile.Write(index,
			func(w io.Writer) error { return airports.write(w, stamp) }))
		if err != nil {
			note(fmt.Sprintf("the index of X-Plane's airports is not kept: %v", err))
		}
	}
	return airports, nil
}

// write writes an index.
func (a Airports) write(w io.Writer, stamp string) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString(stamp) // Flush reports its errors
	for _, code := range slices.Sorted(maps.Keys(a)) {
		one := a[code]
		fmt.Fprintf(b, "%s\t%.6f\t%.6f\t%d\n", code, one.At.Lat(), one.At.Lon(), one.Elevation)
	}
	return b.Flush()
}

// readIndex reads an index, if it is one of that stamp.
func readIndex(file, stamp string) (Airports, bool) {
	text, err := os.ReadFile(file)
	body, ok := strings.CutPrefix(string(text), stamp)
	if err != nil || !ok {
		return nil, false
	}
	airports := make(Airports)
	for line := range strings.Lines(body) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 4 {
			return nil, false
		}
		at, okAt := position(fields[1], fields[2])
		elevation, err := strconv.Atoi(fields[3])
		if !okAt || err != nil {
			return nil, false
		}
		airports[fields[0]] = Airport{fields[0], at, elevation}
	}
	return airports, true
}

// position reads a latitude and a longitude.
func position(lat, lon string) (orb.Point, bool) {
	y, errY := strconv.ParseFloat(lat, 64)
	x, errX := strconv.ParseFloat(lon, 64)
	// not a number fails both comparisons
	return orb.Point{x, y}, errX == nil && errY == nil && y >= -90 && y <= 90 && x >= -180 && x <= 180
}

// aptReader collects the airports of an apt.dat.
type aptReader struct {
	airports Airports
	id, icao string // of the current airport; id "": none yet
	feet     int
	ends     []orb.Point // of runways and helipads
	lat, lon string      // of the datum
}

// parseAirports reads an apt.dat as a stream. Rows: 1 land airport, 16 seaplane base, 17 heliport;
// 100 runway, 101 water runway, 102 helipad; 1302 further facts. The place of an airport is the
// middle of its runways' ends or, without any, its datum.
func parseAirports(ctx context.Context, r io.Reader) (Airports, error) {
	a := aptReader{airports: make(Airports)}
	lines := bufio.NewReaderSize(r, 1<<20)
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		for err == bufio.ErrBufferFull { // no row of interest is that long
			_, err = lines.ReadSlice('\n')
			line = nil
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		a.line(line)
		if err == io.EOF {
			a.finish()
			return a.airports, nil
		}
	}
}

// line reads a row.
func (a *aptReader) line(line []byte) {
	line = bytes.TrimLeft(line, " \t")
	if len(line) == 0 || line[0] != '1' {
		return
	}
	end := bytes.IndexAny(line, " \t")
	if end < 0 {
		return
	}
	switch string(line[:end]) {
	case "1", "16", "17":
		a.finish()
		if f := strings.Fields(string(line)); len(f) > 4 {
			a.id = f[4]
			a.feet, _ = strconv.Atoi(f[1])
		}
	case "100":
		a.runway(line, 9, 18)
	case "101":
		a.runway(line, 4, 7)
	case "102":
		a.runway(line, 2)
	case "1302":
		f := strings.Fields(string(line))
		if len(f) < 3 {
			return
		}
		switch f[1] {
		case "icao_code":
			a.icao = f[2]
		case "datum_lat":
			a.lat = f[2]
		case "datum_lon":
			a.lon = f[2]
		}
	}
}

// runway reads the positions of a row that begin at these fields.
func (a *aptReader) runway(line []byte, at ...int) {
	f := strings.Fields(string(line))
	for _, i := range at {
		if i+1 >= len(f) {
			return
		}
		if p, ok := position(f[i], f[i+1]); ok {
			a.ends = append(a.ends, p)
		}
	}
}

// finish adds the current airport.
func (a *aptReader) finish() {
	at, ok := position(a.lat, a.lon)
	if len(a.ends) > 0 {
		at, ok = middle(a.ends), true
	}
	if ok && a.id != "" {
		for _, code := range []string{a.icao, a.id} {
			code = strings.ToUpper(code)
			if _, known := a.airports[code]; code != "" && !known {
				a.airports[code] = Airport{code, at, a.feet}
			}
		}
	}
	*a = aptReader{airports: a.airports, ends: a.ends[:0]}
}

// middle returns the middle of points that lie close together, across the antimeridian too.
func middle(points []orb.Point) orb.Point {
	first, sum := points[0], orb.Point{}
	for _, p := range points {
		switch {
		case p[0]-first[0] > 180:
			p[0] -= 360
		case first[0]-p[0] > 180:
			p[0] += 360
		}
		sum[0] += p[0]
		sum[1] += p[1]
	}
	n := float64(len(points))
	x, y := sum[0]/n, sum[1]/n
	switch {
	case x > 180:
		x -= 360
	case x < -180:
		x += 360
	}
	return orb.Point{x, y}
}
