package pack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		serveForBench()
		return
	}
	patience.Main(m)
}

// fields is 6×6 chunks of farmland over and over, made once for all tests: imagery costs more to
// make than to pack. Neighbouring textures differ: 6 is no divisor of 16.
var fields = sync.OnceValue(func() fetch.Source {
	return fetchtest.Repeat(tiles.Chunk{Z: 16, X: 33660, Y: 23940}, 6, fetch.Sample())
})

// land is a texture of the sample imagery with land and coast; item at detail k of it is (16>>k)²
// chunks.
func land(k uint8) tiles.Item {
	t, err := tiles.ParseName("23920_33696_BI16")
	if err != nil {
		panic(err)
	}
	return tiles.Item{Texture: t, Detail: k}
}

// neighbours returns n textures east of land.
func neighbours(n int, k uint8) []tiles.Item {
	var items []tiles.Item
	for i := range n {
		it := land(k)
		it.Col += uint32(i) * tiles.TextureChunks
		items = append(items, it)
	}
	return items
}

func newPipeline(t *testing.T, o Options) *Pipeline {
	t.Helper()
	if o.MaxZL == 0 {
		o.MaxZL = tiles.MaxZL
	}
	p := New(o)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// clientOptions make a client that retries at once. Its deadline is long: the server makes its
// imagery on the machine that runs the tests.
func clientOptions() fetch.ClientOptions {
	return fetch.ClientOptions{Backoff: time.Millisecond, Timeout: time.Minute, Retries: 4,
		MaxRetryAfter: 10 * time.Millisecond, Patience: time.Second}
}

// serverPipeline fetches from a server with the given faults.
func serverPipeline(t *testing.T,
	faults fetchtest.Faults) (*Pipeline, *fetch.Client, *fetchtest.Server) {
	t.Helper()
	server := fetchtest.NewServer(fetchtest.Options{Image: fields(), Fault: faults})
	t.Cleanup(server.Close)
	client := fetch.NewClient(clientOptions())
	t.Cleanup(client.Close)
	return newPipeline(t, Options{Source: client.Source(server.Provider())}), client, server
}

func fileHash(t *testing.T, p *Pipeline, it tiles.Item) string {
	t.Helper()
	b, err := p.Texture(t.Context(), it)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	return fmt.Sprintf("%x", sha256.Sum256(b.File))
}

func TestTextureOfEveryDetail(t *testing.T) {
	p := newPipeline(t, Options{Source: fields()})
	for k := range uint8(tiles.MaxDetail + 1) {
		b, err := p.Texture(t.Context(), land(k))
		if err != nil {
			t.Fatal(err)
		}
		l, err := dds.ParseHeader(b.File)
		if err != nil {
			t.Fatal(err)
		}
		if l.Side != 4096>>k || int64(len(b.File)) != l.Size() {
			t.Errorf("k %d: %d px in %d bytes", k, l.Side, len(b.File))
		}
		if diff := cmp.Diff(Tally{Chunks: 256 >> (2 * k)}, b.Tally); diff != "" {
			t.Errorf("k %d: -want +got:\n%s", k, diff)
		}
		b.Release()
	}
}

// However the work falls out, the bytes are the same.
func TestTextureDoesNotDependOnWorkers(t *testing.T) {
	want := ""
	for _, o := range []Options{{Workers: 1, Slots: 1}, {Workers: 3, Slots: 7}, {Workers: 8}} {
		o.Source = fields()
		got := fileHash(t, newPipeline(t, o), land(2))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("workers %d, slots %d: %s, want %s", o.Workers, o.Slots, got, want)
		}
	}
}

