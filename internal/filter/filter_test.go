package filter

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The vectors were computed from the formulas by other code.
func TestCurves(t *testing.T) {
	for _, tt := range []struct {
		name     string
		curve    func(float64) float64
		in, want []float64
	}{
		{"darker, more contrast", func(v float64) float64 { return brightContrast(-40, 15, v) },
			[]float64{0, 64, 128, 200, 255}, []float64{-26.03, 38.9, 103.84, 176.89, 232.69}},
		{"lighter", func(v float64) float64 { return brightContrast(20, 0, v) },
			[]float64{0, 64, 128, 200, 255}, []float64{20.0, 78.98, 137.96, 204.31, 255.0}},
		{"levels that cut both ends", curve{38, 1, 222, 0, 255}.at, []float64{0, 64, 128, 200, 255},
			[]float64{0.0, 36.03, 124.73, 224.51, 255.0}},
		{"levels with a gamma", curve{0, 0.95, 255, 0, 255}.at, []float64{64, 128, 200},
			[]float64{59.51, 123.44, 197.46}},
		{"nothing", func(v float64) float64 { return brightContrast(0, 0, v) },
			[]float64{0, 64, 128, 200, 255}, []float64{0, 64, 128, 200, 255}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i, v := range tt.in {
				if got := tt.curve(v); math.Abs(got-tt.want[i]) > 0.006 {
					t.Errorf("%v becomes %v, want %v", v, got, tt.want[i])
				}
			}
		})
	}
}

func TestApply(t *testing.T) {
	for _, tt := range []struct {
		name, filter string
		in, want     [4]byte
	}{
		{"no step", "", [4]byte{200, 100, 50, 7}, [4]byte{200, 100, 50, 7}},
		{"grey is BT.601's", "saturation -100", [4]byte{200, 100, 50, 255},
			[4]byte{124, 124, 124, 255}},
		{"half the colour", "saturation -50", [4]byte{200, 100, 50, 255},
			[4]byte{162, 112, 87, 255}},
		{"more than the scale holds", "saturation 100", [4]byte{200, 100, 50, 255},
			[4]byte{255, 76, 0, 255}},
		{"grey stays grey", "saturation 30", [4]byte{90, 90, 90, 255}, [4]byte{90, 90, 90, 255}},
		{"clipped below", "brightness-contrast -40 15", [4]byte{0, 64, 255, 255},
			[4]byte{0, 39, 233, 255}},
		{"each colour its own levels", "levels 0 1 255 0 255 0 1 255 255 0 0 1 255 10 10",
			[4]byte{1, 2, 3, 4}, [4]byte{1, 253, 10, 4}},
		{"in the order of the file", "brightness-contrast 0 127\nbrightness-contrast -127 0",
			[4]byte{250, 10, 128, 255}, [4]byte{128, 0, 64, 255}},
		{"and in the other", "brightness-contrast -127 0\nbrightness-contrast 0 127",
			[4]byte{250, 10, 128, 255}, [4]byte{0, 0, 0, 255}},
		{"comments, blanks and ends of lines", "# of a summer\r\n\r\n saturation\t-100 # grey",
			[4]byte{200, 100, 50, 255}, [4]byte{124, 124, 124, 255}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, notes, err := Parse(tt.filter)
			if err != nil || notes != nil {
				t.Fatal(err, notes)
			}
			pix := tt.in
			f.Apply(pix[:])
			if pix != tt.want {
				t.Errorf("%v becomes %v, want %v", tt.in, pix, tt.want)
			}
		})
	}
}

func TestShipped(t *testing.T) {
	for name, text := range map[string]string{
		"AltoAdige1415": "brightness-contrast -20 0\n",
		"GeoPunt2012": "levels 0 0.95 255 0 255 0 1 255 0 255 0 1.05 255 0 " +
			"255\nbrightness-contrast -25 10",
		"PCN06": "levels 38 1 222 0 255 45 1 224 0 255 54 1 227 0 255\nsaturation -30\n",
	} {
		f, notes, err := Parse(text)
		if err != nil || notes != nil {
			t.Errorf("%s: %v %v", name, err, notes)
		}
		again, _, err := Parse(f.String())
		if err != nil || again.String() != f.String() {
			t.Errorf("%s: %q is read back as %q, %v", name, f, again, err)
		}
	}
}

func TestNotApplied(t *testing.T) {
	f, notes, err := Parse("saturation 10\nsharpness 2\nblur 3\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"line 2: sharpness is not applied: it would look at the pixels around",
		"line 3: blur is not applied: it would look at the pixels around"}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
	if got := f.String(); got != "saturation 10" {
		t.Errorf("the filter is %q", got)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"saturation":      "line 1: saturation takes 1 number, not 0",
		"\nsepia 3":       `line 2: unknown step "sepia" (want brightness-contrast, saturation or levels)`,
		"saturation lots": `line 1: saturation: "lots" is not a number`,
		"saturation NaN":  `line 1: saturation: "NaN" is not a number`,
		"saturation -101": "line 1: saturation -101 must be within -100 to " +
			"1000",
		"brightness-contrast 0 128": "line 1: brightness-contrast 0 128: both must be " +
			"within -127 to 127",
		"levels 9 1 9 0 1 0 1 2 3 4 0 1 2 3 4": "line 1: levels: colour 1: the first value, 9, " +
			"must be below the third, 9",
		"levels 0 1 9 0 1 0 0 2 3 4 0 1 2 3 4": "line 1: levels: colour 2: gamma 0 must be " +
			"within 0.01 to 100",
	} {
		if _, _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestShort(t *testing.T) {
	for code, want := range map[string]string{
		"D20C10S30": "brightness-contrast -20 10; saturation 30",
		"L05C00":    "brightness-contrast 5 0",
		"D00C00":    "",
		"L20_10_30": "brightness-contrast 20 10; saturation 30",
		"X20C10":    "error", "D2xC10": "error", "D20C1": "error", "D20": "error",
		"D20110": "error", "": "error",
	} {
		f, err := Short(code)
		if got := f.String(); (err != nil) != (want == "error") || err == nil && got != want {
			t.Errorf("%s: %q, %v; want %q", code, got, err, want)
		}
	}
}
