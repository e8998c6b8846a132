package fly

import "testing"

// A new plan for the same airports extends the archive of the old one.
func TestName(t *testing.T) {
	for file, want := range map[string]string{
		"plans/Mein Flug.fms":                            "Mein-Flug.mbtiles",
		"LSGG-LFMN 2026-11-26.pln":                       "LSGG-LFMN.mbtiles",
		"simbrief-simmer 20261126-200000.json":           "simbrief-simmer.mbtiles",
		"simbrief-simmer 20261126-200000 LFMN-LFPB.json": "simbrief-simmer-LFMN-LFPB.mbtiles",
		"simbrief-simmer 20261127-080000 LFMN-LFPB.json": "simbrief-simmer-LFMN-LFPB.mbtiles",
		"Cessna 20261126 20261127.fms":                   "Cessna-20261127.mbtiles",
	} {
		if got := Name([]string{file}, ""); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
	if got := Name([]string{"a.fms", "b 20260101.fms"}, "https://example.org/x?token=y"); got != "a+b_example.org.mbtiles" {
		t.Error(got)
	}
}
