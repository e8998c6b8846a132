package ahead

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// What was made is not tried again, what failed only after a while, and what an open has missed at
// once.
func TestCourse(t *testing.T) {
	var all []tiles.Texture
	for lon := range 3 {
		all = append(all, tiles.At(orb.Point{float64(lon), 45}, 16, "BI"))
	}
	made, failed := all[0].Key(), all[1].Key()
	var c Course
	now := time.Unix(1e9, 0)
	left := func(later time.Duration) (names []string) {
		c.Set(all)
		for {
			x, ok := c.Next(now.Add(later))
			if !ok {
				return names
			}
			names = append(names, x.Name())
		}
	}
	check := func(when string, got []string, want ...tiles.Texture) {
		t.Helper()
		var names []string
		for _, x := range want {
			names = append(names, x.Name())
		}
		if !slices.Equal(got, names) {
			t.Errorf("%s: %v, want %v", when, got, names)
		}
	}
	check("at first", left(0), all...)
	c.Judge(made, true, now)
	c.Judge(failed, false, now)
	check("after a failure", left(19*time.Second), all[2])
	check("after its deferral", left(20*time.Second), all[1:]...)
	for range 5 {
		c.Judge(failed, false, now)
	}
	check("after more failures", left(59*time.Second), all[2])
	check("the longest deferral", left(time.Minute), all[1:]...)
	if !c.Made(made) || c.Made(failed) || c.Made(all[2].Key()) {
		t.Error("another one was made")
	}
	c.Miss(made)
	c.Miss(failed)
	check("after opens", left(0), all...)
}

// tex is the texture of that name.
func tex(name string) tiles.Texture {
	t, err := tiles.ParseName(name)
	if err != nil {
		panic(err)
	}
	return t
}

// TestRow also says which opens are no row.
func TestRow(t *testing.T) {
	for name, c := range map[string]struct{ last, t, want string }{
		"eastwards":             {"160_320_BI16", "160_336_BI16", "160_352_BI16"},
		"westwards":             {"160_352_BI16", "160_320_BI16", "160_304_BI16"},
		"southwards":            {"160_320_BI16", "176_320_BI16", "192_320_BI16"},
		"northwards":            {"160_320_BI16", "144_320_BI16", "128_320_BI16"},
		"neither":               {"160_320_BI16", "176_336_BI16", ""},
		"the same again":        {"160_320_BI16", "160_320_BI16", ""},
		"far away":              {"160_320_BI16", "160_3200_BI16", ""},
		"over the antimeridian": {"160_65504_BI16", "160_65520_BI16", "160_0_BI16"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Row(tex(c.last), tex(c.t))
			if c.want == "" && len(got) > 0 || c.want != "" &&
				(len(got) != rowAhead || got[0].Name() != c.want) {
				t.Errorf("%v, want %q and what follows", got, c.want)
			}
		})
	}
}

func TestAround(t *testing.T) {
	var names []string
	for _, n := range Around(tex("0_0_BI16")) {
		names = append(names, fmt.Sprintf("%d_%d", n.Row, n.Col))
	}
	if want := []string{"0_65520", "0_16", "16_65520", "16_0", "16_16"}; !slices.Equal(names,
		want) {
		t.Errorf("around the corner: %q, want %q", names, want)
	}
}
