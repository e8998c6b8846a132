package look

import (
	"fmt"
	"time"

	"github.com/xelpack/xelpack/internal/usage"
)

// Options describe a look as people ask for it. The zero value is none.
type Options struct {
	Look       string // as Load reads it; "": none
	Season     string // a date such as 01-15 or 2026-01-15, auto or off; "": off
	Saturation string // 4 or 12 percentages; "": AutoOrtho's
	Snow       int    // percent
	XPlane     string // folder whose Global Scenery has the days of the seasons; "": the default calendar
}

// Make returns the look, or nil if nothing is asked for. The season "auto" is that of now. Notes
// are what people should know, now or when a cell's seasons are read; errors are usage.Errors.
func (o Options) Make(now time.Time, note func(string)) (*Look, error) {
	l := new(Look)
	if o.Look != "" {
		var notes []string
		var err error
		if l, notes, err = Load(o.Look); err != nil {
			return nil, usage.Errorf("--look: %w", err)
		}
		for _, n := range notes {
			note(fmt.Sprintf("look %s: %s", o.Look, n))
		}
	}
	switch season, err := o.season(now, note); {
	case err != nil:
		return nil, err
	case season == nil && o.Look == "":
		return nil, nil
	default:
		l.Season = season
	}
	return l, nil
}

// Bake is Make for a look that textures keep for good: it is asked for by bake, and needs one.
func (o Options) Bake(bake bool, now time.Time, note func(string)) (*Look, error) {
	l, err := o.Make(now, note)
	switch {
	case err != nil:
		return nil, err
	case l != nil && !bake:
		return nil, usage.Errorf("--look and --season change textures for good here: give " +
			"--bake-look as well, or give them to mount, export or preview instead")
	case l == nil && bake:
		return nil, usage.Errorf("--bake-look: no look: give --look or --season as well")
	case bake && o.Season == "auto":
		return nil, usage.Errorf("--bake-look: --season auto differs tomorrow, when the archive "+
			"may have to be continued: give a date such as %s", now.Format("01-02"))
	}
	return l, nil
}

func (o Options) season(now time.Time, note func(string)) (s *Season, err error) {
	switch o.Season {
	case "", "off":
		if o.Snow != 0 || o.Saturation != "" {
			return nil, usage.Errorf("--snow and --saturation need a season: give --season auto as well")
		}
		return nil, nil
	case "auto":
		s = &Season{Day: dayOf(now)}
	default:
		day, err := parseDay(o.Season)
		if err != nil {
			return nil, usage.Errorf("--season: %w, or auto or off", err)
		}
		s = &Season{Day: day}
	}
	if o.Saturation != "" {
		if s.Saturation, err = parseSaturation(o.Saturation); err != nil {
			return nil, usage.Errorf("--saturation: %w", err)
		}
	}
	if o.Snow < 0 || o.Snow > 100 {
		return nil, usage.Errorf("--snow %d: must be within 0 to 100 percent", o.Snow)
	}
	s.Snow = float64(o.Snow) / 100
	if o.XPlane != "" {
		if s.Days, err = Rasters(o.XPlane, note); err != nil {
			return nil, usage.Errorf("--season-rasters: %w", err)
		}
	}
	return s, nil
}
