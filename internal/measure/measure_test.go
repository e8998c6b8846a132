package measure

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

func TestMain(m *testing.M) { patience.Main(m) }

func result(name, better string, values ...float64) Result {
	return Result{Name: name, Unit: "x", Better: better, Values: values}
}

// A real difference is told from chance, and which way is better is known.
func TestCompare(t *testing.T) {
	before := Report{Format: format, Results: []Result{
		result("faster", higher, 100, 101, 99, 100, 102, 98, 100),
		result("slower", lower, 10, 10.1, 9.9, 10, 10.2, 9.8, 10),
		result("same", higher, 100, 140, 80, 120, 90, 110, 130),
		result("gone", higher, 1, 2, 3),
	}}
	after := Report{Format: format, Results: []Result{
		result("faster", higher, 120, 121, 119, 120, 122, 118, 120),
		result("slower", lower, 12, 12.1, 11.9, 12, 12.2, 11.8, 12),
		result("same", higher, 95, 135, 85, 125, 88, 112, 128),
		result("new", higher, 1, 2, 3),
	}}
	want := map[string]struct {
		verdict string
		change  float64
	}{"faster": {"better", 20}, "slower": {"worse", 20}, "same": {"no difference shown",
		112.0/110*100 - 100}}
	rows := Compare(before, after)
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want the %d that both have: %+v", len(rows), len(want), rows)
	}
	for _, r := range rows {
		w := want[r.Name]
		if r.Verdict != w.verdict || math.Abs(r.Change-w.change) > 1e-9 {
			t.Errorf("%s: %s by %.2f %%, want %s by %.2f", r.Name, r.Verdict, r.Change, w.verdict,
				w.change)
		}
		if !(r.Before.Lo <= r.Before.Center && r.Before.Center <= r.Before.Hi) ||
			r.Before.Lo == r.Before.Hi {
			t.Errorf("%s: interval %+v", r.Name, r.Before)
		}
	}
	if _, err := json.Marshal(
		Compare(Report{Results: []Result{result("few", higher, 1, 2)}},
			Report{Results: []Result{result("few", higher, 2, 3)}})); err != nil {
		t.Errorf("two rounds cannot be written: %v", err)
	}
}

func TestOverheadPairsFigures(t *testing.T) {
	rows := Report{Results: []Result{
		result("mount/a-plain", higher, 100, 101, 99, 100, 102, 98), result("mount/a-watched",
			higher, 99, 100, 98, 99, 101, 97), result("mount/b-plain", higher, 1),
	}}.Overhead()
	if len(rows) != 1 || rows[0].Name != "mount/a" || math.Abs(rows[0].Change+1) > 0.01 {
		t.Errorf("%+v, want one pair with 1 %% less", rows)
	}
}

func TestReadReports(t *testing.T) {
	for text, want := range map[string]error{
		`{"format":1,"results":[]}`: nil,
		`{"format":2}`:              ErrReport,
		`XPKTRACE`:                  ErrReport,
		``:                          ErrReport,
	} {
		if _, err := Read(strings.NewReader(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

// Every suite that needs no mount really measures, and its report comes back as it was.
func TestSuitesMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes textures: not with -short")
	}
	r, err := Run(t.Context(), "test", Suites,
		Options{Suites: []string{"encode", "fetch", "archive"}, Rounds: 2, Textures: 1, Chunks: 100,
			Faults: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, x := range r.Results {
		seen[x.Name] = true
		for _, v := range x.Values {
			if len(x.Values) != 2 || v < 0 || v == 0 && x.Name != "fetch/again" ||
				math.IsInf(v, 0) || math.IsNaN(v) {
				t.Errorf("%s: %v", x.Name, x.Values)
			}
		}
	}
	for _, name := range []string{"encode/textures", "encode/compress", "fetch/chunks",
		"fetch/again", "archive/write", "archive/tail", "archive/read", "archive/verify"} {
		if !seen[name] {
			t.Errorf("%s was not measured", name)
		}
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(r); err != nil {
		t.Fatal(err)
	}
	if back, err := Read(&b); err != nil || len(back.Results) != len(r.Results) {
		t.Errorf("%d figures came back, %v", len(back.Results), err)
	}
	if _, err := Run(t.Context(), "test", Suites, Options{Suites: []string{"mount"}}); err == nil {
		t.Error("mount was measured without anything that mounts")
	}
}
