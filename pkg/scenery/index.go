package scenery

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// An index stores the result of a scan: a line with the format and the CRC-32C of all that follows,
// a line of JSON, then one line a texture: a letter for its flags and its file name.
const (
	indexFormat = "xelpack scenery index 2"
	maxIndex    = 256 << 20
	indexFlags  = '0' // + 1 if real + 2 if masked: the first character of a line
	// a folder changed less than this before a scan may change again without a new time
	settledAfter = 2 * time.Second
)

// errIndex means that there is no index that can be used.
var errIndex = errors.New("no usable index")

// indexHead is the second line of an index.
type indexHead struct {
	Package  string // absolute path of the package
	Folders  []stamp
	Terrains int
	Skipped  map[Kind]int `json:",omitempty"`
	Problems []Problem    `json:",omitempty"`
	Textures int
}

// stamp is the time of a folder's last change.
type stamp struct {
	Path    string
	Changed int64 // nanoseconds since 1970; 0: absent
}

// CacheDir returns the folder in which xelpack keeps the indexes of this user's scenery packages.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return filepath.Join(dir, "xelpack", "scenery"), nil
}

// indexFile returns the name of the index of the package in dir, an absolute path.
func indexFile(cache, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(cache, hex.EncodeToString(sum[:12])+".index")
}

func stampOf(folder string) stamp { return stamp{folder, changed(folder)} }

func changed(folder string) int64 {
	info, err := os.Stat(folder)
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}

// settled reports whether any change since now, when the stamps were taken, must have changed them.
func settled(stamps []stamp, now time.Time) bool {
	return !slices.ContainsFunc(stamps, func(s stamp) bool {
		return now.UnixNano()-s.Changed < int64(settledAfter) || changed(s.Path) != s.Changed
	})
}

// readIndex returns the package in dir as last scanned. The error wraps errIndex if there is no
// index or it is out of date.
func readIndex(cache, dir string) (*Package, error) {
	f, size, err := openRegular(indexFile(cache, dir))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	defer func() { _ = f.Close() }()
	if size > maxIndex {
		return nil, fmt.Errorf("%w: it is too large (%d bytes)", errIndex, size)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(f, content); err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	first, rest, _ := bytes.Cut(content, []byte("\n"))
	if string(first) != firstLine(rest) {
		return nil, fmt.Errorf("%w: it is damaged or of another version", errIndex)
	}
	line, body, _ := bytes.Cut(rest, []byte("\n"))
	var head indexHead
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	if head.Package != dir {
		return nil, fmt.Errorf("%w: it is of the package %s", errIndex, head.Package)
	}
	for _, s := range head.Folders {
		if changed(s.Path) != s.Changed {
			return nil, fmt.Errorf("%w: %s has changed", errIndex, s.Path)
		}
	}
	named, err := parseIndex(string(body), head.Textures)
	if err != nil {
		return nil, err
	}
	return &Package{named: named, terrains: head.Terrains, problems: head.Problems,
		skipped: head.Skipped, cached: true}, nil
}

// parseIndex reads the lines of n textures. The names stay substrings of body: half a million
// allocations would take longer than all the rest.
func parseIndex(body string, n int) ([]Named, error) {
	if n < 0 || n > len(body) {
		return nil, fmt.Errorf("%w: %d textures in %d bytes", errIndex, n, len(body))
	}
	named := make([]Named, 0, n)
	for len(body) > 0 {
		var line string
		line, body, _ = strings.Cut(body, "\n")
		if len(line) < 2 {
			return nil, fmt.Errorf("%w: line %q", errIndex, line)
		}
		texture, err := tiles.ParseName(line[1:])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errIndex, err)
		}
		flags := line[0] - indexFlags
		named = append(named, Named{Texture: texture, File: line[1:], Real: flags&1 != 0,
			Mask: flags&2 != 0})
	}
	if len(named) != n {
		return nil, fmt.Errorf("%w: %d textures instead of %d", errIndex, len(named), n)
	}
	return named, nil
}

// writeIndex saves p, the package in dir, for the next time. It replaces the index as a whole; the
// checksum detects one that a crash has damaged.
func writeIndex(cache, dir string, p *Package, folders []stamp) (err error) {
	head, err := json.Marshal(indexHead{
		Package: dir, Folders: folders,
		Terrains: p.terrains, Skipped: p.skipped, Problems: p.problems, Textures: len(p.named),
	})
	if err != nil {
		return err
	}
	body := bytes.NewBuffer(append(head, '\n'))
	for _, n := range p.named {
		flags := byte(indexFlags)
		if n.Real {
			flags |= 1
		}
		if n.Mask {
			flags |= 2
		}
		body.WriteByte(flags)
		body.WriteString(n.File)
		body.WriteByte('\n')
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(cache, "*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(firstLine(body.Bytes()) + "\n")
	if err == nil {
		_, err = f.Write(body.Bytes())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), indexFile(cache, dir))
}

// firstLine returns the first line of an index whose other lines are rest.
func firstLine(rest []byte) string {
	return fmt.Sprintf("%s %08x", indexFormat,
		crc32.Checksum(rest, crc32.MakeTable(crc32.Castagnoli)))
}
