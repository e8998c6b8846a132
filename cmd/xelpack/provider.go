package main

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// registerImagery registers the flags about imagery that build and mount share.
func registerImagery(f *pflag.FlagSet, o *imagery.Options) {
	f.StringVar(&o.Provider, "provider", imagery.Auto, "where imagery comes from: an `ID` that \"xelpack providers\" lists, a URL template with {x} {y} {z}, mbtiles:FILE, an Ortho4XP FILE.lay, or auto")
	f.IntVar(&o.Concurrency, "concurrency", 0, fmt.Sprintf("requests in flight at once, at most %d (default 16 a processor)", fetch.MaxConcurrency))
	f.StringVar(&o.Keep, "keep-chunks", "", "`SIZE` that the store of fetched chunks may grow to, for each provider (default "+imagery.DefaultKeep+"; of a bare URL template only those of textures with holes)")
	f.BoolVar(&o.NoStore, "no-store", false, "neither use nor fill the store of fetched chunks")
	f.BoolVar(&o.Offline, "offline", false, "ask no provider: what is not in the store is missing")
	f.Float64Var(&o.Rate, "rate", 0, "requests a second at most (default as many as the provider takes)")
}

// notes returns what writes notes for people, a line each.
func notes(w io.Writer) func(string) {
	return func(text string) { fmt.Fprintln(w, text) }
}

// unsaid is notes for nobody.
func unsaid(string) {}
