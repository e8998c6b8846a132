package dds

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the digests in testdata anew")

const digests = "testdata/digests.txt"

// golden compares a file's digest with the one checked in under a name: the same on every machine
// and on every path.
func golden(t *testing.T, name string, file []byte) {
	t.Helper()
	sum := sha256.Sum256(file)
	got := hex.EncodeToString(sum[:])
	text, err := os.ReadFile(digests)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+": ") })
	if *update {
		if at < 0 {
			lines = append(lines, "")
			at = len(lines) - 1
		}
		lines[at] = name + ": " + got
		slices.Sort(lines)
		if err := os.WriteFile(digests, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if at < 0 {
		t.Fatalf("%s has no digest: run with -update", name)
	}
	if want := strings.TrimPrefix(lines[at], name+": "); got != want {
		t.Errorf("%s: digest %s, want %s", name, got, want)
	}
}

func TestGoldenGenerated(t *testing.T) {
	names := make([]string, 0)
	pictures := hardPictures()
	for name := range pictures {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, q := range []Quality{Fast, Good, Best} {
		var all []byte
		for _, name := range names {
			b, err := NewBuilder(Layout{BC3, chunkSide}, nil, WithQuality(q))
			if err != nil {
				t.Fatal(err)
			}
			w := NewWorker()
			img, err := w.DecodeJPEG(readJPEG(t, "420"))
			if err != nil {
				t.Fatal(err)
			}
			copy(img.Pix, pictures[name])
			if err := errors.Join(w.AddPixels(b, 0, 0, img), w.Close()); err != nil {
				t.Fatal(err)
			}
			file, err := b.Finish()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, file...)
		}
		golden(t, fmt.Sprintf("generated, %v", q), all)
	}
}

func TestGoldenGradient(t *testing.T) {
	w := NewWorker()
	defer w.Close()
	blocks, err := w.Encode(smooth(), BC1, Good)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "smooth gradient", blocks)
}

// imagery is the folder of real chunks that lies beside some checkouts.
const imagery = "../../../shared/imagery/chunks"

func TestGoldenSetC(t *testing.T) {
	if _, err := os.Stat(imagery); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no real imagery at %s", imagery)
	}
	if d := Decoder(); d != "libjpeg-turbo 2.1.5" && d != goDecoder {
		t.Skipf("the digests are of other JPEG decoders than %s", d)
	}
	across := 4
	if testing.Short() {
		across = 2
	}
	l := Layout{BC1, across * chunkSide}
	for _, q := range []Quality{Fast, Good, Best} {
		b, err := NewBuilder(l, nil, WithQuality(q))
		if err != nil {
			t.Fatal(err)
		}
		w := NewWorker()
		defer w.Close()
		for i := range across * across {
			jpeg, err := os.ReadFile(
				filepath.Join(imagery, fmt.Sprintf("%02d_%02d.jpg", i/across*5, i%across*5)))
			if err != nil {
				t.Fatal(err)
			}
			img, err := w.DecodeJPEG(jpeg)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.AddJPEG(b, i/across, i%across, jpeg); err != nil {
				t.Fatal(err)
			}
			if q == Good {
				agree(t, img.Pix, BC1, q)
			}
		}
		file, err := b.Finish()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("set C %d, %v, %s", l.Side, q, Decoder()), file)
	}
}
