package dds

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLayoutSize(t *testing.T) {
	want := map[Format]map[int]int64{
		BC1: {4096: 11184952, 2048: 2796344, 1024: 699192, 512: 174904, 256: 43832},
		BC3: {4096: 22369776, 2048: 5592560, 1024: 1398256, 512: 349680, 256: 87536},
	}
	for f, sizes := range want {
		for side, size := range sizes {
			if got := (Layout{f, side}).Size(); got != size {
				t.Errorf("%v at %d px: size %d, want %d", f, side, got, size)
			}
		}
	}
}

func TestLayoutLevels(t *testing.T) {
	for side, want := range map[int]int{4096: 13, 2048: 12, 1024: 11, 512: 10, 256: 9} {
		if got := (Layout{BC1, side}).Levels(); got != want {
			t.Errorf("%d px: %d levels, want %d", side, got, want)
		}
	}
	want := []int64{128, 8388736, 10485888, 11010176, 11141248, 11174016, 11182208, 11184256,
		11184768, 11184896, 11184928, 11184936, 11184944}
	l := Layout{BC1, 4096}
	var got []int64
	next := int64(HeaderSize)
	for n := range l.Levels() {
		off, length := l.Level(n)
		if off != next {
			t.Errorf("level %d starts at %d, the one before ends at %d", n, off, next)
		}
		got, next = append(got, off), off+length
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("offsets (-want +got):\n%s", d)
	}
	if next != l.Size() {
		t.Errorf("the last level ends at %d, the file at %d", next, l.Size())
	}
}

func TestLayoutLevelPanics(t *testing.T) {
	for _, n := range []int{-1, 13} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("level %d did not panic", n)
				}
			}()
			Layout{BC1, 4096}.Level(n)
		}()
	}
}

func TestLayoutValid(t *testing.T) {
	for _, l := range []Layout{{}, {BC1, 0}, {BC1, 128}, {BC1, 8192}, {BC1, 1000}, {BC1, -4096},
		{2, 4096}, {7, 256}} {
		if err := l.Valid(); !errors.Is(err, ErrLayout) {
			t.Errorf("%v: error %v, want ErrLayout", l, err)
		}
	}
}

// The bytes of a header, field by field, as other tools write them.
func TestHeaderGolden(t *testing.T) {
	h := Layout{BC1, 4096}.Header()
	if got, want := fmt.Sprintf("%x",
		h[:32]),
		"44445320"+"7c000000"+"07100a00"+"00100000"+"00100000"+"00008000"+"00000000"+"0d000000"; got != want {
		t.Errorf("start\n got %s\nwant %s", got, want)
	}
	if got, want := fmt.Sprintf("%x",
		h[76:128]),
		"20000000"+"04000000"+"44585431"+"0000000000000000000000000000000000000000"+"08104000"+"00000000000000000000000000000000"; got != want {
		t.Errorf("pixel format and caps\n got %s\nwant %s", got, want)
	}
	h = Layout{BC3, 256}.Header()
	if got, want := fmt.Sprintf("%x",
		h[12:32]), "00010000"+"00010000"+"00000100"+"00000000"+"09000000"; got != want {
		t.Errorf("BC3 sizes %s, want %s", got, want)
	}
	if got := string(h[84:88]); got != "DXT5" {
		t.Errorf("FourCC %q", got)
	}
}

func TestParseHeader(t *testing.T) {
	for _, f := range []Format{BC1, BC3} {
		for _, side := range []int{256, 512, 1024, 2048, 4096} {
			l := Layout{f, side}
			h := l.Header()
			got, err := ParseHeader(h[:])
			if err != nil || got != l {
				t.Errorf("%v at %d px: %v, %v", f, side, got, err)
			}
			for i := range h {
				h[i] ^= 0x40
				if got, err := ParseHeader(h[:]); !errors.Is(err, ErrHeader) {
					t.Errorf("%v at %d px with byte %d changed: %v, %v", f, side, i, got, err)
				}
				h[i] ^= 0x40
			}
		}
	}
	for _, n := range []int{0, 4, 127} {
		if _, err := ParseHeader(make([]byte, n)); !errors.Is(err, ErrHeader) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	for _, l := range []Layout{{BC1, 4096}, {BC3, 256}} {
		h := l.Header()
		f.Add(h[:])
		f.Add(h[:100])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseHeader(b)
		if err != nil {
			if !errors.Is(err, ErrHeader) {
				t.Fatalf("error %v is no ErrHeader", err)
			}
			return
		}
		if h := l.Header(); string(h[:]) != string(b[:HeaderSize]) {
			t.Fatalf("%v accepted from other bytes than its own", l)
		}
	})
}
