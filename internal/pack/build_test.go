package pack

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// watch ends the server's faults and returns what counts the chunks asked for from now on. A chunk
// counts once: on a busy machine one may be asked for again because its answer takes long.
func watch(server *fetchtest.Server) func() int {
	var asked sync.Map
	server.SetFault(func(c tiles.Chunk, _ int) fetchtest.Fault {
		asked.Store(c, true)
		return fetchtest.Fault{}
	})
	return func() int {
		n := 0
		asked.Range(func(any, any) bool { n++; return true })
		return n
	}
}

// buildArchive makes an archive and returns its digest and report.
func buildArchive(t *testing.T, p *Pipeline, client *fetch.Client, file string,
	items []tiles.Item) (string, Report) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Build(t.Context(), p, w, Job{Items: items, Provider: "test", Client: client})
	if err != nil {
		t.Fatal(err)
	}
	return sharetest.Digest(t, file), r
}

// A first answer that is faulty for one chunk in five still gives a complete archive, equal to the
// faultless one.
func TestFaultyFirstAnswers(t *testing.T) {
	dir, items := t.TempDir(), neighbours(6, 2)
	p, client, _ := serverPipeline(t, nil)
	want, _ := buildArchive(t, p, client, filepath.Join(dir, "clean.mbtiles"), items)

	p, client, server := serverPipeline(t,
		fetchtest.FirstOf(5, fetchtest.TooMany, fetchtest.Unavailable, fetchtest.ServerError,
			fetchtest.Reset,
			fetchtest.ShortBody, fetchtest.Empty, fetchtest.HTML, fetchtest.Truncated, fetchtest.Corrupt, fetchtest.WrongSize, fetchtest.CMYK))
	got, r := buildArchive(t, p, client, filepath.Join(dir, "faulty.mbtiles"), items)
	if r.State != StateComplete || r.Chunks.OK != 96 || r.Chunks.Failed != 0 {
		t.Errorf("report %+v", r)
	}
	if got != want {
		t.Errorf("digest %s, without faults %s", got, want)
	}
	if s := server.Stats(); s.Requests <= s.Distinct {
		t.Errorf("%d requests for %d chunks: no fault was provoked", s.Requests, s.Distinct)
	}
}

