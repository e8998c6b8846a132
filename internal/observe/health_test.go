package observe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	guard.Start()
	if mounttest.Serve() {
		return
	}
	m.Run()
}

func item() tiles.Item {
	return tiles.Item{Texture: tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "BI"},
		Detail: 2}
}

// becomes asks until the health is as wanted; "" is well.
func becomes(t *testing.T, d *HealthCheck, want string) {
	t.Helper()
	patience.Until(t, fmt.Sprintf("the health is %q", want), func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := d.Check(ctx)
		return err == nil && want == "" || err != nil && want != "" &&
			strings.Contains(err.Error(), want)
	})
}

func TestNothingIsWell(t *testing.T) { becomes(t, &HealthCheck{Sources: &Sources{}}, "") }

// held keeps every worker at its task until release is closed.
type held struct {
	Nobody
	release chan struct{}
}

func (h held) Worked(pack.Task, time.Duration) { <-h.release }

func TestStuckWorkerIsUnwell(t *testing.T) {
	var s Sources
	d := &HealthCheck{Sources: &s, Stuck: 50 * time.Millisecond}
	release := make(chan struct{})
	p := pack.New(pack.Options{Source: fetch.Sample(), MaxZL: tiles.MaxZL, Workers: 1,
		Observer: held{release: release}})
	defer p.Close()
	s.Pipeline.Store(p)
	becomes(t, d, "")
	done := make(chan struct{})
	go func() {
		defer close(done)
		if built, err := p.Texture(context.WithoutCancel(t.Context()), item()); err == nil {
			built.Release()
		}
	}()
	becomes(t, d, "worker 1 is stuck: at one task (chunk)")
	close(release)
	<-done
	becomes(t, d, "")
}

func TestHostThatRefusesIsUnwell(t *testing.T) {
	server := fetchtest.NewServer(fetchtest.Options{Fault: func(tiles.Chunk, int) fetchtest.Fault {
		return fetchtest.Fault{Kind: fetchtest.Forbidden}
	}})
	defer server.Close()
	client := fetch.NewClient(fetch.ClientOptions{Retries: -1})
	defer client.Close()
	var s Sources
	s.Client.Store(client)
	d := &HealthCheck{Sources: &s}
	source := client.Source(server.Provider())
	becomes(t, d, "")
	for x := range uint32(25) {
		if _, err := source.Fetch(t.Context(), tiles.Chunk{Z: 16, X: x}); err == nil {
			t.Fatal("it was served")
		}
	}
	becomes(t, d, "refuses requests")
}

func TestHostThatIsGoneIsUnwell(t *testing.T) {
	server := fetchtest.NewServer(fetchtest.Options{})
	client := fetch.NewClient(fetch.ClientOptions{Retries: -1, Patience: -1})
	defer client.Close()
	var s Sources
	s.Client.Store(client)
	source := client.Source(server.Provider())
	server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for x := uint32(0); ctx.Err() == nil; x++ {
			_, _ = source.Fetch(ctx, tiles.Chunk{Z: 16, X: x})
			time.Sleep(20 * time.Millisecond)
		}
	}()
	becomes(t, &HealthCheck{Sources: &s}, "has stopped answering")
}

// silent keeps whoever asks the mount how it is waiting, until release is closed.
type silent struct {
	Nobody
	release chan struct{}
}

func (s silent) Asked(op mount.Op, _ tiles.Texture) {
	if op == mount.OpOther {
		<-s.release
	}
}

// A mount that does not answer is unwell, and those who ask again and again do not pile up.
func TestMountThatHangsIsUnwell(t *testing.T) {
	mounttest.NeedFUSE(t)
	var s Sources
	release := make(chan struct{})
	f, err := mount.Mount(t.Context(), t.TempDir(),
		mount.Options{Observer: silent{release: release}})
	if err != nil {
		t.Fatal(err)
	}
	s.Mount.Store(f)
	d := &HealthCheck{Sources: &s}
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		err := d.Check(ctx)
		cancel()
		if err == nil || !strings.Contains(err.Error(), "no answer for") ||
			strings.Contains(err.Error(), f.Mountpoint()) {
			t.Errorf("a mount that hangs: %v", err)
		}
	}
	close(release)
	becomes(t, d, "")
	if err := f.Unmount(t.Context()); err != nil {
		t.Fatal(err)
	}
	becomes(t, d, "the mount has ended")
}

func TestArchiveThatIsGoneIsUnwell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	w, err := mbtiles.Create(t.Context(), path, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var s Sources
	s.Writer.Store(w)
	d := &HealthCheck{Sources: &s}
	becomes(t, d, "")
	if !filesys.ReplacesOpen {
		t.Skip("no open file can be renamed here, so that it cannot be gone either")
	}
	if err := os.Rename(path+".part", path+".elsewhere"); err != nil {
		t.Fatal(err)
	}
	becomes(t, d, "the archive cannot be written")
}
