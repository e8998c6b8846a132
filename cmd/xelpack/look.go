package main

import (
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/look"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// registerLook registers the flags that change how textures look.
func registerLook(f *pflag.FlagSet, o *look.Options) {
	f.StringVar(&o.Look, "look", "",
		"change the colours of textures: softer, much-softer or an Ortho4XP `FILE.flt`")
	f.StringVar(&o.Season, "season", "off",
		"show the season of a `DATE` such as 01-15, auto (today's) or off")
	f.StringVar(&o.Saturation, "saturation", "",
		"`PERCENT` of colour in spring, summer, autumn and winter, or in twelve months, with "+
			"commas between them (default 70,100,80,55)")
	f.IntVar(&o.Snow, "snow", 0,
		"whiten bright ground in winter by `PERCENT`, from 35° of latitude on; paint, not weather")
	f.StringVar(&o.XPlane, "season-rasters", "",
		"X-Plane's `DIR`, whose Global Scenery has the days of the seasons of every place "+
			"(default a calendar)")
}

// makeLook returns the look that flags ask for, and its name; nil and "" for none.
func makeLook(o look.Options, w io.Writer) (of func(tiles.Texture) *dds.Recolouring, name string,
	err error) {
	l, err := o.Make(time.Now(), notes(w))
	if l == nil || err != nil {
		return nil, "", err
	}
	return l.Of, l.String(), nil
}
