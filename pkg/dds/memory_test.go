package dds

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// peakOf is how far the process's resident memory rises while work runs, C's included, as the
// kernel counts it.
func peakOf(t *testing.T, work func()) int64 {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector's own memory would be counted")
	}
	debug.FreeOSMemory()
	// The kernel forgets the peak so far.
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the kernel does not reset peak memory here: %v", err)
	}
	before := memory(t, "VmRSS:")
	work()
	return memory(t, "VmHWM:") - before
}

// memory is a line of the process's status, in bytes.
func memory(t *testing.T, name string) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), name)
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// A texture from JPEG chunks needs its output and 2 MiB, its worker and the JPEG decoder included.
// The pure Go decoder leaves garbage, which is not counted here.
func TestPeakMemory(t *testing.T) {
	if Decoder() == goDecoder {
		t.Skip("Go's JPEG decoder leaves garbage as it sees fit")
	}
	l := Layout{BC1, 4096}
	kinds := [][]byte{readJPEG(t, "420"), readJPEG(t, "444"), readJPEG(t, "progressive"),
		readJPEG(t, "grey")}
	once := func() {
		w := NewWorker()
		defer w.Close()
		b, err := NewBuilder(l, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 256 {
			if err := w.AddJPEG(b, i/16, i%16, kinds[i%len(kinds)]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if peak := peakOf(t, once); peak > l.Size()+2<<20 {
		t.Errorf("a texture of %d bytes took %d bytes beside them", l.Size(), peak-l.Size())
	} else {
		t.Logf("a texture of %d bytes took %d KiB beside them", l.Size(), (peak-l.Size())>>10)
	}
}

// A worker keeps less than 1 MiB, whatever kinds of JPEG it has seen.
func TestWorkerMemory(t *testing.T) {
	if Decoder() == goDecoder {
		t.Skip("Go's JPEG decoder leaves garbage as it sees fit")
	}
	const workers = 16
	kinds := [][]byte{readJPEG(t, "420"), readJPEG(t, "444"), readJPEG(t, "progressive"),
		readJPEG(t, "grey")}
	b, err := NewBuilder(Layout{BC1, 4096}, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(b.buf) // now it is resident
	peak := peakOf(t, func() {
		var all [workers]*Worker
		for i := range all {
			all[i] = NewWorker()
			defer all[i].Close()
			for k, jpeg := range kinds {
				if err := all[i].AddJPEG(b, i, k, jpeg); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	if peak > workers<<20 {
		t.Errorf("%d workers took %d bytes", workers, peak)
	} else {
		t.Logf("a worker took %d KiB", peak/workers>>10)
	}
}

// Pictures that claim to be huge are refused before anything is allocated for them.
func TestHostileSizesAllocateNothing(t *testing.T) {
	var hostile [][]byte
	for _, kind := range []string{"420", "444", "progressive", "grey", "arithmetic", "cmyk"} {
		data := readJPEG(t, kind)
		for _, size := range [][2]uint16{{65500, 65500}, {256, 65500}, {65500, 256}, {0, 65500},
			{65535, 1}, {0, 0}} {
			data := bytes.Clone(data)
			at := frameHeader(data)
			if at < 0 {
				t.Fatalf("%s: no frame header", kind)
			}
			binary.BigEndian.PutUint16(data[at+5:], size[0])
			binary.BigEndian.PutUint16(data[at+7:], size[1])
			hostile = append(hostile, data)
		}
	}
	w := NewWorker()
	defer w.Close()
	peak := peakOf(t, func() {
		for i, data := range hostile {
			if _, err := w.DecodeJPEG(data); !errors.Is(err, ErrJPEG) {
				t.Errorf("picture %d: error %v, want ErrJPEG", i, err)
			}
		}
	})
	// Every call makes a picture of 256 KiB to decode into, which is garbage afterwards.
	if limit := int64(len(hostile)*chunkBytes + 2<<20); peak > limit {
		t.Errorf("%d pictures took %d bytes, want at most %d", len(hostile), peak, limit)
	}
}

// frameHeader is where a JPEG's first frame header stands, or -1.
func frameHeader(data []byte) int {
	for at := 2; at+4 < len(data) && data[at] == 0xFF; at += 2 +
		int(binary.BigEndian.Uint16(data[at+2:])) {
		if m := data[at+1]; m >= 0xC0 && m <= 0xCF && m != 0xC4 && m != 0xC8 && m != 0xCC {
			return at
		}
	}
	return -1
}
