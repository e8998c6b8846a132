package seal

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// listed is how many lacks are printed of each kind.
const listed = 10

// WriteText writes the report for people: one word, then what lacks, then what closes it.
func (r Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	word := "sealed"
	if !r.Sealed {
		word = "not sealed"
	}
	fmt.Fprintf(b, "%s: %s: %s packed, %s real; %s compared with their hash\n", word,
		units.Plural(r.Textures, "texture"), units.Count(r.Packed), units.Count(r.Real),
		units.Count(r.Checked))
	if l := r.FirstLoad; l != nil {
		of := ""
		if l.Textures < r.FirstLoadOf {
			of = " of " + units.Count(r.FirstLoadOf)
		}
		fmt.Fprintf(b, "first load  %s%s in %s; opens %s; reads %s\n", units.Plural(l.Textures, "texture"), of,
			units.Duration(time.Duration(l.Seconds*float64(time.Second))), l.Open, l.Read)
	}
	seen := make(map[Kind]int)
	for _, l := range r.Lacks {
		if seen[l.Kind]++; seen[l.Kind] <= listed {
			fmt.Fprintln(b, words.Plain(l.String()))
		}
	}
	for _, l := range r.Lacks {
		if n := seen[l.Kind] - listed; n > 0 {
			fmt.Fprintf(b, "%s: %s more (--json lists them)\n", l.Kind, units.Count(n))
			delete(seen, l.Kind)
		}
	}
	for _, command := range r.Remedies {
		fmt.Fprintf(b, "→ %s\n", command)
	}
	return b.Flush()
}

// String returns the lack as a line for people.
func (l Lack) String() string {
	var where []string
	for _, text := range []string{l.Texture, l.Place} {
		if text != "" {
			where = append(where, text)
		}
	}
	return fmt.Sprintf("%-11s %s", l.Kind, strings.Join(append(where, l.What), ": "))
}

func holeText(r mbtiles.Record) string {
	return fmt.Sprintf("%d of %d chunks failed", r.Failed, r.Chunks)
}

func coarseText(r mbtiles.Record, it tiles.Item) string {
	return fmt.Sprintf("it is packed %d px wide, but is seen as sharp as %d px",
		tiles.TexturePixels>>r.Detail, it.Side())
}

// remedies sets the commands that close what lacks.
func (r *run) remedies() {
	add := func(words ...string) {
		if c := shell.Command(words...); !slices.Contains(r.report.Remedies, c) {
			r.report.Remedies = append(r.report.Remedies, c)
		}
	}
	for _, l := range r.report.Lacks {
		switch l.Kind {
		case Damaged:
			if !r.Installed {
				add("xelpack", "repair", "--damaged", l.Place)
				continue
			}
			r.install(add)
		case Hole:
			add("xelpack", "repair", l.Place)
		case Missing, Coarse, Uncovered, Unfinished:
			if _, packed := r.heldFile(l.Texture); r.Installed && packed {
				r.install(add)
				continue
			}
			add(append([]string{"xelpack", "build"}, r.selection()...)...)
		case Slow, Machine:
			add("xelpack", "doctor")
		}
	}
	if r.unnamed != "" && slices.ContainsFunc(r.report.Remedies, fetches) {
		r.note(fmt.Sprintf("the textures are from %s: give the template or the file that it was as "+
			"--provider in the commands below", r.unnamed))
	}
}

// heldFile finds a texture by its file's name.
func (r *run) heldFile(name string) (h held, ok bool) {
	t, err := tiles.ParseName(strings.TrimSuffix(name, filepath.Ext(name)))
	if err == nil {
		h, ok = r.held[t.Key()]
	}
	return h, ok
}

func fetches(command string) bool {
	return strings.HasPrefix(command, "xelpack build") || strings.HasPrefix(command, "xelpack repair")
}

// install adds the commands that install the archives.
func (r *run) install(add func(words ...string)) {
	for _, dir := range r.Scenery {
		for _, file := range r.files {
			add("xelpack", "install", "--switch", file, "--scenery", dir)
		}
	}
}

// selection returns the flags of a build of the flight.
func (r *run) selection() (flags []string) {
	for _, f := range r.Routes {
		flags = append(flags, "--route", f)
	}
	for _, d := range r.Scenery {
		flags = append(flags, "--scenery", d)
	}
	for _, f := range []struct {
		name, value string
		ask         bool
	}{
		{"bbox", r.BBox, true}, {"region", r.Region, true}, {"corridor", r.Corridor, true},
		{"provider", r.Imagery.Provider, r.Imagery.Provider != imagery.Auto},
		{"zoom", fmt.Sprint(r.Zoom), len(r.Scenery) == 0},
		{"maptype", r.Maptype, len(r.Scenery) == 0},
		{"detail", r.Detail, r.Detail != "sight"},
		{"pixel-angle", fmt.Sprint(r.PixelAngle), r.PixelAngle != tiles.DefaultPixelAngle},
	} {
		if f.ask && f.value != "" {
			flags = append(flags, "--"+f.name, f.value)
		}
	}
	file := "flight.mbtiles"
	if len(r.files) > 0 {
		file = r.files[0]
	}
	return append(flags, "-o", strings.TrimSuffix(file, ".part"))
}
