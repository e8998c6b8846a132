package mbtiles

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Every layout comes back byte for byte, whether its segments are raw or compressed.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, f := range []dds.Format{dds.BC1, dds.BC3} {
		for side := 256; side <= 4096; side *= 2 {
			l := dds.Layout{Format: f, Side: side}
			t.Run(fmt.Sprintf("%v at %d", f, side), func(t *testing.T) {
				if testing.Short() && side > 1024 {
					t.Skip("many megabytes many times over: for the full suite")
				}
				want := halfNoise(l)
				a := build(t, map[string][]byte{"32_16_BI12": want})
				var got bytes.Buffer
				got.Grow(len(want))
				if err := a.WriteTo(t.Context(), lookup(t, a, "32_16_BI12"), &got); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Bytes(), want) {
					t.Error("the file differs")
				}
				mustVerify(t, a)
			})
		}
	}
}
