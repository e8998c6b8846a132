package main

import (
	"bytes"
	"context"
	bin "encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// An extract of an archive on a web server, killed with SIGKILL again and again and run again: it
// comes to the digest of one undisturbed, and asks for nothing again that was complete, but for
// single blocks in the midst of what was not.
func TestKilledExtractsGoOn(t *testing.T) {
	drill.SkipIfShort(t)
	kills := drill.Scale(20, 2)
	dir := t.TempDir()
	var textures []tiles.Texture
	for i := range 3 * (kills + 2) {
		textures = append(textures, tiles.Texture{Row: 23952, Col: 33712 + 16*uint32(i), ZL: 16,
			Maptype: "BI"})
	}
	file := filepath.Join(dir, "a.mbtiles")
	packNoise(t, file, textures, 0)
	server := newMeter(t, file)
	cache := filepath.Join(dir, "cache")
	t.Setenv(testCache, cache)
	out := filepath.Join(dir, "out.mbtiles")
	args := []string{"extract", server.URL + "/a.mbtiles", "--zoom", "16", "-o", out}

	complete := map[uint32]bool{} // blocks
	for kill := range kills {
		reached := server.holdAfter(int64(len(server.data)) / int64(kills+2))
		ctx, cancel := context.WithCancel(t.Context())
		cmd := command(ctx, t, args...)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-reached:
		case err := <-ended:
			t.Fatalf("it ended before kill %d: %v: %s", kill+1, err, said.String())
		}
		// What was sent is on the way to the disk.
		patience.Until(t, "anything to be kept", func() bool {
			return len(blocksThere(t, cache)) > len(complete)
		})
		cancel()
		if err := <-ended; !killed(err) {
			t.Fatalf("kill %d: %v: %s", kill+1, err, said.String())
		}
		complete = blocksThere(t, cache)
		server.release(complete)
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("there is an archive after kill %d", kill+1)
		}
	}
	if said, err := command(t.Context(), t, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	equal := sharetest.Digest(t, out) == sharetest.Digest(t, file)
	t.Logf("%d of %d blocks were complete at the last kill", len(complete), len(server.data)/meterBlock)
	measured := fmt.Sprintf("equal %v, %d", equal, len(server.again))
	drill.Row(t, fmt.Sprintf("extract killed %d times: digest equal, blocks fetched again that were "+
		"complete", kills), "equal true, 0", measured, equal && len(server.again) == 0)
	if !equal || len(server.again) > 0 {
		t.Errorf("equal %v; fetched again: %v", equal, server.again)
	}
}

// meterBlock is the unit in which the cache knows what is there. The first eight are fetched anew
// by every process, to see that the file is the same. As many blocks as meterGap between others
// that lack are fetched with these: a request more would cost more. Where a kill leaves them,
// chance says.
const (
	meterBlock  = 8 << 10
	meterOpened = 8
	meterGap    = 2
)

// blocksThere reads the list of what a cache has.
func blocksThere(t *testing.T, cache string) map[uint32]bool {
	t.Helper()
	there := map[uint32]bool{}
	lists, err := filepath.Glob(filepath.Join(cache, "xelpack", "remote", "*.have"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lists {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, records, _ := bytes.Cut(text, []byte("\n"))
		for ; len(records) >= 9; records = records[9:] {
			first, n, what := bin.LittleEndian.Uint32(records), bin.LittleEndian.Uint32(records[4:]),
				records[8]
			for b := first; b < first+n && what != 2; b++ { // 2: it was checked, of no blocks
				there[b] = what == 1
			}
		}
	}
	for b, ok := range there {
		if !ok {
			delete(there, b)
		}
	}
	return there
}

// meter is a web server of one file, which stops sending at a point, and knows what must not be
// asked for again.
type meter struct {
	*httptest.Server
	data []byte

	mu       sync.Mutex
	room     int64         // bytes to be sent before it stops; negative: no end
	reached  chan struct{} // closed when it stops
	released chan struct{} // closed when it goes on
	complete map[uint32]bool
	again    []uint32
}

func newMeter(t *testing.T, file string) *meter {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := &meter{data: data, room: -1}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

// holdAfter has it stop after so many bytes.
func (m *meter) holdAfter(n int64) (reached <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room, m.reached, m.released = n, make(chan struct{}), make(chan struct{})
	return m.reached
}

// release has it go on without an end. Whatever is complete may not be asked for again.
func (m *meter) release(complete map[uint32]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room, m.complete = -1, complete
	close(m.released)
}

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var from, to int64
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err == nil {
		m.mu.Lock()
		var run []uint32 // of complete blocks
		lacked := false  // a block before it
		for b := from / meterBlock; b <= min(to, int64(len(m.data))-1)/meterBlock; b++ {
			if b >= meterOpened && m.complete[uint32(b)] {
				run = append(run, uint32(b))
				continue
			}
			if !lacked || len(run) > meterGap {
				m.again = append(m.again, run...)
			}
			run, lacked = nil, true
		}
		m.again = append(m.again, run...) // at its end
		m.mu.Unlock()
	}
	w.Header().Set("ETag", `"1"`)
	http.ServeContent(metered{w, m, r.Context()}, r, "a.mbtiles", time.Time{}, bytes.NewReader(m.data))
}

// metered is an answer of a meter.
type metered struct {
	http.ResponseWriter
	m   *meter
	ctx context.Context
}

func (w metered) Write(p []byte) (int, error) {
	w.m.mu.Lock()
	held := w.m.room == 0
	if w.m.room > 0 {
		if w.m.room = max(0, w.m.room-int64(len(p))); w.m.room == 0 {
			close(w.m.reached)
		}
	}
	released := w.m.released
	w.m.mu.Unlock()
	if held {
		select {
		case <-released:
		case <-w.ctx.Done(): // the client is gone
			return 0, w.ctx.Err()
		}
	}
	return w.ResponseWriter.Write(p)
}
