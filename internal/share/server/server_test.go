package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/share/publish"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
)

func TestMain(m *testing.M) { patience.Main(m) }

// folder is a folder with one archive, private, and what must not be served.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	sharetest.Make(t, dir, sharetest.Archive{File: "alps.mbtiles", Source: sharetest.Closed,
		Textures: []string{"23952_33712_BI16"}})
	outside := filepath.Join(t.TempDir(), "outside.mbtiles")
	if err := os.CopyFS(filepath.Dir(outside), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{".hidden.mbtiles": "x", "new.mbtiles.part": "x",
		"secret.txt": "x", "maps.mbtiles": "no archive"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(filepath.Dir(outside), "alps.mbtiles"),
		filepath.Join(dir, "link.mbtiles")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub.mbtiles"), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t testing.TB, o Options) *Server {
	t.Helper()
	o.Addr = "127.0.0.1:0"
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ask sends a request with headers, given in pairs.
func ask(t testing.TB, base, method, path string, header ...string) (*http.Response, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience.For(t))
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(base, "/")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func TestWhatIsServed(t *testing.T) {
	dir := folder(t)
	s := start(t, Options{Dir: dir})
	for path, want := range map[string]int{
		"/": 200, "/index.html": 200, "/catalogue.json": 200, "/alps.mbtiles": 200, "/metrics": 200,
		"/healthz": 200, "/alps.mbtiles?x=y": 200,
		"/.hidden.mbtiles": 404, "/new.mbtiles.part": 404, "/secret.txt": 404, "/maps.mbtiles": 404,
		"/link.mbtiles": 404, "/sub.mbtiles": 404, "/sub.mbtiles/": 404, "/none.mbtiles": 404,
		"/%2e%2e/alps.mbtiles": 404, "/..%2falps.mbtiles": 404, "/alps.mbtiles%00": 404,
		"/debug/pprof/": 404, "/x/alps.mbtiles": 404,
	} {
		if res, _ := ask(t, s.URL(), http.MethodGet, path); res.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, res.Status, want)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		if res, _ := ask(t, s.URL(), method, "/alps.mbtiles"); res.StatusCode != 405 {
			t.Errorf("%s: %s", method, res.Status)
		}
	}
	_, text := ask(t, s.URL(), http.MethodGet, "/catalogue.json")
	c, err := catalogue.Parse(text)
	if err != nil || len(c.Archives) != 1 || !c.Private {
		t.Errorf("%v: %s", err, text)
	}
	if _, text := ask(t, s.URL(), http.MethodGet, "/metrics"); !bytes.Contains(text,
		[]byte(`xelpack_serve_answers_total{code="404"}`)) {
		t.Errorf("metrics: %s", text)
	}
}

func TestRanges(t *testing.T) {
	dir := folder(t)
	s := start(t, Options{Dir: dir, Rate: 1 << 40})
	want, err := os.ReadFile(filepath.Join(dir, "alps.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	res, body := ask(t, s.URL(), http.MethodGet, "/alps.mbtiles", "Accept-Encoding", "gzip")
	tag := res.Header.Get("ETag")
	if !bytes.Equal(body, want) || res.Header.Get("Content-Encoding") != "" ||
		res.Header.Get("Accept-Ranges") != "bytes" || !strings.HasPrefix(tag, `"`) {
		t.Errorf("%d bytes, %v", len(body), res.Header)
	}
	for _, tt := range []struct {
		ranges string
		code   int
		want   []byte
		header []string
	}{
		{"bytes=0-99", 206, want[:100], nil},
		{"bytes=100-100", 206, want[100:101], nil},
		{"bytes=-10", 206, want[len(want)-10:], nil},
		{"bytes=8192-", 206, want[8192:], []string{"If-Range", tag}},
		{"bytes=8192-", 200, want, []string{"If-Range", `"other"`}},
		{"bytes=0-9", 304, nil, []string{"If-None-Match", tag}},
		{"bytes=0-9", 412, nil, []string{"If-Match", `"other"`}},
		{fmt.Sprintf("bytes=%d-", len(want)), 416, nil, nil},
	} {
		res, body := ask(t, s.URL(), http.MethodGet, "/alps.mbtiles", append(tt.header, "Range",
			tt.ranges)...)
		if res.StatusCode != tt.code || tt.want != nil && !bytes.Equal(body, tt.want) {
			t.Errorf("%s %q: %s, %d bytes", tt.ranges, tt.header, res.Status, len(body))
		}
	}
	if res, body := ask(t, s.URL(), http.MethodHead, "/alps.mbtiles"); res.ContentLength != int64(
		len(want)) || len(body) > 0 {
		t.Errorf("HEAD: %d, %d bytes", res.ContentLength, len(body))
	}
}

// A file that was written again has another ETag, and the catalogue tells of it.
func TestChanges(t *testing.T) {
	dir := folder(t)
	s := start(t, Options{Dir: dir})
	tag := func(path string) string {
		res, _ := ask(t, s.URL(), http.MethodHead, path)
		return res.Header.Get("ETag")
	}
	archive, list := tag("/alps.mbtiles"), tag("/catalogue.json")
	if again := tag("/alps.mbtiles"); again != archive {
		t.Errorf("the same file: %s, then %s", archive, again)
	}
	sharetest.Make(t, dir, sharetest.Archive{File: "alps.mbtiles", Source: sharetest.Closed, Seed: 1,
		Textures: []string{"23952_33712_BI16"}})
	if again := tag("/alps.mbtiles"); again == archive || again == "" {
		t.Errorf("another file: %s, then %s", archive, again)
	}
	if again := tag("/catalogue.json"); again == list || again == "" {
		t.Errorf("another catalogue: %s, then %s", list, again)
	}
	if err := os.Remove(filepath.Join(dir, "alps.mbtiles")); err != nil {
		t.Fatal(err)
	}
	if res, _ := ask(t, s.URL(), http.MethodGet, "/alps.mbtiles"); res.StatusCode != 404 {
		t.Errorf("removed: %s", res.Status)
	}
	if res, text := ask(t, s.URL(), http.MethodGet, "/"); res.StatusCode != 200 || !bytes.Contains(text,
		[]byte("0 archives")) {
		t.Errorf("an empty folder: %s", res.Status)
	}
}

// What was published is used as long as it describes what is there.
func TestPublished(t *testing.T) {
	dir := folder(t)
	f, err := publish.Read(t.Context(), publish.Options{Dir: dir, Private: true, Title: "My title",
		Only: func(name string) bool { return name == "alps.mbtiles" }})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir})
	titled := func() bool {
		_, text := ask(t, s.URL(), http.MethodGet, "/catalogue.json")
		_, page := ask(t, s.URL(), http.MethodGet, "/")
		if bytes.Contains(text, []byte("My title")) != bytes.Contains(page, []byte("My title")) {
			t.Error("the page and the catalogue are not of the same kind")
		}
		return bytes.Contains(text, []byte("My title"))
	}
	if titled() {
		t.Error("published before it was")
	}
	if err := f.Write(); err != nil {
		t.Fatal(err)
	}
	if !titled() {
		t.Error("what was published is not used")
	}
	sharetest.Make(t, dir, sharetest.Archive{File: "more.mbtiles", Source: sharetest.Open,
		Textures: []string{"23952_33712_BI16"}})
	if titled() {
		t.Error("what was published lacks an archive and is used")
	}
}

func TestTokens(t *testing.T) {
	dir := t.TempDir()
	for addr, want := range map[string]bool{"127.0.0.1:80": false, ":80": false, "localhost:80": false,
		"[::1]:80": false, "0.0.0.0:80": true, "192.0.2.1:80": true, "nas:80": true} {
		if token, err := Token(addr, ""); (token != "") != want || err != nil {
			t.Errorf("%s: %q, %v", addr, token, err)
		}
	}
	file := filepath.Join(dir, "token")
	first, err := Token("127.0.0.1:80", file)
	if err != nil || len(first) < minToken {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := Token("0.0.0.0:80", file); again != first || err != nil {
		t.Errorf("%q, then %q, %v", first, again, err)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v: others can read it", info.Mode(), err)
	}
	for _, text := range []string{"", "short", "with a blank in it, which no address has"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if token, err := Token("0.0.0.0:80", file); err == nil {
			t.Errorf("%q was taken as %q", text, token)
		}
	}
	s := start(t, Options{Dir: folder(t), Token: first})
	if res, text := ask(t, s.URL(), http.MethodGet, "/catalogue.json"); res.StatusCode != 401 ||
		bytes.Contains(text, []byte("alps")) {
		t.Errorf("without the token: %s", res.Status)
	}
	addresses, err := s.Addresses(first)
	if err != nil || len(addresses) != 1 {
		t.Fatalf("%q, %v", addresses, err)
	}
	u, err := url.Parse(addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(u.User.Username(), password)
	if res, _ := ask(t, s.URL(), http.MethodGet, "/alps.mbtiles", "Authorization",
		r.Header.Get("Authorization")); res.StatusCode != 200 {
		t.Errorf("with the address: %s", res.Status)
	}
}

func TestBadFolders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{file: "want a folder", file + "2": file + "2"} {
		s, err := Start(t.Context(), Options{Dir: dir, Addr: "127.0.0.1:0"})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
