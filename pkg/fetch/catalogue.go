package fetch

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrProviderFile is what every error about a file that describes providers wraps.
var ErrProviderFile = errors.New("not a usable provider file")

// Catalogue is the providers that a user has: the built-in ones, and those of the user's files. The zero value has the built-in ones. It is not changed
// after it was made, and safe for concurrent use.
type Catalogue struct {
	own    []Provider
	tokens map[string]string // by provider id
	unused []error
}

// maxProviderFile is longer than any file that describes providers.
const maxProviderFile = 1 << 20

// LoadCatalogue reads dir/providers.toml and every Ortho4XP file dir/*.lay and dir/providers/*.lay; none need be there. A .lay file that cannot be used
// does not keep the others from being: see Unusable.
func LoadCatalogue(dir string) (*Catalogue, error) {
	c := &Catalogue{tokens: map[string]string{}}
	file := filepath.Join(dir, "providers.toml")
	if err := c.addTOML(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, pattern := range []string{"*.lay", "providers/*.lay"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern)) // fails only for a bad pattern
		for _, file := range files {
			p, err := readLay(file)
			if err != nil {
				c.unused = append(c.unused, err)
				continue
			}
			c.own = append(c.own, p)
		}
	}
	return c, nil
}

// Unusable returns what is wrong with files that could not be used.
func (c *Catalogue) Unusable() []error { return c.unused }

// Providers returns all: the user's first, which win over built-in ones of the same id.
func (c *Catalogue) Providers() []Provider {
	all := slices.Clone(c.own)
	for _, p := range Providers() {
		if !slices.ContainsFunc(all, func(q Provider) bool { return q.ID == p.ID }) {
			all = append(all, p)
		}
	}
	return all
}

// Token returns the API token that the user's files hold for the provider, or "". It is meant for ClientOptions.Token.
func (c *Catalogue) Token(id string) string { return c.tokens[id] }

type tomlFile struct {
	Tokens   map[string]string `toml:"tokens"`
	Provider []tomlProvider    `toml:"provider"`
}

type tomlProvider struct {
	ID, Code, Name, Template, Coverage, Licence, Attribution string

	Codes           []string
	MinZL           uint8 `toml:"min_zl"`
	MaxZL           uint8 `toml:"max_zl"`
	Headers         map[string]string
	TokenVars       []string `toml:"token_vars"`
	Token           string
	Rate            float64
	Concurrency     int
	Redistributable bool
	NoImagery       []NoImageryRule `toml:"no_imagery"`
}

// addTOML adds the providers of a file. The error never shows a line of it: tokens stand there.
func (c *Catalogue) addTOML(file string) error {
	text, err := readSmall(file)
	if err != nil {
		return err
	}
	var parsed tomlFile
	meta, err := toml.Decode(string(text), &parsed)
	if err != nil {
		at := ""
		if parse, ok := errors.AsType[toml.ParseError](err); ok {
			at = fmt.Sprintf(" line %d: %s", parse.Position.Line, parse.Message)
		} else if key := keyOfError.FindStringSubmatch(err.Error()); key != nil {
			at = fmt.Sprintf(" line %s: %s: a value of another kind is wanted", key[1], key[2])
		}
		return fmt.Errorf("%w: %s:%s", ErrProviderFile, file, at)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%w: %s: unknown key %s", ErrProviderFile, file, unknown[0])
	}
	for id, token := range parsed.Tokens {
		c.tokens[strings.ToLower(id)] = token
	}
	for i, t := range parsed.Provider {
		p, err := t.provider()
		if err != nil {
			return fmt.Errorf("%w: %s: provider %d (%s): %w", ErrProviderFile, file, i+1, t.ID, err)
		}
		if t.Token != "" {
			c.tokens[p.ID] = t.Token
		}
		c.own = append(c.own, p)
	}
	return nil
}

// keyOfError finds in the errors of package toml about values of a wrong type where they stand.
var keyOfError = regexp.MustCompile(`line (\d+) \(last key "([^"]*)"\)`)

func (t tomlProvider) provider() (Provider, error) {
	p := Provider{
		ID: strings.ToLower(t.ID), Code: t.Code, Codes: t.Codes, Name: t.Name, Template: t.Template, MinZL: tiles.ZL(t.MinZL), MaxZL: tiles.ZL(t.MaxZL),
		Headers: t.Headers, TokenVars: t.TokenVars, NoImagery: t.NoImagery, Rate: t.Rate, Concurrency: t.Concurrency,
		Coverage: t.Coverage, Licence: t.Licence, Attribution: t.Attribution, Redistributable: t.Redistributable,
	}
	return p, p.complete()
}

// complete fills in what a description may leave out and finds what is wrong with the rest.
func (p *Provider) complete() error {
	if p.MaxZL == 0 {
		p.MaxZL = 18
	}
	if p.Code == "" {
		p.Code = BareCode
	}
	if p.Name == "" {
		p.Name = p.ID
	}
	if p.Licence == "" {
		p.Licence = "unknown"
	}
	switch {
	case p.ID == "" || strings.ContainsFunc(p.ID, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", r) }):
		return errors.New("id: want letters, digits, - and _")
	case p.ID == SampleID:
		return fmt.Errorf("id: %s is taken", SampleID)
	case p.MaxZL > tiles.MaxZL || p.MinZL > p.MaxZL:
		return fmt.Errorf("zoom levels %d to %d: want 0 to %d", p.MinZL, p.MaxZL, tiles.MaxZL)
	case !(p.Rate >= 0) || p.Concurrency < 0:
		return errors.New("rate and concurrency: want 0 or more")
	}
	if err := tiles.ValidMaptype(p.Code); err != nil {
		return fmt.Errorf("code: %w", err)
	}
	if err := checkHeaders(p.Headers); err != nil {
		return err
	}
	_, err := parseTemplate(p.Template)
	return err
}

func readSmall(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxProviderFile || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s: longer than %d MiB, or not a file", ErrProviderFile, file, maxProviderFile>>20)
	}
	return os.ReadFile(file)
}

// StoreName returns the file name of the provider's chunk store, which differs where imagery may differ: two templates of one host are two stores.
// It is empty for what need not be stored, because it costs no download.
func (p Provider) StoreName() string {
	if p.ID == SampleID || strings.HasPrefix(p.Template, mbtilesPrefix) {
		return ""
	}
	for _, known := range Providers() {
		if known.ID == p.ID && known.Template == p.Template {
			return p.ID + ".mbtiles"
		}
	}
	return fmt.Sprintf("%s-%.4x.mbtiles", p.ID, sha256.Sum256([]byte(p.Template)))
}
