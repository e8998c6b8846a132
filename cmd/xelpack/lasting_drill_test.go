//go:build linux

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// lasting is a provider that fails a share of its chunks for ever.
type lasting struct {
	kind   fetchtest.Kind
	share  float64
	outage time.Duration // in the middle of the build; 0: none. In the reduced form, until it is noticed
}

// matrix is at full scale every way to fail with every share; in the reduced form one of each sort
// of answer: to be asked again, final, silent, and not there.
func matrix() []lasting {
	minute := drill.Scale(time.Minute, 3*time.Second)
	if !drill.Full() {
		return []lasting{
			{fetchtest.ServerError, 0.012, 0}, {fetchtest.Forbidden, 0.3, 0},
			{fetchtest.Stall, 0.012, 0}, {fetchtest.NotFound, 0.012, 0},
			{fetchtest.ServerError, 0.012, minute},
		}
	}
	list := []lasting{{fetchtest.ServerError, 0.012, minute}}
	for _, kind := range []fetchtest.Kind{
		fetchtest.BadRequest, fetchtest.Forbidden, fetchtest.NotFound, fetchtest.TooMany, fetchtest.ServerError, fetchtest.HTML, fetchtest.Truncated,
		fetchtest.Reset, fetchtest.Stall,
	} {
		for _, share := range []float64{0.002, 0.012, 0.3} {
			list = append(list, lasting{kind, share, 0})
		}
	}
	return list
}

// TestDrillLastingFailures: whatever a provider fails for ever, the build ends, with everything
// else in the archive; a second run asks only for what failed, and so does a repair when the
// provider is well again.
func TestDrillLastingFailures(t *testing.T) {
	drill.SkipIfShort(t)
	t.Parallel()
	want := undisturbed(t)
	for _, l := range matrix() {
		name := fmt.Sprintf("%v %% answered %q", 100*l.share, l.kind)
		if l.outage > 0 {
			name += fmt.Sprintf(", and an outage of %v", l.outage)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l.drill(t, name, want)
		})
	}
}

func (l lasting) drill(t *testing.T, name, want string) {
	faults := fetchtest.Lasting(l.share, l.kind)
	server := &dying{t: t, options: fetchtest.Options{Image: farmland()}, after: 1 << 62,
		lasts: drill.Scale(l.outage, 0), otherwise: faults}
	if l.outage > 0 {
		server.after = 400
	}
	server.start()
	file := filepath.Join(t.TempDir(), "a.mbtiles")
	args := outageBuild(server.server.Template(), file, "--retries", drill.Scale("6", "2"))
	const timeout = 3 * time.Second
	if l.kind == fetchtest.Stall {
		args = append(args, "--timeout", timeout.String())
	}
	r, stderr, code := runHeard(t.Context(), t, server.hear, args...)
	bad := failing(t, file, faults)
	failed, exit := r.Chunks.Failed, exitHoles
	if l.kind == fetchtest.NotFound {
		failed, exit = r.Chunks.NoImagery, exitDone // it is no failure to have nothing
	}
	if code != exit || failed != int64(len(bad)) || r.Built != r.Textures {
		t.Fatalf("code %d, %+v, want %d and %d chunks failed: %s", code, r, exit, len(bad), stderr)
	}
	if told := strings.Contains(stderr, "waiting: "); told != (l.outage > 0) {
		t.Errorf("an outage is said: %t: %s", told, stderr)
	}
	// Some were last asked for just before the outage.
	counted, most := int64(0), 1
	if l.outage > 0 {
		most = 2
	}
	for _, c := range r.Causes {
		counted += c.Count
	}
	if exit == exitHoles && (len(r.Causes) > most || counted != failed ||
		!strings.Contains(stderr, words.Plain(r.Causes[0].Cause))) {
		t.Errorf("causes %+v: %s", r.Causes, stderr)
	}

	// The same again, nothing being better: asked for is what failed, and what tells that from an
	// outage.
	news := server.news()
	again, stderr, code := runCommand(t.Context(), t, args...)
	strangers := 0
	for c := range news() {
		if faults(c, 0).Kind == fetchtest.OK {
			strangers++
		}
	}
	if code != exit || strangers > 8 || again.Chunks.Failed != r.Chunks.Failed {
		t.Errorf("second run: code %d, %d chunks asked for that had come, %+v: %s", code, strangers,
			again, stderr)
	}

	repaired := "nothing to repair"
	if exit == exitHoles {
		repaired = server.repair(t, file, want, len(bad))
	}

	// Six requests or so for each, hundreds at once, at the pace of retries; of silence one
	// deadline after the other, 16 at once.
	each := time.Second / 2
	if l.kind == fetchtest.Stall {
		each = 3 * timeout / 16
	}
	within := 2*time.Minute + l.outage + time.Duration(len(bad))*each
	took := time.Duration(r.ElapsedSeconds * float64(time.Second)).Round(time.Second)
	drill.Row(t, fmt.Sprintf("%s: %d of %d chunks, for ever", name, len(bad), r.Chunks.OK+failed),
		fmt.Sprintf("ends within %v, exit %d, all else packed; second run and repair ask for "+
			"what failed", within.Round(time.Second), exit),
		fmt.Sprintf(
			"exit %d after %v, %d failed; second run: %v, %d others asked for as probes; %s",
			exit, took, failed, time.Duration(again.ElapsedSeconds*float64(time.Second)).Round(
				time.Second), strangers, repaired), took <= within)
}

// repair repairs the archive from the server, which is well again: only bad chunks are asked for,
// and the archive becomes want's.
func (d *dying) repair(t *testing.T, file, want string, bad int) string {
	t.Helper()
	d.server.SetFault(nil)
	news := d.news()
	r, stderr, code := runCommand(t.Context(), t, "repair", file, "--provider", d.server.Template(),
		"--json")
	asked := len(news())
	if code != exitDone || asked != bad || sharetest.Digest(t, file) != want {
		t.Errorf("repair: code %d, asked for %d chunks, want %d and an equal archive: %+v: %s",
			code, asked, bad, r, stderr)
	}
	return fmt.Sprintf("repair asked for %d, equal archive", asked)
}

// failing returns the chunks of the archive's textures that faults fail.
func failing(t *testing.T, file string, faults fetchtest.Faults) map[tiles.Chunk]bool {
	t.Helper()
	a, err := mbtiles.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	bad := map[tiles.Chunk]bool{}
	for e := range a.All() {
		r, err := a.Record(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range (tiles.Item{Texture: r.Texture, Detail: r.Detail}).Chunks() {
			if faults(c, 0).Kind != fetchtest.OK {
				bad[c] = true
			}
		}
	}
	return bad
}

// news returns what says which chunks were asked for from now on, when no client is at work.
func (d *dying) news() func() map[tiles.Chunk]int {
	d.t.Helper()
	if err := d.server.Settle(patience.For(d.t)); err != nil {
		d.t.Fatal(err)
	}
	before := d.server.AskedFor()
	return func() map[tiles.Chunk]int {
		found := d.server.AskedFor()
		for c, n := range before {
			if found[c] == n {
				delete(found, c)
			}
		}
		return found
	}
}