// The outcomes of domain §6, seen from a texture of 16 chunks: one chunk is answered so, always.
func TestOneChunkAnsweredOddly(t *testing.T) {
	faultless := Tally{Chunks: 16}
	missing := Tally{Chunks: 16, Missing: 1, Overzoomed: 1}
	failed := Tally{Chunks: 16, Failed: 1, Overzoomed: 1}
	tests := map[fetchtest.Kind]Tally{
		fetchtest.OK: faultless, fetchtest.PNG: faultless, fetchtest.WebP: faultless, fetchtest.Transparent: missing, fetchtest.Progressive: faultless, fetchtest.Grey: faultless, fetchtest.Padded: faultless, fetchtest.Redirect: faultless,
		fetchtest.NotFound: missing, fetchtest.Gone: missing, fetchtest.NoContent: missing,
		fetchtest.TooMany: failed, fetchtest.Unavailable: failed, fetchtest.ServerError: failed, fetchtest.Reset: failed, fetchtest.ShortBody: failed,
		fetchtest.Empty: failed, fetchtest.HTML: failed, fetchtest.Truncated: failed, fetchtest.Corrupt: failed, fetchtest.WrongSize: failed,
		fetchtest.CMYK: failed, fetchtest.Forbidden: failed, fetchtest.BadRequest: failed,
	}
	it := land(2)
	odd := it.Chunk(1, 2)
	for kind, want := range tests {
		t.Run(kind.String(), func(t *testing.T) {
			if testing.Short() && kind != fetchtest.NotFound && kind != fetchtest.HTML && kind != fetchtest.PNG {
				t.Skip("an absence, an answer and a picture find the races of all: for the full suite")
			}
			p, _, _ := serverPipeline(t, func(c tiles.Chunk, _ int) fetchtest.Fault {
				if c == odd {
					return fetchtest.Fault{Kind: kind, RetryAfter: "0"}
				}
				return fetchtest.Fault{}
			})
			b, err := p.Texture(t.Context(), it)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Release()
			if diff := cmp.Diff(want, b.Tally); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if (b.Cause != nil) != (want.Failed > 0) {
				t.Errorf("cause %v with %d failed chunks", b.Cause, want.Failed)
			}
		})
	}
}

// A provider that ends at ZL13 serves a ZL16 texture of half its width from its own four chunks,
// each asked for once.
func TestOverzoomAsksEachParentOnce(t *testing.T) {
	server := fetchtest.NewServer(fetchtest.Options{Image: fields()})
	defer server.Close()
	client := fetch.NewClient(clientOptions())
	defer client.Close()
	p := newPipeline(t, Options{Source: client.Source(server.Provider()), MaxZL: 13})
	b, err := p.Texture(t.Context(), land(1))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if diff := cmp.Diff(Tally{Chunks: 64, Overzoomed: 64}, b.Tally); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s := server.Stats(); s.Distinct != 4 || s.Requests > 8 {
		t.Errorf("%d requests for %d chunks, want 4", s.Requests, s.Distinct)
	}
}

// Where nothing is to be had at all the ground is neutral, and it is no hole.
func TestNothingAnywhere(t *testing.T) {
	p, _, _ := serverPipeline(t, fetchtest.Always(fetchtest.NotFound))
	b, err := p.Texture(t.Context(), land(3))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if diff := cmp.Diff(Tally{Chunks: 4, Missing: 4}, b.Tally); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	l, _ := dds.ParseHeader(b.File)
	off, n := l.Level(0)
	img, err := dds.Decode(l, 0, b.File[off:off+n])
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range [][2]int{{0, 0}, {511, 0}, {255, 256}, {511, 511}} {
		c := img.NRGBAAt(at[0], at[1])
		for _, d := range []int{int(c.R) - int(ground.R), int(c.G) - int(ground.G),
			int(c.B) - int(ground.B)} {
			if d < -2 || d > 2 {
				t.Errorf("pixel %v is %v, want the ground's %v", at, c, ground)
			}
		}
	}
}

func TestTextureCancelled(t *testing.T) {
	p, _, _ := serverPipeline(t, fetchtest.Always(fetchtest.Stall))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Texture(ctx, land(0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline's error", err)
	}
	// What the cancelled texture held is free again.
	if !p.memory.TryAcquire(p.limit) || !p.slots.TryAcquire(int64(p.nSlots)) {
		t.Error("a cancelled texture keeps memory or slots")
	}
}

// countingSource says how many chunks were being fetched at once.
type countingSource struct {
	fetch.Source
	now, most atomic.Int64
}

func (s *countingSource) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	n := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	time.Sleep(time.Millisecond)
	return s.Source.Fetch(ctx, c)
}

// The limits are the pipeline's, however many textures are asked for at once.
func TestLimitsAreTheProcess(t *testing.T) {
	source := &countingSource{Source: fields()}
	p := newPipeline(t, Options{Source: source, Slots: 5, Memory: 1 << 20, Workers: 2})
	var wg sync.WaitGroup
	for _, it := range neighbours(8, 3) {
		wg.Go(func() {
			b, err := p.Texture(t.Context(), it)
			if err != nil {
				t.Error(err)
				return
			}
			b.Release()
		})
	}
	wg.Wait()
	if most := source.most.Load(); most > 5 {
		t.Errorf("%d chunks at once, the limit is 5", most)
	}
}
