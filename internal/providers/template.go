package providers

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrTemplate is wrapped by every error about a URL template.
var ErrTemplate = errors.New("not a usable URL template")

// Template is a parsed URL template: the text between the placeholders, and the placeholders.
type Template struct {
	Host string // with the first choice of {switch}; used in errors

	segments []segment
	levels   []string // names of the zoom levels, if not their numbers
	token    bool     // it contains {token}
	boxed    bool     // it contains {bbox}, {width} and {height}
	tilePx   int      // of {width} and {height}
}

type segment struct {
	kind    segmentKind
	text    string   // of literal
	choices []string // of chosen
}

type segmentKind uint8

const (
	literal segmentKind = iota
	chunkX
	chunkY
	chunkYFromSouth // TMS
	chunkZ
	level // chunkZ by name
	quadkey
	centreX // metres
	centreY
	sizeMetres
	box
	tileWidth
	tileHeight
	chosen
	token
)

func placeholder(name string) (segmentKind, bool) {
	switch name {
	case "x":
		return chunkX, true
	case "y":
		return chunkY, true
	case "-y":
		return chunkYFromSouth, true
	case "z", "zoom":
		return chunkZ, true
	case "quadkey":
		return quadkey, true
	case "xcenter":
		return centreX, true
	case "ycenter":
		return centreY, true
	case "size":
		return sizeMetres, true
	case "bbox":
		return box, true
	case "width":
		return tileWidth, true
	case "height":
		return tileHeight, true
	case "token":
		return token, true
	}
	return 0, false
}

// parseTemplate parses s. Its errors wrap ErrTemplate, contain the remedy, and show of s only what
// redactURL leaves.
func parseTemplate(s string) (*Template, error) {
	fail := func(format string, args ...any) (*Template, error) {
		return nil, fmt.Errorf("%w: %s: %s", ErrTemplate, redactURL(s),
			fmt.Sprintf(format, args...))
	}
	t := &Template{tilePx: tiles.ChunkPixels}
	seen := map[segmentKind]bool{}
	for rest := escaped(s); rest != ""; {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			open = len(rest)
		}
		if open > 0 {
			t.segments = append(t.segments, segment{kind: literal, text: rest[:open]})
			rest = rest[open:]
			continue
		}
		length := strings.IndexByte(rest, '}')
		if rest[0] == '}' || length < 0 || strings.IndexByte(rest[1:length], '{') >= 0 {
			return fail("a brace without its partner")
		}
		name := rest[1:length]
		if n := len(t.segments); n > 0 && strings.HasSuffix(t.segments[n-1].text, "$") {
			return fail("write {%s} instead of ${%s}", name, name)
		}
		rest = rest[length+1:]
		if choices, ok := strings.CutPrefix(name, "switch:"); ok {
			list := strings.Split(choices, ",")
			for i, choice := range list {
				list[i] = strings.TrimSpace(choice)
				if list[i] == "" {
					return fail("{%s} has an empty choice", name)
				}
			}
			t.segments = append(t.segments, segment{kind: chosen, choices: list})
			continue
		}
		if names, ok := strings.CutPrefix(name, "zoom:"); ok {
			if err := t.setLevels(names); err != nil {
				return fail("{zoom:…}: %v", err)
			}
			seen[chunkZ] = true
			t.segments = append(t.segments, segment{kind: level})
			continue
		}
		kind, ok := placeholder(name)
		if !ok {
			return fail("unknown placeholder {%s}; known are {x} {y} {z} {zoom} {zoom:a,b} {-y} "+
				"{quadkey} {xcenter} {ycenter} {size} {bbox} {width} {height} {switch:a,b} {token}",
				name)
		}
		seen[kind] = true
		t.segments = append(t.segments, segment{kind: kind})
	}
	t.boxed = seen[box]
	switch {
	case t.boxed != seen[tileWidth] || t.boxed != seen[tileHeight]:
		return fail("{bbox}, {width} and {height} belong together: it needs all of them or none")
	case !t.boxed && !seen[quadkey] &&
		!(seen[chunkX] && seen[chunkZ] && (seen[chunkY] || seen[chunkYFromSouth])) &&
		!(seen[centreX] && seen[centreY] && (seen[sizeMetres] || seen[chunkZ])):
		return fail("it does not identify the chunk: it needs {z}, {x} and {y} (or {-y}), or " +
			"{quadkey}, or {xcenter}, {ycenter} and {size}, or {bbox}, {width} and {height}")
	}
	t.token = seen[token]

	// A host that depended on the chunk, or contained the token, could not be limited, named or
	// trusted.
	const marker = "\x00"
	first := t.expand(tiles.Chunk{}, marker, func(segment) string { return marker })
	scheme, after, ok := strings.Cut(first, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return fail("it must start with http:// or https://")
	}
	authority := after
	if end := strings.IndexAny(after, "/?#"); end >= 0 {
		authority = after[:end]
	}
	if strings.Contains(authority, marker) || !t.plainHosts() {
		return fail("only {switch:…} of names may stand in the host")
	}
	u, err := url.Parse(scheme + "://" + authority)
	switch {
	case err != nil:
		return fail("its host is invalid")
	case u.Hostname() == "":
		return fail("it has no host")
	}
	if _, err := url.Parse(t.URL(tiles.Chunk{}, "")); err != nil {
		return fail("it is not a URL")
	}
	if t.boxed {
		if err := checkBox(t.URL(tiles.Chunk{}, "")); err != nil {
			return fail("%v", err)
		}
	}
	t.Host = strings.ToLower(u.Host)
	if strings.Contains(t.Host, "maps.yandex.") && !strings.Contains(s, "projection=web_mercator") {
		return fail("Yandex tiles use another Mercator projection (EPSG:3395), kilometres away " +
			"from the web's")
	}
	return t, nil
}

