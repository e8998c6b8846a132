package main

import (
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/cli"
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

// registerBake registers the flags of a look that textures keep. A user's default look is that of
// mounts.
func (o *workFlags) registerBake(f *pflag.FlagSet) {
	registerLook(f, &o.looks)
	f.BoolVar(&o.bake, "bake-look", false,
		"change the textures of the archive itself, for good, by --look and --season")
	cli.Explicit(f, "look", "season", "saturation", "snow", "season-rasters", "bake-look")
}

// bakeLook makes the look of the flags an option of the work.
func (o *workFlags) bakeLook(w io.Writer) error {
	l, err := o.looks.Bake(o.bake, time.Now(), notes(w))
	if l != nil {
		o.Look, o.LookName = l.Of, l.String()
	}
	return err
}

// makeLook returns the look that flags ask for, and its name; nil and "" for none. The season auto
// is that of now.
func makeLook(o look.Options, now time.Time, w io.Writer) (of func(tiles.Texture) *dds.Recolouring, name string,
	err error) {
	l, err := o.Make(now, notes(w))
	if l == nil || err != nil {
		return nil, "", err
	}
	return l.Of, l.String(), nil
}
