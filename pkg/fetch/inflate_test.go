package fetch_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/pkg/fetch"
)

func compressed(t *testing.T, body []byte, open func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := open(&b)
	_, err := w.Write(body)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

// TestEncodedAnswers: servers compress what nobody asked them to. That is inflated, as far as a
// body may go; what is cut off, longer than it may be, or encoded otherwise is a failure.
func TestEncodedAnswers(t *testing.T) {
	image := sampleBody(t, chunk)
	inGzip := compressed(t, image, zipped)
	bare := func(w io.Writer) io.WriteCloser {
		d, _ := flate.NewWriter(w, flate.BestSpeed) // fails only for a bad level
		return d
	}
	bomb := compressed(t, make([]byte, 8<<20), zipped)
	for _, test := range []struct {
		name, encoding string
		body           []byte
		length         int    // Content-Length, if it lies
		says           string // "": it is the image
	}{
		{"gzip", "gzip", inGzip, 0, ""},
		{"upper case", "GZIP", inGzip, 0, ""},
		{"x-gzip", "x-gzip", inGzip, 0, ""},
		{"zlib", "deflate", compressed(t, image, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }), 0, ""},
		{"bare deflate", "deflate", compressed(t, image, bare), 0, ""},
		{"identity", "identity", image, 0, ""},
		{"only said so", "gzip", image, 0, ""},
		{"cut off", "gzip", inGzip[:len(inGzip)-9], 0, "cut off or damaged"},
		{"damaged", "gzip", append(bytes.Clone(inGzip[:100]), inGzip[101:]...), 0, "cut off or damaged"},
		{"length too small", "gzip", inGzip, len(inGzip) - 100, "cut off or damaged"},
		{"length too large", "gzip", inGzip, len(inGzip) + 100, "unexpected EOF"},
		{"not at all", "gzip", []byte("<html>no</html>"), 0, "cut off or damaged"},
		{"HTML inside", "gzip", compressed(t, []byte("<html>no</html>"), zipped), 0, "not a usable image"},
		{"empty", "gzip", nil, 0, "cut off or damaged"},
		{"bomb", "gzip", bomb, 0, "longer than 4 MiB"},
		{"twice", "gzip, gzip", compressed(t, inGzip, zipped), 0, `Content-Encoding "gzip, gzip"`},
		{"brotli", "br", []byte("\x0b\x02\x80"), 0, `Content-Encoding "br"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked := r.Header.Get("Accept-Encoding"); asked != "" {
					t.Errorf("asked for encoding %q", asked)
				}
				if test.length != 0 { // net/http would not lie
					conn, _, err := http.NewResponseController(w).Hijack()
					if err != nil {
						t.Error(err)
						return
					}
					defer conn.Close()
					_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", test.encoding, test.length, test.body)
					return
				}
				w.Header().Set("Content-Encoding", test.encoding)
				_, _ = w.Write(test.body)
			}))
			defer server.Close()
			client, _ := newClient(t, fetch.ClientOptions{Retries: -1})
			body, err := client.Source(provider(t, server.URL+"/{z}/{x}/{y}")).Fetch(t.Context(), chunk)
			if test.says == "" {
				if err != nil || !bytes.Equal(body, image) {
					t.Errorf("%d bytes, %v, want the image", len(body), err)
				}
				return
			}
			if !errors.Is(err, fetch.ErrBody) && !errors.Is(err, fetch.ErrNetwork) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want a failure that says %q", err, test.says)
			}
		})
	}
}
