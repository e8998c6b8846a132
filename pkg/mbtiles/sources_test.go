package mbtiles

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/terms"
)

// described are sources of three kinds: free, for nobody's money, and not to be passed on.
var described = terms.Sources{
	{ID: "ign", Licence: "Licence Ouverte 2.0", Terms: terms.Of("Licence Ouverte 2.0"), Attribution: "© IGN"},
	{ID: "eox", Licence: "CC BY-NC-SA 4.0", Terms: terms.Of("CC BY-NC-SA 4.0"), Attribution: "EOX"},
	{ID: "bing", Licence: "commercial", Terms: terms.Terms{Redistribution: terms.No}, Attribution: "Microsoft"},
}

// TestSourcesAreCounted builds archives, takes parts of them and looks at what they say of their
// sources: what is listed must be what is used, and terms must follow.
func TestSourcesAreCounted(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w := createAt(t, path)
	for i, r := range []Record{
		{Texture: mustParse("16_16_BI12"), Provider: "ign", Chunks: 256},
		{Texture: mustParse("16_32_BI12"), Provider: "ign", Chunks: 64, Captured: terms.Days{Oldest: "2019-05-01", Newest: "2020-01-01"}},
		{Texture: mustParse("32_16_BI12"), Provider: "open", Sources: "bing:200,eox:56", Chunks: 256},
		{Texture: mustParse("48_16_BI12"), Provider: "open", Sources: terms.Use{}.String(), Chunks: 256, Missing: 256},
		{Texture: mustParse("64_16_BI12"), Provider: "::1", Chunks: 1},
	} {
		if err := w.Put(ctx, r, encode(t, None, ddsFile(small, uint64(i)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Put(ctx, Record{Texture: mustParse("80_16_BI12"), Sources: "eox"}, encode(t, None, ddsFile(small, 9))); err == nil {
		t.Error("sources that do not say how many chunks were taken")
	}
	if err := errors.Join(w.Finish(ctx, map[string]string{KeySources: described.String()}), w.Close()); err != nil {
		t.Fatal(err)
	}
	want := terms.Sources{described[0], described[2], described[1], {ID: "::1"}}
	for i, n := range [][2]int{{320, 2}, {200, 1}, {56, 1}, {1, 1}} {
		want[i].Chunks, want[i].Textures = n[0], n[1]
	}
	want[0].Captured = &terms.Days{Oldest: "2019-05-01", Newest: "2020-01-01"}
	a := openAt(t, path)
	info, err := a.Info(ctx)
	if diff := cmp.Diff(want, info.Sources); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for name, value := range map[string]string{
		KeyRedistributable: "false", KeyProviders: "ign,bing,eox,::1",
		KeyLicence: "ign: Licence Ouverte 2.0\nbing: commercial\neox: CC BY-NC-SA 4.0\n::1: unknown",
	} {
		if got := info.Metadata[name]; got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	record, err := a.Record(ctx, lookup(t, a, "32_16_BI12"))
	if err != nil || record.Provider != "open" || record.Sources != "bing:200,eox:56" {
		t.Errorf("%+v, %v", record, err)
	}

	// Without what may not be passed on, the rest may; without eox, for money too.
	for _, tt := range []struct {
		keep, providers, redistributable string
		commercial, shareAlike           terms.Answer
	}{
		{"16_", "ign", "true", terms.Yes, terms.No},
		{"32_", "bing,eox", "false", terms.No, terms.Yes},
	} {
		part := filepath.Join(t.TempDir(), "part.mbtiles")
		if _, err := a.Extract(ctx, part, func(e Entry) bool { return strings.HasPrefix(e.Texture.File(), tt.keep) }, CopyOptions{}); err != nil {
			t.Fatal(err)
		}
		info, err := openAt(t, part).Info(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if info.Metadata[KeyProviders] != tt.providers || info.Metadata[KeyRedistributable] != tt.redistributable || info.Terms.Commercial != tt.commercial || info.Terms.ShareAlike != tt.shareAlike {
			t.Errorf("of %s: %v, %+v", tt.keep, info.Metadata, info.Terms)
		}
	}
}
