// Package filter changes the colours of decoded pixels, as Ortho4XP's .flt files describe it:
// brightness and contrast, saturation, levels.
//
//	f, notes, err := filter.Parse(text) // a .flt file, or Short("D20C10S30")
//	f.Apply(img.Pix)
//
// Every step looks at one pixel alone, so it does not matter in which pieces a picture comes. A
// step's result is rounded to whole code values and kept within 0 to 255, as Ortho4XP's is, before
// the next step sees it.
package filter

import (
	"fmt"
	"math"
	"strings"
)

// Filter is a list of steps. The zero value changes nothing. It is not changed after it was made,
// and safe for concurrent use.
type Filter struct {
	steps []step
	text  []string // the steps as a .flt file has them
}

// step is one change: by tables a channel, or, without them, of saturation.
type step struct {
	tables     *[3][256]uint8
	saturation int32 // the factor times 65,536
}

// String returns the steps as a .flt file has them, "; " between them: equal texts are equal
// filters.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return strings.Join(f.text, "; ")
}

// Then returns the filter that does f's steps and then g's. Either may be nil.
func (f *Filter) Then(g *Filter) *Filter {
	switch {
	case f == nil:
		return g
	case g == nil:
		return f
	}
	return &Filter{
		steps: append(append([]step{}, f.steps...), g.steps...),
		text:  append(append([]string{}, f.text...), g.text...),
	}
}

// Apply changes pix, RGBA with four bytes a pixel; alpha stays.
func (f *Filter) Apply(pix []byte) {
	if f == nil {
		return
	}
	for _, s := range f.steps {
		if s.tables != nil {
			for i := 0; i+3 < len(pix); i += 4 {
				pix[i], pix[i+1], pix[i+2] = s.tables[0][pix[i]], s.tables[1][pix[i+1]], s.tables[2][pix[i+2]]
			}
			continue
		}
		for i := 0; i+3 < len(pix); i += 4 {
			grey := greyOf(pix[i], pix[i+1], pix[i+2])
			for ch := range 3 {
				pix[i+ch] = uint8(min(max((grey<<16+s.saturation*(int32(pix[i+ch])-grey)+1<<15)>>16, 0), 255))
			}
		}
	}
}

// greyOf is the luma of BT.601 in the integers of the library that Ortho4XP uses.
func greyOf(r, g, b uint8) int32 {
	return (19595*int32(r) + 38470*int32(g) + 7471*int32(b) + 1<<15) >> 16
}

// add adds a step whose tables are made of curve, for the channels one after the other.
func (f *Filter) add(text string, curve func(channel int, value float64) float64) {
	var tables [3][256]uint8
	for ch := range tables {
		for v := range tables[ch] {
			tables[ch][v] = uint8(min(max(math.Round(curve(ch, float64(v))), 0), 255))
		}
	}
	f.steps = append(f.steps, step{tables: &tables})
	f.text = append(f.text, text)
}

// brightnessContrast adds GIMP's brightness and contrast, each within ±127.
func (f *Filter) brightnessContrast(b, c float64) {
	f.add(fmt.Sprintf("brightness-contrast %v %v", b, c), func(_ int, v float64) float64 { return brightContrast(b, c, v) })
}

// brightContrast is the curve of brightness-contrast before it is rounded.
func brightContrast(b, c, v float64) float64 {
	slope := math.Tan(math.Pi / 4 * (1 + c/128))
	if b < 0 {
		v = (255 + b) / 255 * v
	} else {
		v = b + float64((255-b)/255*v)
	}
	return 128 + float64(slope*(v-128))
}

// saturate adds a change of saturation by percent: -100 is grey, 0 nothing.
func (f *Filter) saturate(percent float64) {
	f.steps = append(f.steps, step{saturation: int32(math.Round((1 + percent/100) * 65536))})
	f.text = append(f.text, fmt.Sprintf("saturation %v", percent))
}

// curve is what levels do to one channel.
type curve struct{ inMin, gamma, inMax, outMin, outMax float64 }

// at is the curve before it is rounded.
func (c curve) at(v float64) float64 {
	v = (min(max(v, c.inMin), c.inMax) - c.inMin) / (c.inMax - c.inMin)
	return c.outMin + float64((c.outMax-c.outMin)*math.Pow(v, 1/c.gamma))
}

// levels adds GIMP's levels for red, green and blue.
func (f *Filter) levels(of [3]curve) {
	var text strings.Builder
	text.WriteString("levels")
	for _, c := range of {
		fmt.Fprintf(&text, " %v %v %v %v %v", c.inMin, c.gamma, c.inMax, c.outMin, c.outMax)
	}
	f.add(text.String(), func(ch int, v float64) float64 { return of[ch].at(v) })
}
