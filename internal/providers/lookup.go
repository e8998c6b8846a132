package providers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/usage"
)

// ErrUnknown is wrapped by Lookup's error if there is no such provider. The error lists those that
// exist.
var ErrUnknown = errors.New("unknown provider")

// Lookup is Lookup of a Catalogue with the built-in providers only.
func Lookup(name string) (Provider, error) { return (&Catalogue{}).Lookup(name) }

// Lookup finds a provider: by its id or one of its maptype codes, in any case; a URL template,
// which contains "://"; mbtiles:FILE; a provider file of Ortho4XP, FILE.lay. It returns every error
// that would keep its source from working: ErrUnknown, ErrTemplate, ErrFile or ErrToken.
func (c *Catalogue) Lookup(name string) (Provider, error) {
	path, isMBTiles := strings.CutPrefix(name, mbtilesPrefix)
	switch {
	case isMBTiles:
		return ofMBTiles(path)
	case strings.Contains(name, "://"):
		t, err := parseTemplate(name)
		if err != nil {
			return Provider{}, err
		}
		p := bareProvider(name, t)
		_, err = p.token(t, c.Token)
		return p, err
	case strings.EqualFold(filepath.Ext(name), ".lay"):
		p, err := readLay(name)
		if err != nil {
			return Provider{}, fmt.Errorf("%w: %s: %w", ErrFile, name, err)
		}
		_, _, err = p.Resolve(c.Token)
		return p, err
	}
	if p, ok := c.Find(name); ok {
		if p.ID == SampleID {
			return p, nil
		}
		if _, _, err := p.Resolve(c.Token); err != nil {
			return Provider{}, err
		}
		return p, nil
	}
	for _, r := range c.refused {
		if r.Code != "" && strings.EqualFold(r.Code, name) {
			return Provider{}, fmt.Errorf("%w: %s: %w", ErrFile, r.File, r.Err)
		}
	}
	if _, err := os.Stat(name); err == nil && name != "" {
		return Provider{}, fmt.Errorf(
			"%w %q: of files, .lay, .comb, a painted .json and mbtiles:FILE can be named; others "+
				"are described in providers.toml", ErrUnknown, name)
	}
	err := unknownProvider(name, c.Providers())
	for _, r := range c.refused {
		if r.Code == "" {
			err = fmt.Errorf("%w; more may be in %s: %w", err, r.File, r.Err)
		}
	}
	return Provider{}, err
}

// Find returns the provider of an id or maptype code, in any case, as described: what a request
// needs, such as a token, may be missing.
func (c *Catalogue) Find(name string) (Provider, bool) {
	for _, p := range c.Providers() {
		if slices.ContainsFunc(p.names(),
			func(n string) bool { return strings.EqualFold(n, name) }) {
			return p, true
		}
	}
	return Provider{}, false
}

func (p Provider) names() []string { return append([]string{p.ID, p.Code}, p.Codes...) }

// mostListed is how many providers an error lists: a tree of Ortho4XP has dozens.
const mostListed = 16

func unknownProvider(name string, known []Provider) error {
	var list strings.Builder
	var names []string
	for i, p := range known {
		switch {
		case i == mostListed:
			fmt.Fprintf(&list, ", and %d more", len(known)-i)
		case i < mostListed:
			if i > 0 {
				list.WriteString(", ")
			}
			fmt.Fprintf(&list, "%s (%s)", p.ID, p.Code)
		}
		names = append(names, p.names()...)
	}
	hint := ""
	if near := usage.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return fmt.Errorf("%w %q: %sknown are %s, a URL template such as "+
		"https://host/{z}/{x}/{y}.jpg, mbtiles:FILE, or a FILE.lay of Ortho4XP", ErrUnknown, name,
		hint, list.String())
}
