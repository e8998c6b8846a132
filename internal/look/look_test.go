package look

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestCalendar: AutoOrtho's shares of colour on days of the year.
func TestCalendar(t *testing.T) {
	for day, want := range map[int]float64{1: 55, 70: 55, 75: 58.75, 80: 62.5, 90: 70, 162: 70,
		172: 85, 182: 100, 254: 100, 264: 90, 274: 80, 344: 80, 354: 67.5, 363: 56.25, 364: 55} {
		got, _ := (&Season{Day: day}).At(47, 13)
		if math.Abs(got*100-want) > 1e-9 {
			t.Errorf("day %d: %v %%, want %v", day, got*100, want)
		}
	}
}

// TestPlaces: the south has the season of half a year later, the equator none, and nowhere is there
// a step.
func TestPlaces(t *testing.T) {
	january := &Season{Day: 15, Snow: 1}
	for _, test := range []struct{ lat, saturation, white float64 }{
		{60, .55, 1}, {50, .55, 1}, {42.5, .55, .5}, {35, .55, 0}, {30, .55, 0}, {15, .775, 0},
		{0, 1, 0}, {-30, 1, 0}, {-60, 1, 0}, {90, .55, 1},
	} {
		s, w := january.At(test.lat, 0)
		if math.Abs(s-test.saturation) > 1e-9 || math.Abs(w-test.white) > 1e-9 {
			t.Errorf("%v: %v %v, want %v %v", test.lat, s, w, test.saturation, test.white)
		}
	}
	if s, w := (&Season{Day: 15 + 182, Snow: 1}).At(-60, 0); s != .55 || w != 1 {
		t.Errorf("July in the south: %v %v, want winter", s, w)
	}
	for lat := -89.0; lat < 89; lat += .01 {
		a, _ := january.At(lat, 0)
		b, _ := january.At(lat+.01, 0)
		if math.Abs(a-b) > .001 {
			t.Errorf("a step at %v: %v, %v", lat, a, b)
		}
	}
}

func TestBogusDays(t *testing.T) {
	for name, days := range map[string][8]int{
		"all zero":      {},
		"backwards":     {364, 344, 274, 254, 182, 162, 90, 70},
		"two wraps":     {90, 162, 100, 254, 120, 344, 364, 70},
		"summer inside": {90, 300, 182, 254, 274, 344, 364, 70},
	} {
		if valid(days) {
			t.Errorf("%s is valid", name)
		}
		s := &Season{Day: 75, Days: func(float64, float64) ([8]int, bool) { return days, true }}
		if got, _ := s.At(47, 13); math.Abs(got-.5875) > 1e-9 {
			t.Errorf("%s: %v, want the default calendar's 0.5875", name, got)
		}
	}
	shifted := [8]int{272, 344, 364, 71, 91, 161, 181, 252} // a real order: the south's
	s := &Season{Day: 200, Days: func(float64, float64) ([8]int, bool) { return shifted, true }}
	if got, _ := s.At(-47, 13); got != .55 {
		t.Errorf("days of rasters in the south: %v, want winter", got)
	}
}

func TestMonths(t *testing.T) {
	shares, err := parseSaturation("55,55,60,75,100,100,95,95,85,80,70,60")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		date string
		want float64
	}{{"01-16", .55}, {"04-17", .75}, {"07-01", .975}, {"12-31", .5767}} {
		day, err := parseDay(test.date)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := (&Season{Day: day, Saturation: shares}).At(47, 13); math.Abs(got-test.want) > .005 {
			t.Errorf("%s: %v, want %v", test.date, got, test.want)
		}
	}
}

func TestBadInput(t *testing.T) {
	for _, s := range []string{"02-30", "", "13-01", "15.1.", "auto"} {
		if d, err := parseDay(s); err == nil {
			t.Errorf("date %q is day %d", s, d)
		}
	}
	if d, err := parseDay("02-29"); err != nil || d != 60 {
		t.Errorf("February 29: %d, %v", d, err)
	}
	for _, s := range []string{"", "70,100,80", "70,100,80,155", "a,b,c,d", "NaN,1,1,1"} {
		if v, err := parseSaturation(s); err == nil {
			t.Errorf("saturation %q is %v", s, v)
		}
	}
	flt := filepath.Join(t.TempDir(), "bad.flt")
	if err := os.WriteFile(flt, []byte("saturation 3\nglow 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"dark": "unknown look", flt: "line 2", "none.flt": "read the look"} {
		if _, _, err := Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("look %q: %v, want %q", name, err, want)
		}
	}
}

// TestNamedLooks: OrthoStudio XP's colours, on pixels.
func TestNamedLooks(t *testing.T) {
	for name, want := range map[string][3][3]byte{
		"softer":      {{183, 101, 59}, {45, 111, 37}, {65, 74, 56}},
		"much-softer": {{165, 102, 70}, {53, 104, 46}, {65, 72, 58}},
	} {
		l, _, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, in := range [3][3]byte{{200, 100, 50}, {40, 120, 30}, {66, 77, 55}} {
			pix := []byte{in[0], in[1], in[2], 255}
			l.Colour(pix)
			if [3]byte(pix) != want[i] {
				t.Errorf("%s: %v is %v, want %v", name, in, pix[:3], want[i])
			}
		}
	}
}

