package remote

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/sqlpages"
)

// Answers that break off are gone on with; other wrong ones are an error that says so, and none of
// their bytes counts.
func TestFaults(t *testing.T) {
	t.Parallel()
	part := func(w http.ResponseWriter, r *http.Request, shift, size int64) {
		var from, to int64
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from+shift, to+shift, size))
		w.Header().Set("Content-Length", fmt.Sprint(to-from+1))
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", time.Unix(1e9, 0).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(make([]byte, to-from+1))
	}
	const size = 1 << 20
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		want   string // part of the error
	}{
		{"another range", func(w http.ResponseWriter, r *http.Request) { part(w, r, 8192, size) },
			"not the part of the file"},
		{"another size", func(w http.ResponseWriter, r *http.Request) { part(w, r, 0, size+1) },
			"was replaced"},
		{"another file", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"2"`)
			http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(make([]byte, size)))
		}, "was replaced"},
		{"a weak tag that differs", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `W/"2"`)
			r.Header.Del("If-Range")
			http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(make([]byte, size)))
		}, "was replaced"},
		{"compressed", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			part(w, r, 0, size)
		}, "compressed"},
		{"gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "no such file"},
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "refuses it"},
		{"broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
			"status 500 Internal Server Error (asked 4 times)"},
		{"shorter", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(416) }, "416"},
		{"to plain", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "ftp://elsewhere/", http.StatusFound)
		}, "redirect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, size)
			f := open(t, o.URL+"/a.mbtiles", options(t, t.TempDir()))
			o.fault(func(w http.ResponseWriter, r *http.Request) bool { tt.answer(w, r); return true })
			wanted := sqlpages.Span{Off: 500_000, Len: 100_000}
			err := f.Want(t.Context(), []sqlpages.Span{wanted})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			o.answer.Store(nil)
			expect(t, f, o.data, wanted)
		})
	}
}

func TestBrokenOff(t *testing.T) {
	t.Parallel()
	o := serve(t, 4<<20)
	f := open(t, o.URL+"/a.mbtiles", options(t, t.TempDir()))
	var n atomic.Int64
	o.fault(func(w http.ResponseWriter, r *http.Request) bool {
		if n.Add(1)%3 == 0 {
			return false
		}
		var from, to int64
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(o.data)))
		w.Header().Set("Content-Length", fmt.Sprint(to-from+1))
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", time.Unix(1e9, 0).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(o.data[from:][:(to-from)/3]) // and the connection is closed
		return true
	})
	expect(t, f, o.data, sqlpages.Span{Off: 0, Len: 4 << 20})
}

// What an address is refused for when it is opened.
func TestNotAFile(t *testing.T) {
	t.Parallel()
	other := serve(t, 100_000)
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"no ranges", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0, 1}) },
			"does not send parts of a file"},
		{"a login page", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html><title>Sign in</title>"))
		}, "it answers HTML: Sign in"},
		{"a listing", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html><head><title>Index of /</title></head>"))
		}, "it answers HTML: Index of /"},
		{"a listing that repeats the address", func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintf(w, "<html><title>%s%s%s</title>", strings.Repeat("a", 70),
				r.URL.RequestURI(), r.Header.Get("Authorization"))
		}, "it answers HTML: a"},
		{"none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "no such file"},
		{"larger than the world", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-65535/9000000000000000000")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(make([]byte, 65536))
		}, "more than any archive"},
		{"unauthorised", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) },
			"refuses it (status 401)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(tt.answer)
			defer s.Close()
			dir := t.TempDir()
			_, err := Open(t.Context(), strings.Replace(s.URL, "://", "://me:h1dden@", 1)+
				"/a.mbtiles?token=hidden", options(t, dir))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			for _, secret := range []string{"me:", "h1dden", "hidden"} {
				if strings.Contains(fmt.Sprint(err), secret) {
					t.Errorf("%v tells a secret", err)
				}
			}
		})
	}
	t.Run("redirected to another host", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/x.mbtiles", http.StatusFound)
		}))
		defer s.Close()
		o, said := options(t, t.TempDir()), notes{}
		o.Note = said.add
		f := open(t, s.URL+"/a.mbtiles", o)
		expect(t, f, other.data, sqlpages.Span{Off: 70_000, Len: 20_000})
		if len(said.text) != 1 || !strings.Contains(said.text[0], "redirects to") {
			t.Errorf("notes %q", said.text)
		}
	})
}
