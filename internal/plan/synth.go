package plan

import (
	"context"
	"time"

	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// SynthOptions describe a trace of imaginary flights along the routes of a selection, one after
// another.
type SynthOptions struct {
	Selection
	Output string
	Knots  float64       // speed over ground
	Seed   uint64        // chooses the distances at which cells are loaded
	Limit  time.Duration // ends each flight after this long; 0: at its destination
	Note   func(string)
}

// Synth makes the trace. It returns the name of its file and the number of its events.
func Synth(ctx context.Context, o SynthOptions) (file string, events int, err error) {
	switch {
	case o.Output == "":
		return "", 0, usage.Errorf("no output file: give -o FILE")
	case len(o.Routes) == 0:
		return "", 0, usage.Errorf("no route: give --route FILE")
	case !(o.Knots > 0 && o.Knots < 3000):
		return "", 0, usage.Errorf("--knots %v: must be positive", o.Knots)
	case o.Limit < 0:
		return "", 0, usage.Errorf("--limit %v: must be positive", o.Limit)
	}
	if len(o.Scenery) > 0 {
		o.Maptype = ""
	}
	o.Detail, o.PixelAngle = "full", tiles.DefaultPixelAngle
	if err := o.Validate(); err != nil {
		return "", 0, err
	}
	g, err := o.Ground(o.Note)
	if err != nil {
		return "", 0, err
	}
	packages, err := OpenScenery(ctx, o.Scenery, nil, o.Note)
	if err != nil {
		return "", 0, err
	}
	s, err := o.Resolve(ctx, g, packages, o.Maptype)
	if err != nil {
		return "", 0, err
	}
	var textures []tiles.Texture
	for _, it := range s.Items {
		textures = append(textures, it.Texture)
	}
	var flights []trace.Synth
	for _, path := range s.Paths {
		flights = append(flights, trace.Synth{Path: path, Textures: textures,
			Speed: o.Knots * 1852 / 3600, Seed: o.Seed, Limit: o.Limit})
	}
	return trace.CreateSynth(ctx, o.Output, flights)
}
