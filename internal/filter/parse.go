package filter

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/units"
)

// Parse reads the lines of a .flt file, which run in their order; # begins a comment. A line may
// hold several steps with semicolons between them. Notes say what is left out: steps that look at
// the pixels around (sharpness, blur). An error names the line.
func Parse(text string) (f *Filter, notes []string, err error) {
	f = &Filter{}
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line, _, _ = strings.Cut(line, "#")
		for part := range strings.SplitSeq(line, ";") {
			words := strings.Fields(part)
			if len(words) == 0 {
				continue
			}
			note, err := f.step(words[0], words[1:])
			if err != nil {
				return nil, nil, fmt.Errorf("line %d: %w", number, err)
			}
			if note != "" {
				notes = append(notes, fmt.Sprintf("line %d: %s", number, note))
			}
		}
	}
	return f, notes, nil
}

// step adds the step that name and its numbers describe.
func (f *Filter) step(name string, words []string) (note string, err error) {
	wanted := map[string]int{"brightness-contrast": 2, "saturation": 1, "levels": 15,
		"sharpness": 1, "blur": 1}
	n, known := wanted[name]
	switch {
	case !known:
		return "", fmt.Errorf("unknown step %q (want brightness-contrast, saturation or levels)",
			name)
	case len(words) != n:
		return "", fmt.Errorf("%s takes %s, not %d", name, units.Plural(n, "number"), len(words))
	}
	v := make([]float64, n)
	for i, word := range words {
		if v[i], err = strconv.ParseFloat(word, 64); err != nil || math.IsNaN(v[i]) ||
			math.IsInf(v[i], 0) {
			return "", fmt.Errorf("%s: %q is not a number", name, word)
		}
	}
	switch name {
	case "brightness-contrast":
		if math.Abs(v[0]) > 127 || math.Abs(v[1]) > 127 {
			return "", fmt.Errorf("brightness-contrast %v %v: both must be within -127 to 127",
				v[0], v[1])
		}
		f.brightnessContrast(v[0], v[1])
	case "saturation":
		if v[0] < -100 || v[0] > 1000 {
			return "", fmt.Errorf("saturation %v must be within -100 to 1000", v[0])
		}
		f.saturate(v[0])
	case "levels":
		var of [3]curve
		for ch := range of {
			c := curve{v[ch*5], v[ch*5+1], v[ch*5+2], v[ch*5+3], v[ch*5+4]}
			switch {
			case c.inMin < 0 || c.inMax > 255 || c.outMin < 0 || c.outMin > 255 || c.outMax < 0 ||
				c.outMax > 255:
				return "", fmt.Errorf("levels: colour %d: values must be within 0 to 255", ch+1)
			case c.inMin >= c.inMax:
				return "", fmt.Errorf("levels: colour %d: the first value, %v, must be below the "+
					"third, %v", ch+1, c.inMin, c.inMax)
			case c.gamma < 0.01 || c.gamma > 100:
				return "", fmt.Errorf("levels: colour %d: gamma %v must be within 0.01 to 100",
					ch+1, c.gamma)
			}
			of[ch] = c
		}
		f.levels(of)
	default:
		return fmt.Sprintf("%s is not applied: it would look at the pixels around", name), nil
	}
	return "", nil
}

// Short reads the short form of Ortho4XP's combined providers: L or D with two digits of brightness
// (lighter, darker), a letter or _ with two digits of contrast, and perhaps another with two digits
// of saturation, such as D20C10S30.
func Short(code string) (*Filter, error) {
	want := fmt.Errorf("filter %q: want L or D and two digits, a letter and two digits, and "+
		"perhaps a letter and two digits more, such as D20C10S30", code)
	if len(code) != 6 && len(code) != 9 || code[0] != 'L' && code[0] != 'D' {
		return nil, want
	}
	var n [3]float64
	for i := range len(code) / 3 {
		letter, digits := code[i*3], code[i*3+1:i*3+3]
		v, err := strconv.ParseUint(digits, 10, 8)
		if err != nil || letter != '_' && (letter|0x20 < 'a' || letter|0x20 > 'z') {
			return nil, want
		}
		n[i] = float64(v)
	}
	if code[0] == 'D' {
		n[0] = -n[0]
	}
	f := &Filter{}
	if n[0] != 0 || n[1] != 0 {
		f.brightnessContrast(n[0], n[1])
	}
	if n[2] != 0 {
		f.saturate(n[2])
	}
	return f, nil
}
