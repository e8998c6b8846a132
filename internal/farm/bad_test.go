//go:build linux

package farm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// liar is a worker whose shares are changed before they are sent.
type liar struct {
	builder
	change func(t context.Context, j Job, file, digest string) (string, error)
}

func (l liar) share(ctx context.Context, j Job, file string) (string, error) {
	digest, err := l.builder.share(ctx, j, file)
	if err != nil {
		return "", err
	}
	return l.change(ctx, j, file, digest)
}

// rewritten makes a share's archive anew, from textures that change may alter, or leave out with
// nil.
func rewritten(ctx context.Context, file string, change func(r *mbtiles.Record, dds []byte) []byte) (string, error) {
	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		return "", err
	}
	other := strings.TrimSuffix(file, suffix) + "-other" + suffix
	w, err := mbtiles.Create(ctx, other, mbtiles.WriterOptions{})
	if err != nil {
		return "", err
	}
	enc := mbtiles.NewEncoder(mbtiles.Fast)
	for e := range a.All() {
		r, err := a.Record(ctx, e)
		if err != nil {
			return "", err
		}
		var text bytes.Buffer
		if err := a.WriteTo(ctx, e, &text); err != nil {
			return "", err
		}
		if text := change(&r, text.Bytes()); text != nil {
			c, err := enc.Encode(text)
			if err != nil {
				return "", err
			}
			if err := w.Put(ctx, r, c); err != nil {
				return "", err
			}
		}
	}
	if err := errors.Join(a.Close(), w.Finish(ctx, nil), w.Close(), os.Rename(other, file)); err != nil {
		return "", err
	}
	return digestOf(ctx, file)
}

func flipped(_ *mbtiles.Record, dds []byte) []byte {
	dds[200] ^= 0x55
	return dds
}

// A share that is not what its job asks for is not taken, its worker is named, the job is built
// again, and the archive is right in the end.
func TestSharesThatLie(t *testing.T) {
	drill.SkipIfShort(t)
	lies := map[string]func(ctx context.Context, j Job, file, digest string) (string, error){
		"a texture is missing": func(ctx context.Context, _ Job, file, _ string) (string, error) {
			n := 0
			return rewritten(ctx, file, func(_ *mbtiles.Record, dds []byte) []byte {
				if n++; n == 1 {
					return nil
				}
				return dds
			})
		},
		"another digest is announced": func(_ context.Context, _ Job, _, digest string) (string, error) {
			return strings.Repeat("0", len(digest)), nil
		},
		"it is no archive": func(_ context.Context, _ Job, file, digest string) (string, error) {
			return digest, os.WriteFile(file, []byte("not an archive"), 0o666)
		},
		"it is of another provider": func(ctx context.Context, _ Job, file, _ string) (string, error) {
			return rewritten(ctx, file, func(r *mbtiles.Record, dds []byte) []byte { r.Provider = "other"; return dds })
		},
		"it is of another place": func(ctx context.Context, _ Job, file, _ string) (string, error) {
			return rewritten(ctx, file, func(r *mbtiles.Record, dds []byte) []byte { r.Texture.Col += 16 * 64; return dds })
		},
		"a byte is damaged": func(_ context.Context, _ Job, file, digest string) (string, error) {
			text, err := os.ReadFile(file)
			if err == nil {
				for i := len(text) / 4; i < len(text); i += 500 {
					text[i] ^= 1
				}
				err = os.WriteFile(file, text, 0o666)
			}
			return digest, err
		},
		"it is not there": func(_ context.Context, _ Job, file, digest string) (string, error) {
			return digest, os.Truncate(file, 0)
		},
	}
	imagery := provider(t, fetchtest.Options{})
	b := smallBuild(t, imagery)
	if _, err := b.run(t.Context(), Options{}, nil); err != nil {
		t.Fatal(err)
	}
	want := sharetest.Digest(t, b.File)
	nats := serverOf(t)
	var mu sync.Mutex
	said := ""
	workersOf(t, nats.ClientURL(), 1, func(o *WorkerOptions) {
		o.Jobs = 1
		o.wrap = func(b builder) builder {
			return liar{b, func(ctx context.Context, j Job, file, digest string) (string, error) {
				for name, lie := range lies { // each once
					delete(lies, name)
					t.Logf("job %d: %s", j.N, name)
					return lie(ctx, j, file, digest)
				}
				return digest, nil
			}}
		}
	})
	n := len(lies)
	b.File = filepath.Join(t.TempDir(), "a.mbtiles")
	r, err := b.run(t.Context(), Options{Server: Server{URL: nats.ClientURL()}, ackWait: b.AckWait, jobSize: 2}, func(s string) {
		mu.Lock()
		defer mu.Unlock()
		said += s + "\n"
	})
	if err != nil || r.State != pack.StateComplete {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := sharetest.Digest(t, b.File); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if len(lies) > 0 || strings.Count(said, "is built again: share of w0") != n {
		t.Errorf("%d lies not told; said:\n%s", len(lies), said)
	}
}

// The clocks of a farm's machines need not agree: no message has a time of day in it.
func TestNoMessageTellsTheTime(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var search func(where string, of reflect.Type)
	search = func(where string, of reflect.Type) {
		if seen[of] {
			return
		}
		seen[of] = true
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
			search(where, of.Elem())
		case reflect.Struct:
			if of == reflect.TypeFor[time.Time]() {
				t.Errorf("%s is a time of day", where)
			}
			for i := range of.NumField() {
				if f := of.Field(i); f.IsExported() {
					search(where+"."+f.Name, f.Type)
				}
			}
		}
	}
	for _, message := range []any{ask{}, grant{}, Contract{}, Job{}, Share{}, Dead{}, taken{}, Presence{}, State{}} {
		search(reflect.TypeOf(message).Name(), reflect.TypeOf(message))
	}
}

