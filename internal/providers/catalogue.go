package providers

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrFile is wrapped by every error about a file that describes providers.
var ErrFile = errors.New("not a usable provider file")

// Catalogue is the set of a user's providers: the built-in ones, and those of the user's files. The
// zero value has the built-in ones. It is immutable and safe for concurrent use.
type Catalogue struct {
	own     []Provider
	tokens  map[string]string // by provider id
	refused []RefusedFile
}

// RefusedFile is an Ortho4XP file or folder that cannot be used.
type RefusedFile struct {
	File string
	Code string // the maptype it would have had; empty for a folder
	Err  error  // why, without the file's name
}

// maxProviderFile bounds the size of a file that describes providers.
const maxProviderFile = 1 << 20

// Load reads dir/providers.toml and the Ortho4XP files beside it: dir/*.lay, and the tree
// dir/Providers/*/*.lay as in Ortho4XP, or that of the Ortho4XP folder that providers.toml names.
// None of them need exist. A .lay file that cannot be used does not affect the others: see Refused.
func Load(dir string) (*Catalogue, error) {
	c := &Catalogue{tokens: map[string]string{}}
	ortho4xp, err := c.addTOML(filepath.Join(dir, "providers.toml"))
	if err != nil {
		return nil, err
	}
	files := layTree(dir)
	if ortho4xp != "" {
		more := layTree(ortho4xp)
		if len(more) == 0 { // a missing disk must not make everything else unusable
			c.refused = append(c.refused,
				RefusedFile{ortho4xp, "",
					errors.New("named as ortho4xp in providers.toml, but it has no folder " +
						"Providers " +
						"with .lay files")})
		}
		files = append(files, more...)
	}
	for _, file := range files {
		p, err := readLay(file)
		if i := slices.IndexFunc(c.own,
			func(q Provider) bool { return q.ID == p.ID }); err == nil && i >= 0 {
			err = fmt.Errorf("%s is already described in %s", p.ID, c.own[i].File)
		}
		if err != nil {
			c.refused = append(c.refused, RefusedFile{file, layCode(file), err})
			continue
		}
		c.own = append(c.own, p)
	}
	return c, nil
}

// layTree returns the .lay files of dir and of the folders and sub-folders of dir/Providers, the
// only depth that Ortho4XP reads. Any of them may be links.
func layTree(dir string) (files []string) {
	var read func(dir string, depth int)
	read = func(dir string, depth int) {
		entries, _ := os.ReadDir(dir) // unreadable folders are treated as missing
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			switch info, err := os.Stat(path); {
			case strings.HasPrefix(e.Name(), "."):
			case err != nil && strings.EqualFold(filepath.Ext(path), ".lay"):
				files = append(files, path) // a link that leads nowhere: reading it says so
			case err != nil:
			case info.IsDir() && (depth > 0 && depth < 2 ||
				strings.EqualFold(e.Name(), "Providers")):
				read(path, depth+1)
			case !info.IsDir() && strings.EqualFold(filepath.Ext(path), ".lay"):
				files = append(files, path)
			}
		}
	}
	if strings.EqualFold(filepath.Base(dir), "Providers") {
		read(dir, 1)
	} else {
		read(dir, 0)
	}
	return files
}

// Refused returns the Ortho4XP files that cannot be used.
func (c *Catalogue) Refused() []RefusedFile { return c.refused }

// Providers returns all providers: the user's first, which override built-in ones of the same id.
func (c *Catalogue) Providers() []Provider {
	all := slices.Clone(c.own)
	for _, p := range builtIn() {
		if !slices.ContainsFunc(all, func(q Provider) bool { return q.ID == p.ID }) {
			all = append(all, p)
		}
	}
	return all
}

// Token returns the API token of the provider in the user's files, or "". It is meant for
// fetch.ClientOptions.Token.
func (c *Catalogue) Token(id string) string { return c.tokens[id] }

