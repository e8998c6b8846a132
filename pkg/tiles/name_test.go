package tiles

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseName(t *testing.T) {
	tests := map[string]Texture{
		"23952_33712_BI16":             {23952, 33712, 16, "BI"},
		"23952_33712_BI16.dds":         {23952, 33712, 16, "BI"},
		"23952-33712-BI16.DDS":         {23952, 33712, 16, "BI"},
		"100000_125184_BI18":           {100000, 125184, 18, "BI"},
		"23952_33712_PDOK1816.dds":     {23952, 33712, 16, "PDOK18"},
		"23952_33712_GO216.dds":        {23952, 33712, 16, "GO2"},
		"47904_67424_Arc@17.dds":       {47904, 67424, 17, "Arc@"},
		"5984_8416_My_Prov14.dds":      {5984, 8416, 14, "My_Prov"},
		"23952_33712_USA_216.dds":      {23952, 33712, 16, "USA_2"},
		"23952_33712_a-b16":            {23952, 33712, 16, "a-b"},
		"0_0_XP04":                     {0, 0, 4, "XP"},
		"23952_33712_bi16":             {23952, 33712, 16, "bi"},
		"65520_65520_BI16":             {65520, 65520, 16, "BI"},
		"23952_33712_" + mmm128 + "16": {23952, 33712, 16, mmm128},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseName(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			again, err := ParseName(got.File())
			if err != nil || again != got {
				t.Errorf("the canonical name %s reads as %v, %v", got.File(), again, err)
			}
		})
	}
}

var mmm128 = strings.Repeat("m", 128)

func TestParseNameRefuses(t *testing.T) {
	tests := map[string]string{
		"":                              "start with a row",
		".dds":                          "start with a row",
		"texture.dds":                   "start with a row",
		"_33712_BI16":                   "start with a row",
		"+23952_33712_BI16":             "start with a row",
		"-23952_33712_BI16":             "start with a row",
		"99999999999_33712_BI16":        "start with a row",
		"23952_BI16":                    "no column",
		"23952_33712":                   "no column",
		"23952_33712_16":                "no maptype",
		"23952_33712_B":                 "no maptype",
		"23952_33712_BI":                "no maptype",
		"23952_33712_BIXX":              "two digits",
		"23952_33712_BI+6":              "two digits",
		"23952_33712_ZL16.dds":          "water mask",
		"23952_33712_zl16.dds":          "water mask",
		"23953_33712_BI16":              "multiples of 16",
		"23952_33713_BI16":              "multiples of 16",
		"65536_33712_BI16":              "outside the grid",
		"23952_65536_BI16":              "outside the grid",
		"23952_33712_BI03":              "zoom level",
		"23952_33712_BI23":              "zoom level",
		"23952_33712_B I16":             "character",
		"23952_33712_../x16":            "character",
		"23952_33712_B\x0016":           "character",
		"23952_33712_" + mmm128 + "x16": "128 bytes",
		"23952_33712_BI16.ktx2":         "two digits",
		"23952_33712_BI16.dds.png":      "two digits",
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseName(name)
			if !errors.Is(err, ErrName) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, %v; want an ErrName that says %q", got, err, want)
			}
		})
	}
}

func TestKeyFoldsCase(t *testing.T) {
	a, b := Texture{16, 32, 16, "Arc@"}, Texture{16, 32, 16, "ARC@"}
	if a.Key() != b.Key() {
		t.Errorf("%v and %v have different keys", a, b)
	}
	if c := (Texture{16, 32, 16, "Arc"}); a.Key() == c.Key() {
		t.Errorf("%v and %v share a key", a, c)
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("23952_33712_BI16.dds")
	f.Add("5984-8416-My_Prov14")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseName(s)
		if err != nil {
			return
		}
		if again, err := ParseName(got.File()); err != nil || again != got {
			t.Errorf("%q reads as %+v, but its canonical name %q as %+v, %v", s, got, got.File(),
				again, err)
		}
	})
}
