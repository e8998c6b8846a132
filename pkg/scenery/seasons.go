package scenery

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// SeasonGrid is how finely Seasons are kept: points a side of a cell.
const SeasonGrid = 64

// Seasons are the days of a cell's seasons, from the rasters of X-Plane's Global Scenery.
type Seasons struct {
	days [SeasonGrid * SeasonGrid][8]uint16
}

// At returns the first and last days of spring, summer, autumn and winter at a place in the cell,
// counted as X-Plane counts, from 0.
func (s *Seasons) At(lat, lon float64) [8]int {
	at := func(v float64) int { return int((v - math.Floor(v)) * SeasonGrid) }
	var days [8]int
	for i, d := range s.days[at(lat)*SeasonGrid+at(lon)] {
		days[i] = int(d)
	}
	return days
}

// seasonRasters are the names of the rasters, in the order of Seasons.At.
var seasonRasters = []string{"spr1", "spr2", "sum1", "sum2", "fal1", "fal2", "win1", "win2"}

// ReadSeasons reads the season rasters of a DSF file, 7z-compressed or not. It returns nil if the
// file has none of them. Errors are those of ReadDSF, also if only some of the eight are there.
func ReadSeasons(file string) (*Seasons, error) {
	s, err := readSeasons(file)
	if err != nil {
		return nil, fmt.Errorf("read the seasons of DSF %s: %w", file, err)
	}
	return s, nil
}

func readSeasons(file string) (*Seasons, error) {
	r, size, closeFile, err := openDSF(file)
	if err != nil {
		return nil, err
	}
	defer closeFile()
	var names []string
	var found int
	s := new(Seasons)
	err = eachAtom(r, dsfHeader, size-dsfFooter, func(id string, from, to int64) (err error) {
		switch id {
		case "DEFN":
			names, err = atomStrings(r, from, to, "DEMN")
		case "DEMS":
			found, err = s.read(r, from, to, names)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case found == 0:
		return nil, nil
	case found < len(seasonRasters):
		return nil, fmt.Errorf("%w: %d of %d season rasters", ErrDSF, found, len(seasonRasters))
	}
	return s, nil
}

// read takes the season rasters out of a DEMS atom, whose rasters come in the order of names.
func (s *Seasons) read(r io.ReaderAt, from, to int64, names []string) (found int, err error) {
	number := -1
	var info [20]byte
	err = eachAtom(r, from, to, func(id string, from, to int64) error {
		if id == "DEMI" {
			number++
			if to-from < int64(len(info)) {
				return fmt.Errorf("%w: raster %d has a head of %d bytes, want 20", ErrDSF, number,
					to-from)
			}
			_, err := r.ReadAt(info[:], from)
			return err
		}
		if id != "DEMD" || number < 0 || number >= len(names) {
			return nil
		}
		season := slices.Index(seasonRasters, names[number])
		if season < 0 {
			return nil
		}
		found++
		width, height := int64(binary.LittleEndian.Uint32(info[4:])), int64(binary.LittleEndian.Uint32(info[8:]))
		scale := math.Float32frombits(binary.LittleEndian.Uint32(info[12:]))
		offset := math.Float32frombits(binary.LittleEndian.Uint32(info[16:]))
		const most = 1 << 13 // a side; real ones have 1,201 at most
		if info[1] != 1 || width < 1 || height < 1 || width > most || height > most || width*height != to-from {
			return fmt.Errorf("%w: raster %q has %d bytes for %d × %d values of %d bytes", ErrDSF,
				names[number], to-from, width, height, info[1])
		}
		values := make([]byte, to-from)
		if _, err := r.ReadAt(values, from); err != nil {
			return fmt.Errorf("%w: raster %q: %w", ErrDSF, names[number], err)
		}
		for y := range int64(SeasonGrid) {
			for x := range int64(SeasonGrid) {
				v := values[(2*y+1)*height/(2*SeasonGrid)*width+(2*x+1)*width/(2*SeasonGrid)]
				day := math.Floor(float64(v)*float64(scale) + float64(offset))
				s.days[y*SeasonGrid+x][season] = uint16(min(max(day, 0), 366)) // NaN becomes 0 or 366
			}
		}
		return nil
	})
	return found, err
}
