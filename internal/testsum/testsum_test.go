package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Reasons before the result, with other tests' lines between, from two packages and from a script: each is told, once.
const skipped = `{"Action":"output","Package":"p","Test":"TestA/again","Output":"=== RUN   TestA/again\n"}
{"Action":"output","Package":"p","Test":"TestA/again","Output":"    suite.go:283: cannot be mounted again\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: fine\n"}
{"Action":"output","Package":"p","Test":"TestA/again","Output":"--- SKIP: TestA/again (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA/again","Elapsed":0}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"pass","Package":"p","Test":"TestA/once","Elapsed":0}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"pass","Package":"p","Test":"FuzzA/seed#0","Elapsed":0}
{"Action":"pass","Package":"p","Test":"FuzzA/seed#1","Elapsed":0}
{"Action":"pass","Package":"p","Test":"FuzzA","Elapsed":0}
{"Action":"pass","Package":"p","Elapsed":1.24}
{"Action":"skip","Package":"no/tests","Elapsed":0}
{"Action":"output","Package":"q","Test":"TestScripts/long","Output":"        > [short] skip 'encodes: not with -short'\n"}
{"Action":"skip","Package":"q","Test":"TestScripts/long","Elapsed":0}
{"Action":"output","Package":"q","Test":"TestC","Output":"    c_test.go:7: cannot be mounted again\n"}
{"Action":"skip","Package":"q","Test":"TestC","Elapsed":0}
{"Action":"output","Package":"q","Test":"TestD","Output":"--- SKIP: TestD (0.00s)\n"}
{"Action":"skip","Package":"q","Test":"TestD","Elapsed":0}
{"Action":"pass","Package":"q","Elapsed":2}
`

func TestSkips(t *testing.T) {
	counts := filepath.Join(t.TempDir(), "counts")
	var out strings.Builder
	for range 2 {
		out.Reset()
		if err := run(strings.NewReader(skipped), &out, counts); err != nil {
			t.Fatal(err)
		}
	}
	const total = "2 tests and 1 subtests passed, 1 fuzz targets on 2 inputs; 4 skipped\n"
	want := `ok	p	1.2s
ok	q	2.0s
skipped: cannot be mounted again (2)
    p TestA/again
    q TestC
skipped: encodes: not with -short (1)
    q TestScripts/long
skipped: no reason given (1)
    q TestD
` + total
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if got, err := os.ReadFile(counts); err != nil || string(got) != total+total {
		t.Errorf("counts %q, %v", got, err)
	}
}

// Whatever fails is said with what it printed, and is an error.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		events string
		want   []string
		not    string
	}{
		"a test": {`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: right\n"}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"fail","Package":"p","Elapsed":3}
`, []string{"FAIL\tp\t3.0s", "p TestA:\n    a_test.go:1: wrong"}, "right"},
		"a time-out": {`{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p","Elapsed":3}
`, []string{"p TestB did not end", "panic: test timed out"}, "TestA"},
		"a build": {`{"ImportPath":"p","Action":"build-output","Output":"b.go:2:9: syntax error\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"pass","Package":"q","Test":"TestA","Elapsed":0}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p"}
`, []string{"b.go:2:9: syntax error", "FAIL\tp"}, "TestA"},
		"go itself":  {"go: cannot find main module\n", []string{"cannot find main module", "0 tests and"}, "skipped:"},
		"no outcome": {"", []string{"0 tests and"}, "skipped:"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := run(strings.NewReader(c.events), &out, ""); err != errFailed {
				t.Errorf("got %v, want %v", err, errFailed)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in\n%s", want, out.String())
				}
			}
			if strings.Contains(out.String(), c.not) {
				t.Errorf("%q is in\n%s", c.not, out.String())
			}
		})
	}
}
