package watch

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// What is wrong with a build is at /healthz, in words, with the code that scripts look at.
func TestHealthIsServed(t *testing.T) {
	var stderr bytes.Buffer
	w, err := Start(t.Context(), "build",
		Options{HTTP: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Note: func(s string) {
			stderr.WriteString(s)
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	url, found := strings.CutPrefix(strings.TrimSpace(stderr.String()), "status page: ")
	if !found {
		t.Fatalf("%q does not say where the page is", stderr.String())
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func() (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	file := filepath.Join(t.TempDir(), "a.mbtiles")
	writer, err := mbtiles.Create(t.Context(), file, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	w.Writer.Store(writer)
	if code, body := ask(); code != http.StatusOK || body != "ok\n" {
		t.Errorf("a build that is well: %d %q", code, body)
	}
	if !filesys.ReplacesOpen {
		t.Skip("no open file can be renamed here, so that it cannot be gone either")
	}
	if err := os.Rename(file+".part", file+".elsewhere"); err != nil {
		t.Fatal(err)
	}
	if code, body := ask(); code != http.StatusServiceUnavailable ||
		!strings.Contains(body, "the archive cannot be written") || strings.Contains(body, file) {
		t.Errorf("a build whose file is gone: %d %q", code, body)
	}
}
