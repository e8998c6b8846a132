package imagery

import (
	"net/http"
	"strings"
	"testing"
)

func TestCaptured(t *testing.T) {
	for header, want := range map[string]string{
		"5/1/2019-6/30/2020": "2019-05-01 to 2020-06-30", "12/24/2021-12/24/2021": "2021-12-24", "": "", "2019": "", "1/1/1999-": "", "13/1/2019-1/1/2020": "",
	} {
		if got := captured(http.Header{"X-Ve-Tilemeta-Capturedatesrange": {header}}); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestTrialInWords(t *testing.T) {
	for _, test := range []struct {
		trial Trial
		want  string
	}{
		{Trial{Captured: "2019-05-01", Imagery: "2021", Modified: "2022-01-01"}, "taken 2019-05-01"},
		{Trial{Imagery: "2021, 20 cm", Modified: "2022-01-01"}, "taken 2021, 20 cm"},
		{Trial{Modified: "2022-01-01"}, "on the server since 2022-01-01"},
		{Trial{}, "of unknown age"},
	} {
		if got := test.trial.String(); !strings.Contains(got, ", "+test.want+", for ") {
			t.Errorf("%q, want %q in it", got, test.want)
		}
	}
}
