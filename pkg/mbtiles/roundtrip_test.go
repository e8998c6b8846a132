package mbtiles

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Every layout, in every compression, comes back byte for byte.
func TestRoundTrip(t *testing.T) {
	for _, f := range []dds.Format{dds.BC1, dds.BC3} {
		for side := 256; side <= 4096; side *= 2 {
			l := dds.Layout{Format: f, Side: side}
			t.Run(fmt.Sprintf("%v at %d", f, side), func(t *testing.T) {
				files := map[string][]byte{"32_16_BI12": ddsFile(l, 1), "32_32_BI12": solidFile(l, 0x1234)}
				a := build(t, files)
				for name, want := range files {
					var got bytes.Buffer
					if err := a.WriteTo(t.Context(), lookup(t, a, name), &got); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got.Bytes(), want) {
						t.Errorf("%s differs", name)
					}
				}
				mustVerify(t, a)
			})
		}
	}
}
