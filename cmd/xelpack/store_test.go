//go:build linux

package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
)

// Two builds at once, in two processes, with one chunk store: both succeed, and afterwards it holds
// what either fetched.
func TestTwoProcessesShareAStore(t *testing.T) {
	drill.SkipIfShort(t)
	server := farmServer(t)
	dir := t.TempDir()
	t.Setenv(testCache, filepath.Join(dir, "cache"))
	boxes := []string{"5.01,43.55,5.08,43.60", "5.05,43.55,5.12,43.60"} // they overlap
	build := func(box, name string, more ...string) (pack.Report, string, int) {
		args := append([]string{"build", "--bbox", box, "--provider", server.Template(), "-o",
			filepath.Join(dir, name+".mbtiles"), "--json"}, more...)
		return runCommand(t.Context(), t, args...)
	}
	var both sync.WaitGroup
	for i, box := range boxes {
		both.Go(func() {
			r, stderr, code := build(box, "first"+string(rune('a'+i)), "--keep-chunks", "1GB")
			if code != exitDone || strings.Contains(stderr, "not kept") {
				t.Errorf("%s: code %d, %+v: %s", box, code, r, stderr)
			}
		})
	}
	both.Wait()
	for i, box := range boxes {
		name := string(rune('a' + i))
		r, stderr, code := build(box, "again"+name, "--offline")
		if code != exitDone || r.Requests != 0 {
			t.Errorf("%s offline: code %d, %+v: %s", box, code, r, stderr)
			continue
		}
		if sharetest.Digest(t, filepath.Join(dir, "first"+name+".mbtiles")) != sharetest.Digest(t,
			filepath.Join(dir, "again"+name+".mbtiles")) {
			t.Errorf("%s: from the store comes another archive", box)
		}
	}
}

// At `ulimit -n 256`, 256 requests over HTTP/1.1 would take more descriptors than there are.
func TestBuildWithFewDescriptors(t *testing.T) {
	drill.SkipIfShort(t)
	server := fetchtest.NewServer(
		fetchtest.Options{Image: farmland(), Latency: 100 * time.Millisecond})
	t.Cleanup(server.Close)
	dir := t.TempDir()
	t.Setenv(testCache, filepath.Join(dir, "cache"))
	cmd := command(t.Context(), t, "build", "--bbox", "5.01,43.55,5.12,43.62", "--provider",
		server.Template(), "-o", filepath.Join(dir, "a.mbtiles"), "--json",
		"--concurrency", "256", "--keep-chunks", "1GB", "--retries", "0")
	cmd.Args = append([]string{"sh", "-c", `ulimit -n 256 && exec "$0" "$@"`},
		append([]string{cmd.Path}, cmd.Args[1:]...)...)
	cmd.Path = "/bin/sh"
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte(`"state":"complete"`)) {
		t.Errorf("%v: %s%s", err, out, stderr.Bytes())
	}
	// Of a chunk that was asked for twice the client has called one request off, and the server does
	// not know of it yet.
	s := server.Stats()
	if s.MaxInFlight > 160+s.Requests-s.Distinct || s.MaxInFlight < 64 {
		t.Errorf("%d requests at once, want about as many as there are descriptors for",
			s.MaxInFlight)
	}
}

// A token goes to the provider and nowhere else: whatever a build prints and leaves behind is
// searched for it, after success, refusal, trouble and an outage.
func TestTokensAreKeptNowhere(t *testing.T) {
	drill.SkipIfShort(t)
	const token = "pk.hunter2hunter2"
	server := farmServer(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "config", "xelpack")
	if err := os.MkdirAll(config, 0o755); err != nil {
		t.Fatal(err)
	}
	toml := "[[provider]]\nid = \"mine\"\ncode = \"MY\"\ntemplate = \"" + server.Template() +
		"?key={token}\"\nheaders = { \"X-Key\" = \"" + token + "\" }\n"
	if err := os.WriteFile(filepath.Join(config, "providers.toml"), []byte(toml),
		0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(testCache, filepath.Join(dir, "cache"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	args := []string{"build", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "15", "--provider", "mine",
		"-o", filepath.Join(dir, "a.mbtiles"), "--json", "--retries", "0", "--patience", "1s"}

	if _, stderr, code := runCommand(t.Context(), t, args...); code != exitUsage ||
		!strings.Contains(stderr, "XELPACK_TOKEN_MINE") {
		t.Errorf("without a token: code %d, %s; want it named", code, stderr)
	}
	t.Setenv("XELPACK_TOKEN_MINE", token)
	var printed strings.Builder
	for _, kind := range []fetchtest.Kind{fetchtest.Forbidden, fetchtest.RedirectLoop,
		fetchtest.HTML, fetchtest.Reset, fetchtest.OK} {
		server.SetFault(fetchtest.Always(kind))
		r, stderr, code := runCommand(t.Context(), t, args...)
		if (code == exitDone) != (kind == fetchtest.OK) {
			t.Errorf("%s: code %d, %+v: %s", kind, code, r, stderr)
		}
		printed.WriteString(stderr)
	}
	for _, more := range [][]string{{"info", filepath.Join(dir, "a.mbtiles"), "--json"},
		{"providers", "--json"}, {"providers"}} {
		out, err := command(t.Context(), t, more...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v: %s", more, err, out)
		}
		printed.Write(out)
	}
	if strings.Contains(printed.String(), "hunter2") {
		t.Errorf("the token is printed: %s", printed.String())
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".toml") {
			return err
		}
		files++
		body, err := os.ReadFile(path)
		if bytes.Contains(body, []byte("hunter2")) {
			t.Errorf("the token is in %s", path)
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("%v, %d files searched, want the archive and the chunk store at least", err, files)
	}
}
