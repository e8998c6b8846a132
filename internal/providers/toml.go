package providers

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/tiles"
)

type tomlFile struct {
	Ortho4XP string         `toml:"ortho4xp"`
	Tokens   texts          `toml:"tokens"`
	Provider []tomlProvider `toml:"provider"`
}

type tomlProvider struct {
	ID, Code, Name, Template, Token string

	Kind, Format string
	TilePx       int `toml:"tile_px"`
	Blank        []Colour
	Codes        []string
	MinZL        uint8    `toml:"min_zl"`
	MaxZL        uint8    `toml:"max_zl"`
	TokenVars    []string `toml:"token_vars"`
	Headers      texts
	JPEGOnly     bool            `toml:"jpeg_only"`
	NoImagery    []NoImageryRule `toml:"no_imagery"`

	Coverage, Outline string
	BBox              []float64
	Imagery           string

	Licence, Attribution, Remark string
	LicenceURL                   string `toml:"licence_url"`
	Redistributable              *bool
	Redistribution               terms.Answer
	Commercial                   terms.Answer
	Derivatives                  terms.Answer
	ShareAlike                   terms.Answer `toml:"share_alike"`
	AttributionNeeded            terms.Answer `toml:"attribution_needed"`

	ServiceTerms string `toml:"service_terms"`
	Rate         float64
	Concurrency  int
	RequestsADay int `toml:"requests_a_day"`
}

// texts are named texts. The package that reads TOML passes over a value that is not a table.
type texts map[string]string

// UnmarshalTOML refuses what is not a table of texts. The error shows no value: it may be a token.
func (t *texts) UnmarshalTOML(value any) error {
	table, ok := value.(map[string]any)
	*t = make(texts, len(table))
	for name, v := range table {
		text, isText := v.(string)
		(*t)[name], ok = text, ok && isText
	}
	if !ok {
		return errors.New(`must be a table of texts, such as {name = "value"}`)
	}
	return nil
}

// tomlKeys returns the keys of structs.
func tomlKeys(structs ...any) (keys []string) {
	for _, s := range structs {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(s)) {
			keys = append(keys, cmp.Or(field.Tag.Get("toml"), strings.ToLower(field.Name)))
		}
	}
	return keys
}

// addTOML adds the providers of a file and returns the Ortho4XP folder that it names, if any. The
// error never shows a line of the file, which may contain tokens.
func (c *Catalogue) addTOML(file string) (ortho4xp string, err error) {
	text, err := textfile.Read(file, maxProviderFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrFile, file, err)
	}
	parsed, err := parseTOML(text)
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrFile, file, err)
	}
	for id, token := range parsed.Tokens {
		c.tokens[strings.ToLower(id)] = token
	}
	for i, t := range parsed.Provider {
		p, err := t.provider(filepath.Dir(file))
		if err != nil {
			return "", fmt.Errorf("%w: %s: provider %d (%s): %w", ErrFile, file, i+1, t.ID, err)
		}
		if slices.ContainsFunc(c.own, func(q Provider) bool { return q.ID == p.ID }) {
			return "", fmt.Errorf("%w: %s: provider %d (%s): id: it is described twice", ErrFile,
				file, i+1, t.ID)
		}
		if t.Token != "" {
			c.tokens[p.ID] = t.Token
		}
		p.File = file
		c.own = append(c.own, p)
	}
	for _, id := range slices.Sorted(maps.Keys(parsed.Tokens)) {
		if _, known := c.Find(id); !known {
			return "", fmt.Errorf("%w: %s: tokens: unknown provider %q", ErrFile, file, id)
		}
	}
	ortho4xp = realpath.Home(parsed.Ortho4XP)
	if ortho4xp != "" && !filepath.IsAbs(ortho4xp) {
		ortho4xp = filepath.Join(filepath.Dir(file), ortho4xp)
	}
	return ortho4xp, nil
}

// parseTOML parses a file's text. The error never shows a line of it.
func parseTOML(text []byte) (parsed tomlFile, err error) {
	unknown, err := textfile.TOML(text, &parsed)
	if err == nil && unknown != nil {
		err = fmt.Errorf("unknown key %s%s", unknown, usage.DidYouMean("", unknown[len(unknown)-1],
			tomlKeys(tomlFile{}, tomlProvider{}, NoImageryRule{})))
	}
	return parsed, err
}

// provider makes a provider from its description; file names are relative to dir.
func (t tomlProvider) provider(dir string) (Provider, error) {
	p := Provider{
		ID: strings.ToLower(
			t.ID), Code: t.Code, Codes: t.Codes, Name: t.Name, Template: t.Template,
		MinZL: tiles.ZL(t.MinZL), MaxZL: tiles.ZL(t.MaxZL),
		Kind: t.Kind, Format: t.Format, TilePx: t.TilePx, Blank: t.Blank, Headers: t.Headers, TokenVars: t.TokenVars, NoImagery: t.NoImagery, JPEGOnly: t.JPEGOnly,
		Rate: t.Rate, Concurrency: t.Concurrency, RequestsADay: t.RequestsADay, ServiceTerms: t.ServiceTerms,
		Coverage: t.Coverage, Imagery: t.Imagery, Licence: t.Licence, Attribution: t.Attribution, Remark: t.Remark, Terms: t.terms(),
	}
	if t.Redistributable != nil && t.Redistribution != terms.Unknown {
		return p, errors.New("redistribution and redistributable cannot be combined")
	}
	var err error
	if p.Outline, err = outlineOf(t.Outline, t.BBox, dir); err != nil {
		return p, err
	}
	return p, p.complete()
}

// terms returns the terms of the description, completed by those of its licence.
func (t tomlProvider) terms() terms.Terms {
	said := terms.Terms{
		Redistribution: t.Redistribution, Commercial: t.Commercial, Derivatives: t.Derivatives, ShareAlike: t.ShareAlike, Attribution: t.AttributionNeeded,
		LicenceURL: t.LicenceURL,
	}
	if t.Redistributable != nil {
		said.Redistribution = terms.No
		if *t.Redistributable {
			said.Redistribution = terms.Yes
		}
	}
	return said.Or(terms.Of(t.Licence))
}
