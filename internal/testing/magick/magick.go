// Package magick checks textures with ImageMagick, a reader that shares no code with ours. Tests
// and the demo use it if it is installed.
package magick

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Tool is ImageMagick's convert.
type Tool struct{ convert string }

// Find returns the machine's ImageMagick. The error is a reason to skip.
func Find() (Tool, error) {
	identify, err := exec.LookPath("identify")
	if err != nil {
		return Tool{}, errors.New("ImageMagick is not installed (Debian package imagemagick)")
	}
	// Some machines have another program called convert earlier in the path.
	convert := filepath.Join(filepath.Dir(identify), "convert")
	out, err := exec.Command(convert, "-version").Output()
	if err != nil || !bytes.Contains(out, []byte("ImageMagick")) {
		return Tool{}, fmt.Errorf("%s is not ImageMagick's", convert)
	}
	return Tool{convert}, nil
}

// CheckLevels lets ImageMagick decode every mip level of file, a whole DDS file of layout l, and
// compares its pixels with ours. Each level is passed in a file of its own, because ImageMagick 6
// reads only the first level.
func (t Tool) CheckLevels(ctx context.Context, l dds.Layout, file []byte) error {
	if int64(len(file)) != l.Size() {
		return fmt.Errorf("%d bytes, want %d", len(file), l.Size())
	}
	for n := range l.Levels() {
		at, length := l.Level(n)
		if err := t.checkLevel(ctx, l, n, file[at:at+length]); err != nil {
			return fmt.Errorf("mip level %d: %w", n, err)
		}
	}
	return nil
}

// Decode lets ImageMagick decode the blocks of one mip level to RGBA pixels.
func (t Tool) Decode(ctx context.Context, l dds.Layout, level int, blocks []byte) ([]byte, error) {
	side := max(1, l.Side>>level)
	cmd := exec.CommandContext(ctx, t.convert, "dds:-", "-depth", "8", "rgba:-")
	cmd.Stdin = bytes.NewReader(append(levelHeader(l, side, len(blocks)), blocks...))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pix, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ImageMagick cannot read it: %w: %s", err,
			bytes.TrimSpace(stderr.Bytes()))
	}
	return pix, nil
}

func (t Tool) checkLevel(ctx context.Context, l dds.Layout, level int, blocks []byte) error {
	got, err := t.Decode(ctx, l, level, blocks)
	if err != nil {
		return err
	}
	want, err := dds.Decode(l, level, blocks)
	if err != nil {
		return err
	}
	if len(got) != len(want.Pix) {
		return fmt.Errorf("ImageMagick reads %d bytes of pixels, want %d", len(got), len(want.Pix))
	}
	for i := range got {
		// Decoders of BC1 may round the colours between the endpoints, and the endpoints' five and
		// six bits, in different ways.
		if d := int(got[i]) - int(want.Pix[i]); d < -roundings || d > roundings {
			return fmt.Errorf("ImageMagick reads %d, we read %d, at pixel %d", got[i], want.Pix[i],
				i/4)
		}
	}
	return nil
}

// roundings is how many code values decoders may differ by.
const roundings = 2

// levelHeader returns the header of a file that holds one level only.
func levelHeader(l dds.Layout, side, length int) []byte {
	h := l.Header()
	put := func(at int, v int) {
		h[at], h[at+1], h[at+2], h[at+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	put(12, side)
	put(16, side)
	put(20, length)
	put(28, 1)
	return h[:]
}
