package mbtiles

import (
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tool runs a program of another project over an archive; the test is skipped where it is not
// installed.
func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed: %v", name, err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	out, err := cmd.Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			out = append(out, e.Stderr...)
		}
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return out
}

// GDAL takes the archive for what it is and draws its previews, and their overviews, where they
// belong.
func TestGDAL(t *testing.T) {
	// A square of 2×2 textures, north-west at 8/132/92, all corners inside the Alps; the one in the
	// south-west is missing.
	a := build(t, map[string][]byte{
		"1472_2112_BI12": solidFile(small, red), "1472_2128_BI12": solidFile(small, green),
		"1488_2128_BI12": solidFile(small, blue),
	})
	var info struct {
		DriverShortName  string
		Size             [2]int
		CoordinateSystem struct{ WKT string }
		GeoTransform     [6]float64
		Metadata         map[string]map[string]string
		Bands            []struct{ Overviews []struct{ Size [2]int } }
	}
	if err := json.Unmarshal(tool(t, "gdalinfo", "-json", a.path), &info); err != nil {
		t.Fatal(err)
	}
	if info.DriverShortName != "MBTiles" || info.Size != [2]int{512, 512} {
		t.Errorf("driver %q, size %v", info.DriverShortName, info.Size)
	}
	// The corner in metres of EPSG:3857, from the tile's address alone.
	const half = math.Pi * 6378137
	wantX, wantY := 132.0/256*2*half-half, half-92.0/256*2*half
	if math.Abs(info.GeoTransform[0]-wantX) > 1 || math.Abs(info.GeoTransform[3]-wantY) > 1 {
		t.Errorf("corner at %v, %v, want %v, %v", info.GeoTransform[0], info.GeoTransform[3], wantX, wantY)
	}
	if info.Metadata[""]["format"] != "jpg" {
		t.Errorf("metadata: %v", info.Metadata)
	}
	if len(info.Bands) == 0 || len(info.Bands[0].Overviews) == 0 {
		t.Errorf("GDAL sees no overviews: %+v", info.Bands)
	}
	for _, tt := range []struct {
		name string
		size string
		side int
	}{{"previews", "100%", 512}, {"overviews", "25%", 128}} {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.png")
			tool(t, "gdal_translate", "-q", "-of", "PNG", "-outsize", tt.size, tt.size, a.path, out)
			f, err := os.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			img, err := png.Decode(f)
			if err != nil {
				t.Fatal(err)
			}
			if img.Bounds().Dx() != tt.side {
				t.Fatalf("%v, want %d px", img.Bounds(), tt.side)
			}
			q := tt.side / 4
			checkPixels(t, tt.name, img, map[image.Point]color.RGBA{
				{q, q}: shown[red], {3 * q, q}: shown[green], {3 * q, 3 * q}: shown[blue],
			})
		})
	}
}
