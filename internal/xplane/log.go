package xplane

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Some are the first of many names, and how many there are.
type Some struct {
	First []string
	Count int

	seen map[string]bool
}

// add adds a name that is new.
func (s *Some) add(name string) {
	const (
		first    = 5
		mostSeen = 100_000 // a broken log may name more; they are counted twice then
	)
	if s.seen[name] {
		return
	}
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	if len(s.seen) < mostSeen {
		s.seen[name] = true
	}
	if s.Count++; len(s.First) < first {
		s.First = append(s.First, name)
	}
}

// Log is what X-Plane's log says of scenery. Paths are as they are logged.
type Log struct {
	Written time.Time
	Crashed bool // it ends with a crash

	Meshes     int           // loaded
	Total      time.Duration // of loading them; X-Plane loads several at once
	Slowest    string        // mesh
	SlowestFor time.Duration

	Terrain     Some // "PACKAGE: FILE": X-Plane cannot run without it
	MeshFailed  Some // meshes that could not be opened or read
	TextureGone Some // textures that were not there
	TextureBad  Some // textures whose reading failed
	FewMips     Some // textures with fewer mip levels than X-Plane expects
}

var (
	loadTime    = regexp.MustCompile(`DSF load time: (\d+) for file (.+\.dsf)`)
	meshFailed  = regexp.MustCompile(`DSF load failed, file=(.+\.dsf), err=`)
	terrainLost = regexp.MustCompile(`The terrain file '(.+)' could not be loaded`)
	packageLost = regexp.MustCompile(`Error loading the scenery package: (.+?)[/\\]?$`)
	textureGone = regexp.MustCompile(`we are missing the texture: (.+?)\.?$`)
	textureBad  = regexp.MustCompile(`Fatal error when loading: (.+\.(?:dds|png|DDS|PNG))`)
	fewMips     = regexp.MustCompile(`DDS file (.+) declares \d+ mips, provides \d+ mips, we expected \d+`)
)

// Log reads X-Plane's Log.txt as a stream.
func (x Install) Log(ctx context.Context) (*Log, error) {
	f, err := os.Open(filepath.Join(x.Dir, "Log.txt"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	l := &Log{Written: info.ModTime()}
	lines := bufio.NewReaderSize(f, 64<<10)
	var terrain []string // whose package follows
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) { // no line of interest is that long
			line = nil
			_, err = lines.ReadSlice('\n')
		}
		if n%(1<<12) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		terrain = l.line(strings.TrimSpace(string(line)), terrain)
		if err == io.EOF {
			l.lost("", terrain)
			return l, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// line takes up a line. terrain are the files that were lost before it, whose package is not known
// yet.
func (l *Log) line(line string, terrain []string) []string {
	one := func(r *regexp.Regexp) string {
		if m := r.FindStringSubmatch(line); m != nil {
			return m[1]
		}
		return ""
	}
	switch {
	case strings.Contains(line, "DSF load time: "):
		if m := loadTime.FindStringSubmatch(line); m != nil {
			micros, _ := strconv.ParseInt(m[1], 10, 64)
			took := time.Duration(micros) * time.Microsecond
			l.Meshes++
			l.Total += took
			if took > l.SlowestFor {
				l.Slowest, l.SlowestFor = m[2], took
			}
		}
	case strings.Contains(line, "DSF load failed"):
		if name := one(meshFailed); name != "" {
			l.MeshFailed.add(name)
		}
	case strings.Contains(line, "The terrain file '"):
		if name := one(terrainLost); name != "" {
			const most = 1000 // in one outbreak
			if len(terrain) < most {
				terrain = append(terrain, name)
			}
		}
	case strings.Contains(line, "Error loading the scenery package: "):
		l.lost(one(packageLost), terrain)
		terrain = nil
	case strings.Contains(line, "we are missing the texture: "):
		if name := one(textureGone); name != "" {
			l.TextureGone.add(name)
		}
	case strings.Contains(line, "E/TEX: Fatal error when loading: "):
		if name := one(textureBad); name != "" {
			l.TextureBad.add(name)
		}
	case strings.Contains(line, " we expected ") && strings.Contains(line, " mips"):
		if name := one(fewMips); name != "" {
			l.FewMips.add(name)
		}
	case strings.Contains(line, "This application has crashed!"):
		l.Crashed = true
	}
	return terrain
}

// lost takes up terrain files of a package that could not be loaded.
func (l *Log) lost(pack string, terrain []string) {
	for _, file := range terrain {
		if pack != "" {
			file = pack + "/" + file
		}
		l.Terrain.add(file)
	}
}
