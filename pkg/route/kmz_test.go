package route_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/pkg/route"
)

// kmz returns a ZIP file of these entries, in order.
func kmz(t *testing.T, entries ...[2]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestKMZPicksTheMainFile(t *testing.T) {
	line := func(lon int) string {
		return kml(fmt.Sprintf("<LineString><coordinates>%d,46</coordinates></LineString>", lon))
	}
	for name, archive := range map[string]string{
		"only one": kmz(t, [2]string{"readme.txt", "x"},
			[2]string{"deep/Route.KML", line(6)}),
		"doc.kml after it": kmz(t, [2]string{"a.kml", line(1)}, [2]string{"DOC.kml", line(6)},
			[2]string{"b.kml", line(2)}),
		"first without doc":  kmz(t, [2]string{"a.kml", line(6)}, [2]string{"b.kml", line(2)}),
		"byte order mark":    kmz(t, [2]string{"doc.kml", "\ufeff" + line(6)}),
		"names that mislead": kmz(t, [2]string{"../../doc.kml", line(6)}),
	} {
		got, _, err := route.Read(write(t, archive))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(got) != 1 || got[0].Points[0] != low(6, 46) {
			t.Errorf("%s: read %+v", name, got)
		}
	}
}

func TestKMZErrors(t *testing.T) {
	good := kmz(t, [2]string{"doc.kml",
		kml("<LineString><coordinates>6,46</coordinates></LineString>")})
	damaged := []byte(good)
	damaged[bytes.Index(damaged, []byte("doc.kml"))+12] ^= 0xff
	for _, tt := range []struct {
		name, archive, says string
		kind                error
	}{
		{"no KML", kmz(t, [2]string{"a.txt", "x"}), "no .kml file", route.ErrMalformed},
		{"no entries", kmz(t), "no .kml file", route.ErrMalformed},
		{"cut short", good[:len(good)/2], "cannot be unpacked", route.ErrMalformed},
		{"damaged", string(damaged), "doc.kml: it cannot be unpacked", route.ErrMalformed},
		{"not KML inside", kmz(t, [2]string{"doc.kml", "hello"}), "is not KML", route.ErrMalformed},
		{"many entries", strings.Repeat("PK\x03\x04", 1) + strings.Repeat("PK\x01\x02", 20_000),
			"more than 10000 entries", route.ErrTooLarge},
		{"zip bomb", bomb(t, 1<<30), "larger than 64 MiB", route.ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := route.Read(write(t, tt.archive))
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v; want %v with %q", err, tt.kind, tt.says)
			}
		})
	}
}

// bomb returns a KMZ of some kilobytes whose KML unpacks to size bytes. It is put together from one
// compressed megabyte, because compressing it all takes seconds.
func bomb(t *testing.T, size int) string {
	t.Helper()
	var block bytes.Buffer
	f, err := flate.NewWriter(&block, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := f.Flush(); err != nil { // ends on a byte, so that blocks can be strung together
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "doc.kml", Method: zip.Deflate,
		CompressedSize64: uint64(block.Len() * size >> 20), UncompressedSize64: uint64(size)})
	if err != nil {
		t.Fatal(err)
	}
	for range size >> 20 {
		if _, err := w.Write(block.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
