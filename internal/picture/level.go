package picture

import (
	"fmt"
	"io"
	"os"

	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/dds"
)

// ReadLevel reads one mip level of a texture whose size is what its header says.
func ReadLevel(file string, level int) (dds.Layout, []byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return dds.Layout{}, nil, err
	}
	defer func() { _ = f.Close() }()
	var header [dds.HeaderSize]byte
	n, err := io.ReadFull(f, header[:])
	if err != nil && n == 0 {
		return dds.Layout{}, nil, fmt.Errorf("read header: %w", err)
	}
	l, err := dds.ParseHeader(header[:n])
	if err != nil {
		return dds.Layout{}, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return dds.Layout{}, nil, err
	}
	if info.Size() != l.Size() {
		return dds.Layout{}, nil, fmt.Errorf(
			"%w: the file has %d bytes, want %d for a %v texture of %d px", dds.ErrBlocks,
			info.Size(), l.Format, l.Side, l.Size())
	}
	if level < 0 || level >= l.Levels() {
		return dds.Layout{}, nil, usage.Errorf("--level %d: %w: the texture has levels 0 to %d",
			level, dds.ErrLevel, l.Levels()-1)
	}
	offset, length := l.Level(level)
	blocks := make([]byte, length)
	if _, err := f.ReadAt(blocks, offset); err != nil {
		return dds.Layout{}, nil, fmt.Errorf("read level %d: %w", level, err)
	}
	return l, blocks, nil
}
