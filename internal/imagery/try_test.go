package imagery

import (
	"strings"
	"testing"
)

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