// plainHosts reports whether the choices in the host are parts of names.
func (t *Template) plainHosts() bool {
	foreign := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r)
	}
	before := ""
	for _, s := range t.segments {
		before += s.text
		_, authority, begun := strings.Cut(before, "://")
		switch {
		case begun && strings.ContainsAny(authority, "/?#"):
			return true
		case slices.ContainsFunc(s.choices,
			func(choice string) bool { return strings.ContainsFunc(choice, foreign) }):
			return false
		}
	}
	return true
}

// setLevels sets the names of zoom levels 0, 1, 2 …, empty if there is none.
func (t *Template) setLevels(names string) error {
	if t.levels != nil {
		return errors.New("it is given twice")
	}
	t.levels = strings.Split(names, ",")
	named := t.levels[t.firstLevel():]
	for i, name := range named {
		if slices.Index(named, name) < i {
			return fmt.Errorf("two levels are called %q", name)
		}
	}
	if len(t.levels) > int(tiles.MaxZL)+1 || len(named) == 0 || slices.Contains(named, "") {
		return fmt.Errorf("want the names of at most %d levels, empty only for those before the "+
			"first", tiles.MaxZL+1)
	}
	return nil
}

// firstLevel returns the first zoom level with a name, or the number of levels if there is none.
func (t *Template) firstLevel() int {
	first := slices.IndexFunc(t.levels, func(name string) bool { return name != "" })
	if first < 0 {
		return len(t.levels)
	}
	return first
}

// Bound narrows p's zoom levels to those that its tiles can have, and that have a name.
func (t *Template) Bound(p *Provider) {
	n := tiles.ZL(p.TileLevels())
	p.MinZL = max(p.MinZL, n)
	if t.levels == nil {
		return
	}
	p.MinZL = max(p.MinZL, tiles.ZL(t.firstLevel())+n)
	p.MaxZL = min(p.MaxZL, tiles.ZL(len(t.levels)-1)+n)
}

// escaped returns s with invalid URL characters after the host escaped, as browsers do, except in
// placeholders.
func escaped(s string) string {
	start := strings.Index(s, "://") + len("://")
	if start < len("://") {
		return s
	}
	if path := strings.IndexAny(s[start:], "/?"); path >= 0 {
		start += path
	} else {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:start])
	inside := false
	for i := start; i < len(s); i++ {
		switch c := s[i]; {
		case c == '{' || c == '}':
			inside = c == '{'
			b.WriteByte(c)
		case !inside && (c == ' ' || c > '~'):
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// URL returns the address of tile c. tok is inserted as it is: the caller has escaped it.
func (t *Template) URL(c tiles.Chunk, tok string) string {
	return t.expand(c, tok, func(s segment) string {
		switch s.kind {
		case chunkX:
			return strconv.FormatUint(uint64(c.X), 10)
		case chunkY:
			return strconv.FormatUint(uint64(c.Y), 10)
		case chunkYFromSouth:
			return strconv.FormatInt(tiles.TMS(c.Z, int64(c.Y)), 10)
		case chunkZ:
			return strconv.FormatUint(uint64(c.Z), 10)
		case level:
			if int(c.Z) < len(t.levels) { // other levels are not requested: see Bound
				return t.levels[c.Z]
			}
			return ""
		case centreX:
			return metres((float64(c.X)+0.5)*chunkMetres(c.Z) - webCorner)
		case centreY:
			return metres(webCorner - (float64(c.Y)+0.5)*chunkMetres(c.Z))
		case box:
			side := chunkMetres(c.Z)
			west, north := float64(c.X)*side-webCorner, webCorner-float64(c.Y)*side
			east, south := float64(c.X+1)*side-webCorner, webCorner-float64(c.Y+1)*side
			return metres(west) + "," + metres(south) + "," + metres(east) + "," + metres(north)
		case tileWidth, tileHeight:
			return strconv.Itoa(t.tilePx)
		case sizeMetres:
			return strconv.Itoa(int(chunkMetres(c.Z))) // truncated, as in Ortho4XP
		default:
			return c.Quadkey()
		}
	})
}

// chunkMetres returns the width of a chunk on the map.
func chunkMetres(z tiles.ZL) float64 { return math.Ldexp(2*webCorner, -int(z)) }

func metres(m float64) string { return strconv.FormatFloat(m, 'f', -1, 64) }

func (t *Template) expand(c tiles.Chunk, tok string, coordinate func(segment) string) string {
	var b strings.Builder
	b.Grow(160)
	for _, s := range t.segments {
		switch s.kind {
		case literal:
			b.WriteString(s.text)
		case chosen:
			// Chosen by place, so that a chunk always comes from the same server and its caches.
			b.WriteString(s.choices[(uint64(c.X)+uint64(c.Y))%uint64(len(s.choices))])
		case token:
			b.WriteString(tok)
		default:
			b.WriteString(coordinate(s))
		}
	}
	return b.String()
}

// redactURL returns the part of a URL or template that may be shown: without user and query, which
// may contain keys.
func redactURL(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if ok {
		scheme += "://"
	} else {
		scheme, rest = "", s
	}
	if query := strings.IndexAny(rest, "?#"); query >= 0 {
		rest = rest[:query] + "?…"
	}
	authority, _, _ := strings.Cut(rest, "/")
	return scheme + rest[strings.LastIndexByte(authority, '@')+1:]
}

// templateID returns the id of a provider that is only a template: its host, without the port.
func templateID(t *Template) string {
	u := url.URL{Host: t.Host}
	return u.Hostname()
}
