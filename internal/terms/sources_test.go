package terms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	ign = Source{ID: "ign", Licence: "Licence Ouverte 2.0", Terms: Of("Licence Ouverte 2.0"), Attribution: "© IGN"}
	eox = Source{ID: "eox", Licence: "CC BY-NC-SA 4.0", Terms: Of("CC BY-NC-SA 4.0"), Attribution: "EOX"}
	osm = Source{ID: "osm", Licence: "CC BY-SA 4.0", Terms: Of("CC BY-SA 4.0"), Attribution: "OSM"}
)

func TestUseText(t *testing.T) {
	for text, want := range map[string]Use{
		"0": {}, "eox16:76,ign:180": {"ign": 180, "eox16": 76}, "a:1": {"a": 1},
	} {
		got, err := ParseUse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || got.String() != text {
			t.Errorf("%q: %v, as text %q (-want +got):\n%s", text, err, got, diff)
		}
	}
	for _, text := range []string{"", "a", "a:", "a:0", "a:-1", "a:1,a:2", "a:1,", "a:b", ":1:2"} {
		if u, err := ParseUse(text); err == nil {
			t.Errorf("%q was read as %v", text, u)
		}
	}
}

func TestCounted(t *testing.T) {
	used := Tally{}
	used.Add(Use{"ign": 200, "eox": 56}, 1, Days{})
	used.Add(Use{"eox": 256}, 2, Days{"2019-05-01", "2020-01-01"})
	used.Add(Use{}, 1, Days{})
	used.Add(Use{"who": 1}, 1, Days{})
	with := func(s Source, chunks, textures int) Source {
		s.Chunks, s.Textures = chunks, textures
		return s
	}
	want := Sources{with(eox, 312, 3), with(ign, 200, 1), {ID: "who", Chunks: 1, Textures: 1}}
	want[0].Captured = &Days{"2019-05-01", "2020-01-01"}
	if diff := cmp.Diff(want, Sources{ign, osm, eox}.Counted(used)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// What is said of the whole is said of each that nothing more is known of.
	got := Sources{{Licence: "CC0", Terms: Of("CC0")}, ign}.Counted(used)
	for _, s := range got {
		if want := map[string]string{"eox": "CC0", "ign": ign.Licence, "who": "CC0"}[s.ID]; s.Licence != want {
			t.Errorf("%s has the licence %q, want %q", s.ID, s.Licence, want)
		}
	}
}

// TestAnd describes a source otherwise than before: what holds is what both allow.
func TestAnd(t *testing.T) {
	stricter := ign
	stricter.Terms.Commercial, stricter.Licence = No, "another"
	got := Sources{ign, eox}.And(Sources{stricter, osm})
	if len(got) != 3 || got[0].Terms.Commercial != No || got[0].Licence != "Licence Ouverte 2.0; another" || got[0].Attribution != ign.Attribution || got[2].ID != "osm" {
		t.Errorf("%+v", got)
	}
	if again := got.And(got); cmp.Diff(got, again) != "" {
		t.Errorf("with itself: %s", cmp.Diff(got, again))
	}
}

func TestSourcesTextAndTerms(t *testing.T) {
	list := Sources{ign, eox}
	got, err := ParseSources(list.String())
	if diff := cmp.Diff(list, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := ParseSources("{"); err == nil || !strings.Contains(err.Error(), "list of sources") {
		t.Errorf("%v", err)
	}
	if list.Terms() != ign.Terms.Both(eox.Terms) || (Sources{}).Terms() != (Terms{}) {
		t.Errorf("%+v", list.Terms())
	}
}

func TestBlend(t *testing.T) {
	for _, test := range []struct {
		a, b Source
		may  bool
	}{{ign, eox, true}, {ign, ign, true}, {eox, eox, true}, {eox, osm, false}, {osm, eox, false}} {
		if err := Blend(test.a, test.b); (err == nil) != test.may {
			t.Errorf("%s and %s: %v", test.a.ID, test.b.ID, err)
		}
	}
}

func TestCredit(t *testing.T) {
	for _, test := range []struct {
		source Source
		want   string
	}{
		{ign, "© IGN, Licence Ouverte 2.0 (https://www.etalab.gouv.fr/licence-ouverte-open-licence), changed"},
		{Source{ID: "x", Name: "X", Licence: "CC0", Terms: Of("CC0")}, "X, CC0 (https://creativecommons.org/publicdomain/zero/1.0/)"},
		{Source{ID: "x"}, "x"},
		{Source{Licence: "unknown"}, ""},
	} {
		if got := test.source.Credit(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestDays(t *testing.T) {
	a, b := Days{"2019-05-01", "2019-06-01"}, Days{"2018-01-01", "2018-12-31"}
	if got := a.And(b); got != (Days{"2018-01-01", "2019-06-01"}) || got != b.And(a) || a.And(Days{}) != a || (Days{}).And(a) != a {
		t.Errorf("%v", got)
	}
	if got, err := ParseDays(a.String()); got != a || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "/", "2019-05-01", "2019-05-01/", "2019-05-01/2018-01-01", "2019-13-01/2020-01-01", "2019-05-01/2020-01-01/"} {
		if got, err := ParseDays(text); err == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}