// What a service gets at most that has terms of its own, unless its description says otherwise.
const (
	gentleRate        = 5
	gentleConcurrency = 4
)

// complete fills in optional values of a description and checks the rest.
func (p *Provider) complete() error {
	if p.MaxZL == 0 {
		// a lower guess would hide imagery; missing levels are filled from above
		p.MaxZL = tiles.MaxZL
	}
	p.Code = cmp.Or(p.Code, BareCode)
	p.Name = cmp.Or(p.Name, p.ID)
	p.Licence = cmp.Or(p.Licence, "unknown")
	if p.ServiceTerms != "" { // a service with demands gets modest limits
		p.Rate, p.Concurrency = cmp.Or(p.Rate, gentleRate), cmp.Or(p.Concurrency, gentleConcurrency)
	}
	switch {
	case tiles.ValidMaptype(p.ID) != nil || strings.ContainsAny(p.ID, ":,"):
		return fmt.Errorf("invalid id %q (want letters, digits, -, _ and the like, without blanks)", p.ID)
	case p.ID == SampleID || p.ID == "auto" || p.ID == "open":
		return fmt.Errorf("id: %s is taken", p.ID)
	case p.MaxZL > tiles.MaxZL || p.MinZL > p.MaxZL:
		return fmt.Errorf("zoom levels %d to %d: must be within 0 to %d", p.MinZL, p.MaxZL,
			tiles.MaxZL)
	case !(p.Rate >= 0) || math.IsInf(p.Rate, 1) || p.Concurrency < 0 || p.RequestsADay < 0:
		return errors.New("rate, concurrency and requests_a_day must be finite and not negative")
	}
	for i, r := range p.NoImagery {
		if err := r.check(); err != nil {
			return fmt.Errorf("no_imagery: rule %d: %w", i+1, err)
		}
	}
	for _, code := range append([]string{p.Code}, p.Codes...) {
		if err := tiles.ValidMaptype(code); err != nil {
			return fmt.Errorf("code: %w", err)
		}
	}
	if err := checkHeaders(p.Headers); err != nil {
		return err
	}
	t, err := parseTemplate(p.Template)
	if err != nil {
		return err
	}
	if err := p.tiled(t); err != nil {
		return err
	}
	t.Bound(p)
	if p.MinZL > p.MaxZL {
		return fmt.Errorf("tiles of %d px have no chunk of zoom level %d", p.TilePx, p.MaxZL)
	}
	return nil
}

func checkHeaders(headers map[string]string) error {
	for name, value := range headers {
		bad := func(r rune) bool { return r < ' ' || r == 0x7F }
		inName := func(r rune) bool {
			return r > '~' || bad(r) || strings.ContainsRune(` "(),/:;<=>?@[\]{}`, r)
		}
		if name == "" || strings.ContainsFunc(name, inName) || strings.ContainsFunc(value, bad) {
			return fmt.Errorf("invalid header %q", name)
		}
		if strings.EqualFold(name, "Host") {
			return errors.New("header Host: it is that of the template")
		}
	}
	return nil
}

// CacheName returns the file name of the cache of textures that were made of p's imagery. It is
// empty as StoreName is.
func (p Provider) CacheName() string {
	if name := p.StoreName(); name == "" || p.Filter.String() == "" {
		return name
	}
	p.Template += " " + p.Filter.String()
	return p.StoreName()
}

// StoreName returns the file name of the provider's chunk store, which differs if the imagery may
// differ: two templates of one host have two stores. It is empty if nothing need be stored because
// it costs no download.
func (p Provider) StoreName() string {
	if p.Local() {
		return ""
	}
	size := ""
	if p.TilePixels() > tiles.ChunkPixels {
		size = fmt.Sprintf("-%dpx", p.TilePixels())
	}
	id := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>"|?*`, r) { // not allowed in file names everywhere
			return '_'
		}
		return r
	}, p.ID)
	return fmt.Sprintf("%s-%.4x%s.mbtiles", id, sha256.Sum256([]byte(p.Template)), size)
}
