package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrTemplate is what every error about a URL template wraps.
var ErrTemplate = errors.New("not a usable URL template")

// template is a URL template, parsed: what stands between the placeholders, and the placeholders.
type template struct {
	segments []segment
	host     string // with {switch} at its first choice; what errors name
	token    bool   // it holds {token}
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
	quadkey
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
	case "token":
		return token, true
	}
	return 0, false
}

// parseTemplate reads s. Its errors wrap ErrTemplate, say what to mend, and show of s what redactURL leaves.
func parseTemplate(s string) (*template, error) {
	fail := func(format string, args ...any) (*template, error) {
		return nil, fmt.Errorf("%w: %s: %s", ErrTemplate, redactURL(s), fmt.Sprintf(format, args...))
	}
	t := &template{}
	seen := map[segmentKind]bool{}
	for rest := s; rest != ""; {
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
		rest = rest[length+1:]
		if choices, ok := strings.CutPrefix(name, "switch:"); ok {
			list := strings.Split(choices, ",")
			for _, choice := range list {
				if choice == "" {
					return fail("{%s} has an empty choice", name)
				}
			}
			t.segments = append(t.segments, segment{kind: chosen, choices: list})
			continue
		}
		kind, ok := placeholder(name)
		if !ok {
			return fail("unknown placeholder {%s}; known are {x} {y} {z} {zoom} {-y} {quadkey} {switch:a,b} {token}", name)
		}
		seen[kind] = true
		t.segments = append(t.segments, segment{kind: kind})
	}
	if !seen[quadkey] && !(seen[chunkX] && seen[chunkZ] && (seen[chunkY] || seen[chunkYFromSouth])) {
		return fail("it does not say which chunk: it needs {z}, {x} and {y} (or {-y}), or {quadkey}")
	}
	t.token = seen[token]

	// A host that depended on the chunk, or carried the token, could not be limited, named or trusted.
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
	if strings.Contains(authority, marker) {
		return fail("only {switch:…} may stand in the host")
	}
	u, err := url.Parse(scheme + "://" + authority)
	switch {
	case err != nil:
		return fail("its host cannot be read")
	case u.Hostname() == "":
		return fail("it has no host")
	}
	if _, err := url.Parse(t.url(tiles.Chunk{}, "")); err != nil {
		return fail("it is not a URL")
	}
	t.host = strings.ToLower(u.Host)
	return t, nil
}

// url returns where c is. tok goes in as it is: the caller has escaped it.
func (t *template) url(c tiles.Chunk, tok string) string {
	return t.expand(c, tok, func(s segment) string {
		switch s.kind {
		case chunkX:
			return strconv.FormatUint(uint64(c.X), 10)
		case chunkY:
			return strconv.FormatUint(uint64(c.Y), 10)
		case chunkYFromSouth:
			return strconv.FormatUint(uint64(1)<<c.Z-1-uint64(c.Y), 10)
		case chunkZ:
			return strconv.FormatUint(uint64(c.Z), 10)
		default:
			return c.Quadkey()
		}
	})
}

func (t *template) expand(c tiles.Chunk, tok string, coordinate func(segment) string) string {
	var b strings.Builder
	b.Grow(160)
	for _, s := range t.segments {
		switch s.kind {
		case literal:
			b.WriteString(s.text)
		case chosen:
			// By place, so that a chunk always comes from the same server and whatever caches stand before it.
			b.WriteString(s.choices[(uint64(c.X)+uint64(c.Y))%uint64(len(s.choices))])
		case token:
			b.WriteString(tok)
		default:
			b.WriteString(coordinate(s))
		}
	}
	return b.String()
}

// redactURL returns what of a URL or template may be shown: neither user nor query, where keys stand.
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

// templateID names a provider that is nothing but a template: its host, without the port.
func templateID(t *template) string {
	u := url.URL{Host: t.host}
	return u.Hostname()
}
