package main

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// registerImagery registers the flags about imagery that build and mount share.
func registerImagery(f *pflag.FlagSet, o *imagery.Options) {
	f.StringVar(&o.Provider, "provider", imagery.Auto,
		"source of imagery: an `ID` listed by \"xelpack providers\", a URL template with {x} {y} "+
			"{z}, mbtiles:FILE, an Ortho4XP FILE.lay or FILE.comb, a mosaic, or auto")
	f.StringVar(&o.Zones, "provider-map", "",
		"GeoJSON `FILE` of polygons, each with the property \"provider\", over --provider")
	f.IntVar(&o.Concurrency, "concurrency", 0,
		fmt.Sprintf("requests in flight at once, at most %d (default 16 per processor)",
			fetch.MaxConcurrency))
	f.StringVar(&o.Keep, "keep-chunks", "",
		"maximum `SIZE` of the store of fetched chunks, for each provider (default "+imagery.DefaultKeep+"; for a bare URL template only chunks of textures with holes)")
	f.BoolVar(&o.NoStore, "no-store", false, "do not use the store of fetched chunks")
	f.BoolVar(&o.Offline, "offline", false,
		"use no network: chunks that are not in the store are missing")
	f.Float64Var(&o.Rate, "rate", 0,
		"requests a second at most (default as many as the provider accepts)")
}

// meters returns a function that shows the progress of steps on w.
func meters(w io.Writer) func(what string) (set func(done, total int64), end func()) {
	return func(what string) (func(int64, int64), func()) {
		m := progress.NewMeter(w, what)
		return m.Set, m.Close
	}
}

// notes returns a function that prints notes for people, a line each.
func notes(w io.Writer) func(string) {
	return func(text string) { fmt.Fprintln(w, words.Line(words.Plain(text))) }
}
