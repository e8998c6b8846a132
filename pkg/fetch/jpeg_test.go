package fetch

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func sampleJPEG(t testing.TB) []byte {
	t.Helper()
	body, err := Sample().Fetch(t.Context(), tiles.Chunk{Z: 16, X: 33712, Y: 23952})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// patched returns body with the byte at offset of the segment of marker (offset 0 is 0xFF) set to
// value.
func patched(t testing.TB, body []byte, marker byte, offset int, value byte) []byte {
	t.Helper()
	at := bytes.Index(body, []byte{0xFF, marker})
	if at < 0 {
		t.Fatalf("no marker %#x", marker)
	}
	body = bytes.Clone(body)
	body[at+offset] = value
	return body
}

func TestCheckJPEG(t *testing.T) {
	good := sampleJPEG(t)
	sof := func(offset int, value byte) []byte { return patched(t, good, markerSOF0, offset, value) }
	inserted := func(segment string) []byte { return append(append([]byte{0xFF, markerSOI}, segment...), good[2:]...) }
	for _, test := range []struct {
		name string
		body []byte
		says string // "" when it is good
	}{
		{"as it is", good, ""},
		{"extended sequential", sof(1, 0xC1), ""},
		{"bytes after the end", append(bytes.Clone(good), "\n\x00trailing"...), ""},
		{"another image after the end", append(bytes.Clone(good), good...), ""},
		{"fill bytes", inserted("\xFF\xFF\xFF\xFE\x00\x03."), ""},
		{"thumbnail in a segment", inserted("\xFF\xE1\x00\x0A\xFF\xD8\xFF\xC9\x00\x00\xFF\xD9"), ""},
		{"nil", nil, "empty"},
		{"start marker only", good[:2], "not JPEG"},
		{"text", []byte("not found, sorry"), "text/plain"},
		{"html", []byte("  <html><body>"), "text/html"},
		{"png", []byte("\x89PNG\x0D\x0A\x1A\x0A...."), "image/png"},
		{"no end marker", good[:len(good)-2], "cut off"},
		{"half an end marker", good[:len(good)-1], "cut off"},
		{"cut in a header", good[:30], "cut off"},
		{"zero bits", sof(4, 0), "bits"},
		{"twelve bits", sof(4, 12), "12 bits"},
		{"height 0, told later", sof(6, 0xFF), "px"},
		{"two components", sof(9, 2), "2 components"},
		{"no components", sof(9, 0), "0 components"},
		{"more components than told", sof(9, 9), "frame cut off"},
		{"lossless", sof(1, 0xC3), "SOF3"},
		{"hierarchical", sof(1, 0xC5), "SOF5"},
		{"arithmetic", sof(1, 0xC9), "SOF9"},
		{"arithmetic progressive", sof(1, 0xCA), "SOF10"},
		{"no frame", sof(1, 0xE3), "without a frame"},
		{"no scan", append(bytes.Clone(good[:bytes.LastIndex(good, []byte{0xFF, markerSOS})]), 0xFF, markerEOI), "without a picture"},
		{"a bomb of scans", slices.Concat(good[:len(good)-2], bytes.Repeat(good[bytes.LastIndex(good, []byte{0xFF, markerSOS}):][:20], 100), []byte{0xFF, markerEOI}), "more than 64 scans"},
		{"begins twice", inserted("\xFF\xD8"), "begins twice"},
		{"two frames", inserted(string(good[bytes.Index(good, []byte{0xFF, markerSOF0}):][:19])), "two frames"},
		{"segment of length 1", inserted("\xFF\xFE\x00\x01"), "cut off"},
		{"bytes between segments", inserted("junk"), "cut off"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := checkJPEG(test.body, tiles.ChunkPixels)
			if test.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrBody) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want ErrBody about %q", err, test.says)
			}
		})
	}
}

// TestEveryTruncationIsNoticed: whatever a broken connection leaves.
func TestEveryTruncationIsNoticed(t *testing.T) {
	body := sampleJPEG(t)
	for n := range len(body) {
		if err := checkJPEG(body[:n], tiles.ChunkPixels); !errors.Is(err, ErrBody) {
			t.Fatalf("%d of %d bytes: %v", n, len(body), err)
		}
	}
}

func TestRealImagery(t *testing.T) {
	files, err := filepath.Glob("../../../shared/imagery/chunks/*.jpg")
	if err != nil || len(files) == 0 {
		t.Skip("no real imagery at ../shared/imagery beside the repository")
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkJPEG(body, tiles.ChunkPixels); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// FuzzCheckJPEG: no panic, and nothing passes that says it is of another size or kind.
func FuzzCheckJPEG(f *testing.F) {
	good := sampleJPEG(f)
	f.Add(good)
	f.Add(good[:700])
	f.Add(append(bytes.Clone(good[:700]), 0xFF, markerEOI))
	f.Add([]byte("\xFF\xD8\xFF\xC0\x00\x0B\x08\x01\x00\x01\x00\x01\x01\x11\x00\xFF\xDA\x00\x08\x01\x01\x00\x00\x3F\x00.\xFF\xD9"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := checkJPEG(body, tiles.ChunkPixels); err != nil {
			if !errors.Is(err, ErrBody) {
				t.Errorf("%v is not ErrBody", err)
			}
			return
		}
		config, err := jpeg.DecodeConfig(bytes.NewReader(body))
		if err != nil {
			return // tables that image/jpeg does not like; what passes here is decoded before use
		}
		if config.Width != tiles.ChunkPixels || config.Height != tiles.ChunkPixels {
			t.Errorf("passes, but image/jpeg reads %d×%d px", config.Width, config.Height)
		}
	})
}