// What a killed process has left is removed by the next one, and nothing of those that live.
func TestFoldersOfKilledProcesses(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, remove, err := tempDir()
	if err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(os.TempDir(), "xelpack-farm-dead")
	if err := errors.Join(os.Mkdir(dead, 0o700), os.WriteFile(filepath.Join(dead, "share"), nil, 0o600), os.WriteFile(dead+".lock", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	other, removeOther, err := tempDir()
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{alive: true, other: true, dead: false, dead + ".lock": false} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v", filepath.Base(dir), err)
		}
	}
	remove()
	removeOther()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A second coordinator of a build is told so, and the first goes on. A worker that cannot keep the
// contract gets no jobs and says why.
func TestTwoCoordinatorsAndAWorkerOfAnotherVersion(t *testing.T) {
	drill.SkipIfShort(t)
	imagery := provider(t, fetchtest.Options{})
	nats := serverOf(t)
	first, second := smallBuild(t, imagery), smallBuild(t, imagery)
	o := Options{Server: Server{URL: nats.ClientURL()}, ackWait: first.AckWait, jobSize: 3}
	refused := make(chan string, 100)
	workersOf(t, nats.ClientURL(), 1, func(o *WorkerOptions) {
		o.Name = "old"
		o.check = func(c Contract) error {
			c.Program = "xelpack/0.1"
			_, err := c.provider(o.Imagery)
			return err
		}
		o.Note = func(s string) {
			if strings.Contains(s, "use the same version") {
				refused <- s
			}
		}
	})
	ended := make(chan error, 1)
	go func() {
		_, err := first.run(t.Context(), o, nil)
		ended <- err
	}()
	select {
	case s := <-refused:
		t.Log(s)
	case <-time.After(patience.For(t)):
		t.Fatal("the worker of another version does not say so")
	}
	if _, err := second.run(t.Context(), o, nil); !errors.Is(err, errOther) {
		t.Errorf("the second coordinator: %v", err)
	}
	patience.Until(t, "the status says that a worker is refused", func() bool { // it says so elsewhere first
		list, err := Look(t.Context(), o.Server)
		return err == nil && len(list) == 1 && len(list[0].Workers) == 1 && list[0].Workers[0].Refused != ""
	})
	workersOf(t, nats.ClientURL(), 1, nil)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	sharetest.Digest(t, first.File)
}

// failing is a worker that cannot build.
type failing struct{ builder }

func (failing) share(context.Context, Job, string) (string, error) { return "", errors.New("no good") }

// A job that was begun too often is a dead letter: the report names it, and the same command tries
// it again.
func TestDeadLetters(t *testing.T) {
	drill.SkipIfShort(t)
	imagery := provider(t, fetchtest.Options{})
	nats := serverOf(t)
	b := smallBuild(t, imagery)
	o := Options{Server: Server{URL: nats.ClientURL()}, ackWait: b.AckWait, jobSize: 64, liveFor: 2 * time.Second}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_ = Work(ctx, WorkerOptions{Server: o.Server, Name: "bad", tries: 1, wrap: func(b builder) builder { return failing{b} }})
	}()
	_, err := b.run(t.Context(), o, nil)
	// The worker may have been too slow to hear of its first try.
	why := regexp.MustCompile(`dead letters \(xelpack\..* by bad: (job 0: no good|begun 1 times and never finished)`)
	if err == nil || !why.MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	cancel()
	workersOf(t, nats.ClientURL(), 1, nil)
	if _, err := b.run(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	sharetest.Digest(t, b.File)
}

// Shares wait with their workers while the store has enough of them, and what killed workers have
// left in it is swept away.
func TestStoreIsBounded(t *testing.T) {
	drill.SkipIfShort(t)
	nats := serverOf(t)
	nc, js, err := Server{URL: nats.ClientURL()}.connect("test")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s, err := openStore(t.Context(), js, "test", true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, err := s.os.PutBytes(t.Context(), nameOf(i, "x"), make([]byte, 300<<10)); err != nil {
			t.Fatal(err)
		}
	}
	// the beginning of an object whose worker was killed
	if _, err := js.Publish(t.Context(), s.chunks("dead"), []byte("rubbish")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.sweep(t.Context(), map[int]bool{1: true}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.os.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Name != nameOf(1, "x") {
		t.Errorf("left: %v, %v", list, err)
	}
	if size, err := s.size(t.Context()); err != nil || size > 310<<10 {
		t.Errorf("%d bytes are left, %v", size, err)
	}
	if err := s.remove(t.Context(), nameOf(1, "x")); err != nil {
		t.Fatal(err)
	}
	info, err := s.stream.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	if err != nil || len(info.State.Subjects) > 0 {
		t.Errorf("left: %v, %v", info.State.Subjects, err)
	}
	wait := errors.New("not told")
	ctx, cancel := context.WithCancel(t.Context())
	err = room(ctx, fullStore{}, func(err error) { wait = err; cancel() })
	if !errors.Is(err, context.Canceled) || !errors.Is(wait, errRoom) {
		t.Errorf("a full store: %v, told %v", err, wait)
	}
}

type fullStore struct{ objects }

func (fullStore) size(context.Context) (int64, error) { return storeSoft, nil }

func TestSecretsStayAtHome(t *testing.T) {
	t.Setenv("XELPACK_TOKEN_A_EXAMPLE", "a token")
	for template, want := range map[string]string{
		"https://a.example/{z}/{x}/{y}.jpg":                  "",
		"https://a.example/{z}/{x}/{y}.jpg?key={token}":      "",
		"https://a.example/{z}/{x}/{y}.jpg?v=1&api_key=abcd": "parameter api_key",
	} {
		b := testBuild{BBox: "5.01,43.55,5.10,43.62", Template: template, File: filepath.Join(t.TempDir(), "a.mbtiles")}
		p, err := b.plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := secretIn(p.Provider); got != want {
			t.Errorf("%s: %q, want %q", template, got, want)
		}
	}
	if got := fmt.Sprint(Server{URL: "nats://user:word@host:4222"}.hidden()); strings.Contains(got, "word") {
		t.Error(got)
	}
}