// TestVectorsOnBlocks: the colours of named looks and of Ortho4XP's filters at the ends of blocks,
// within a step of 565 of what they are on pixels.
func TestVectorsOnBlocks(t *testing.T) {
	texture, err := tiles.ParseName("22912_35136_BI16")
	if err != nil {
		t.Fatal(err)
	}
	softer, _, _ := Load("softer")
	much, _, _ := Load("much-softer")
	grey := func(v byte) [3]byte { return [3]byte{v, v, v} }
	for _, test := range []struct {
		name, flt string
		look      *Look
		in, want  [][3]byte
	}{
		{"softer", "", softer, [][3]byte{{200, 100, 50}, {40, 120, 30}, {66, 77, 55}},
			[][3]byte{{183, 101, 59}, {45, 111, 37}, {65, 74, 56}}},
		{"much softer", "", much, [][3]byte{{200, 100, 50}, {40, 120, 30}, {66, 77, 55}},
			[][3]byte{{165, 102, 70}, {53, 104, 46}, {65, 72, 58}}},
		{"darker", "brightness-contrast -40 15", nil, [][3]byte{grey(0), grey(64), grey(128), grey(200), grey(255)},
			[][3]byte{grey(0), grey(39), grey(104), grey(177), grey(233)}},
		{"lighter", "brightness-contrast 20 0", nil, [][3]byte{grey(0), grey(64), grey(128), grey(200), grey(255)},
			[][3]byte{grey(20), grey(79), grey(138), grey(204), grey(255)}},
		{"levels", "levels 38 1 222 0 255 38 1 222 0 255 38 1 222 0 255", nil,
			[][3]byte{grey(0), grey(64), grey(128), grey(200), grey(255)},
			[][3]byte{grey(0), grey(36), grey(125), grey(225), grey(255)}},
		{"gamma", "levels 0 0.95 255 0 255 0 0.95 255 0 255 0 0.95 255 0 255", nil,
			[][3]byte{grey(64), grey(128), grey(200)}, [][3]byte{grey(60), grey(123), grey(197)}},
	} {
		if test.look == nil {
			f, _, err := filter.Parse(test.flt)
			if err != nil {
				t.Fatal(err)
			}
			test.look = &Look{Colour: f.Apply}
		}
		for i, in := range test.in {
			block := make([]byte, 8)
			binary.LittleEndian.PutUint16(block, near565(in))
			binary.LittleEndian.PutUint16(block[2:], near565(in))
			dds.Layout{Format: dds.BC1, Side: 256}.Recolour(block, block, dds.HeaderSize, test.look.Of(texture))
			if got, want := binary.LittleEndian.Uint16(block), near565(test.want[i]); !within1(got, want) {
				t.Errorf("%s: %v is %04x, want %04x", test.name, in, got, want)
			}
		}
	}
}

func near565(c [3]byte) uint16 {
	return (uint16(c[0])*31+127)/255<<11 | (uint16(c[1])*63+127)/255<<5 | (uint16(c[2])*31+127)/255
}

// within1 reports whether two 565 colours differ by a step a channel at most.
func within1(a, b uint16) bool {
	for _, ch := range []struct{ shift, mask uint16 }{{11, 31}, {5, 63}, {0, 31}} {
		if d := int(a>>ch.shift&ch.mask) - int(b>>ch.shift&ch.mask); d < -1 || d > 1 {
			return false
		}
	}
	return true
}

// TestNoEdges: flat ground on both sides of a degree border on 15 March, where one cell has rasters
// with another spring: the blocks that touch differ by one step of 565 at most.
func TestNoEdges(t *testing.T) {
	early := [8]int{60, 162, 182, 254, 274, 344, 364, 50}
	s := &Season{Day: 74, Days: func(_, lon float64) ([8]int, bool) {
		if lon < 13 {
			return early, true
		}
		return calendar, true
	}}
	l := &Look{Season: s}
	west, err := tiles.ParseName("22912_35136_BI16")
	if err != nil {
		t.Fatal(err)
	}
	var last []byte
	for range 40 { // textures eastward, over the border
		layout := dds.Layout{Format: dds.BC1, Side: 256}
		file := make([]byte, layout.Size())
		for at := dds.HeaderSize; at < len(file); at += 8 {
			binary.LittleEndian.PutUint16(file[at:], 100>>3<<11|140>>2<<5|60>>3)
			binary.LittleEndian.PutUint16(file[at+2:], 100>>3<<11|140>>2<<5|60>>3)
		}
		layout.Recolour(file, file, 0, l.Of(west))
		first, end := file[dds.HeaderSize:][:8], file[dds.HeaderSize+63*8:][:8]
		if last != nil {
			a, b := binary.LittleEndian.Uint16(last), binary.LittleEndian.Uint16(first)
			if !within1(a, b) {
				t.Errorf("%v: %04x beside %04x", west, a, b)
			}
		}
		last = end
		west.Col += 16
	}
}