func TestHolesAreReportedAndMended(t *testing.T) {
	dir, items := t.TempDir(), neighbours(3, 2)
	p, client, _ := serverPipeline(t, nil)
	want, _ := buildArchive(t, p, client, filepath.Join(dir, "clean.mbtiles"), items)

	bad := items[1].Chunk(0, 0)
	p, client, server := serverPipeline(t, func(c tiles.Chunk, _ int) fetchtest.Fault {
		if c == bad {
			return fetchtest.Fault{Kind: fetchtest.Unavailable}
		}
		return fetchtest.Fault{}
	})
	file := filepath.Join(dir, "holes.mbtiles")
	if _, r := buildArchive(t, p, client, file, items); r.State != StateHoles ||
		r.Chunks.Failed != 1 || r.Built != 3 {
		t.Errorf("report %+v, want one failed chunk", r)
	}

	asked := watch(server)
	w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{Extend: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Build(t.Context(), p, w, Job{Items: items, Provider: "test"})
	if err != nil || r.State != StateComplete || r.Built != 1 || r.Skipped != 2 {
		t.Errorf("report %+v, %v: want the one texture built again", r, err)
	}
	if n := asked(); n != 16 {
		t.Errorf("%d chunks asked for to mend a texture of 16", n)
	}
	if got := sharetest.Digest(t, file); got != want {
		t.Errorf("digest %s after mending, want %s", got, want)
	}
}

func TestInterruptedBuildGoesOn(t *testing.T) {
	dir, items := t.TempDir(), neighbours(8, 2)
	p, client, _ := serverPipeline(t, nil)
	want, _ := buildArchive(t, p, client, filepath.Join(dir, "clean.mbtiles"), items)

	p, _, server := serverPipeline(t, nil)
	file := filepath.Join(dir, "again.mbtiles")
	w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop := items[4].Chunk(0, 0)
	server.SetFault(func(c tiles.Chunk, _ int) fetchtest.Fault {
		if c == stop {
			cancel()
		}
		return fetchtest.Fault{}
	})
	r, err := Build(ctx, p, w, Job{Items: items, Provider: "test"})
	if !errors.Is(err, context.Canceled) || r.State != StateInterrupted {
		t.Fatalf("got %+v, %v; want an interrupted build", r, err)
	}

	server.SetFault(nil)
	if w, err = mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	has := 0
	for _, it := range items {
		if _, ok := w.Has(it.Key()); ok {
			has++
		}
	}
	if has != r.Built {
		t.Errorf("the archive has %d textures, the report said %d", has, r.Built)
	}
	asked := watch(server)
	r, err = Build(t.Context(), p, w, Job{Items: items, Provider: "test"})
	if err != nil || r.State != StateComplete || r.Skipped != has {
		t.Fatalf("got %+v, %v; want the rest built and %d skipped", r, err, has)
	}
	if n, need := asked(), (len(items)-has)*16; n != need {
		t.Errorf("%d chunks asked for to build the rest, want %d", n, need)
	}
	if got := sharetest.Digest(t, file); got != want {
		t.Errorf("digest %s, undisturbed %s", got, want)
	}
}

func TestBuildEndsWhenTheProviderDoes(t *testing.T) {
	tests := map[fetchtest.Kind]struct {
		err error
		why string
	}{
		fetchtest.Forbidden:   {ErrRefused, "answers status 403 Forbidden"},
		fetchtest.Unavailable: {ErrNoAnswer, "answers status 503 Service Unavailable"},
		fetchtest.HTML:        {ErrNoAnswer, "answers HTML: Sign in"},
		fetchtest.BadRequest:  {ErrNoAnswer, "answers status 400 Bad Request"},
	}
	for kind, want := range tests {
		t.Run(kind.String(), func(t *testing.T) {
			p, client, _ := serverPipeline(t, fetchtest.Always(kind))
			file := filepath.Join(t.TempDir(), "a.mbtiles")
			w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := Build(t.Context(), p, w,
				Job{Items: neighbours(12, 3), Provider: "test", Client: client, GiveUp: 20})
			if !errors.Is(err, want.err) || r.State != StateInterrupted ||
				!strings.Contains(err.Error(), want.why) {
				t.Errorf("got %v and state %s, want %v that says %q", err, r.State, want.err,
					want.why)
			}
			if len(r.Causes) != 1 || r.Causes[0].Cause != "the provider "+want.why {
				t.Errorf("causes %+v", r.Causes)
			}
		})
	}
}

// A whole region that fails for ever, at the start of a build, neither ends it nor keeps what comes
// behind out of the archive; nor does it end the second build, which has nothing left but that.
// Single chunks that are refused, of textures of one chunk, once ended a build as if everything
// were.
func TestBuildEndsWithHolesInARegion(t *testing.T) {
	for _, kind := range []fetchtest.Kind{fetchtest.Forbidden, fetchtest.ServerError,
		fetchtest.HTML, fetchtest.Reset} {
		t.Run(kind.String(), func(t *testing.T) {
			if testing.Short() && kind != fetchtest.Forbidden {
				t.Skip("one kind of failure finds the races of all: for the full suite")
			}
			const bad = 24
			items := append(neighbours(bad, 4), neighbours(bad+4, 3)[bad:]...)
			// Where a chunk fails, so do the parents that it would be enlarged from.
			server := fetchtest.NewServer(
				fetchtest.Options{Image: fields(),
					Fault: func(c tiles.Chunk, _ int) fetchtest.Fault {
						if at := c.X << (16 - c.Z); c.Z <= 16 && at < items[bad].Col {
							return fetchtest.Fault{Kind: kind}
						}
						return fetchtest.Fault{}
					}})
			t.Cleanup(server.Close)
			options := clientOptions()
			options.Retries = 1
			client := fetch.NewClient(options)
			t.Cleanup(client.Close)
			p := newPipeline(t, Options{Source: client.Source(server.Provider())})
			file := filepath.Join(t.TempDir(), "a.mbtiles")
			for run, built := range []int{bad + 4, bad} {
				w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{Extend: run > 0})
				if err != nil {
					t.Fatal(err)
				}
				client.Candidates(server.Provider(), Candidates(w.Has, items, 16)...)
				r, err := Build(t.Context(), p, w,
					Job{Items: items, Provider: "test", Client: client, GiveUp: 20})
				if err != nil || r.State != StateHoles || r.Textures-r.Skipped != built {
					t.Fatalf("run %d: %+v, %v; want %d textures built and holes", run, r, err,
						built)
				}
			}
		})
	}
}

func TestOtherProviderIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.mbtiles")
	p, client, server := serverPipeline(t, nil)
	buildArchive(t, p, client, file, neighbours(1, 4))
	w, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{Extend: true})
	if err != nil {
		t.Fatal(err)
	}
	before := server.Stats().Requests
	if _, err := Build(t.Context(), p, w,
		Job{Items: neighbours(2, 4), Provider: "another"}); !errors.Is(err, ErrOtherProvider) {
		t.Errorf("got %v, want ErrOtherProvider", err)
	}
	if server.Stats().Requests != before {
		t.Error("something was fetched before the refusal")
	}
}
