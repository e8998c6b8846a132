package terms

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var answers = [...]Answer{Unknown, No, Yes}

// all returns every combination of answers.
func all() (list []Terms) {
	for _, a := range answers {
		for _, b := range answers {
			for _, c := range answers {
				for _, d := range answers {
					list = append(list, Terms{Redistribution: a, Commercial: b, Derivatives: c, ShareAlike: d, Attribution: answers[len(list)%3]})
				}
			}
		}
	}
	return list
}

// TestBoth holds the terms of mixtures against what must be true of any: nothing is allowed that a
// part forbids or leaves open, and order does not matter.
func TestBoth(t *testing.T) {
	list := all()
	for _, a := range list {
		if a.Both(a) != a {
			t.Fatalf("%+v with itself is %+v", a, a.Both(a))
		}
		for _, b := range list {
			both := a.Both(b)
			if both != b.Both(a) {
				t.Fatalf("%+v and %+v depend on their order", a, b)
			}
			if both.MayPassOn() && !(a.MayPassOn() && b.MayPassOn()) {
				t.Fatalf("%+v and %+v may be passed on together, but not each", a, b)
			}
			if both.Commercial == Yes && (a.Commercial != Yes || b.Commercial != Yes) {
				t.Fatalf("%+v and %+v may be sold together, but not each", a, b)
			}
			if both.ShareAlike == No && (a.ShareAlike != No || b.ShareAlike != No) {
				t.Fatalf("share-alike is lost of %+v and %+v", a, b)
			}
		}
	}
}

func TestOf(t *testing.T) {
	for licence, want := range map[string]Terms{
		"CC BY 4.0":           {Yes, Yes, Yes, No, Yes, "https://creativecommons.org/licenses/by/4.0/"},
		"cc by-nc-sa 4.0":     {Yes, No, Yes, Yes, Yes, "https://creativecommons.org/licenses/by-nc-sa/4.0/"},
		"CC BY-ND 3.0":        {Yes, Yes, No, No, Yes, "https://creativecommons.org/licenses/by-nd/3.0/"},
		"CC0":                 {Yes, Yes, Yes, No, No, "https://creativecommons.org/publicdomain/zero/1.0/"},
		"DL-DE Zero 2.0":      {Yes, Yes, Yes, No, No, "https://www.govdata.de/dl-de/zero-2-0"},
		"Licence Ouverte 2.0": {Yes, Yes, Yes, No, Yes, "https://www.etalab.gouv.fr/licence-ouverte-open-licence"},
		"public domain":       {Yes, Yes, Yes, No, No, ""},
		"CC BY":               {},
		"CC BY 4.0 or so":     {},
		"unknown":             {},
		"":                    {},
	} {
		if diff := cmp.Diff(want, Of(licence)); diff != "" {
			t.Errorf("%q: %s", licence, diff)
		}
	}
}

func TestWords(t *testing.T) {
	for _, test := range []struct{ licence, want string }{
		{"CC BY 4.0", "yes"}, {"CC BY-NC-SA 4.0", "yes, not for money, share alike"}, {"CC BY-ND 4.0", "no"}, {"", "unknown"},
	} {
		if got := Of(test.licence).Words(); got != test.want {
			t.Errorf("%q: %q, want %q", test.licence, got, test.want)
		}
	}
}

func TestAnswerText(t *testing.T) {
	var got struct{ A, B, C Answer }
	if err := json.Unmarshal([]byte(`{"A":"yes","B":"no","C":"unknown"}`), &got); err != nil || got.A != Yes || got.B != No || got.C != Unknown {
		t.Errorf("%+v, %v", got, err)
	}
	var a Answer
	for _, value := range []any{"maybe", "Yes", 1, 1.5, []any{}} {
		if err := a.UnmarshalTOML(value); err == nil {
			t.Errorf("%v was read as %v", value, a)
		}
	}
	for value, want := range map[any]Answer{true: Yes, false: No, "unknown": Unknown} {
		if err := a.UnmarshalTOML(value); err != nil || a != want {
			t.Errorf("%v was read as %v, %v, want %v", value, a, err, want)
		}
	}
}
