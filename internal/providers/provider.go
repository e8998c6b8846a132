package providers

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrToken means that a provider requires an API token and the environment has none. The error
// names the variable.
var ErrToken = errors.New("an API token is needed")

// SampleID is the id of the provider whose imagery is made in the process, without network.
const SampleID = "sample"

// BareCode is the maptype of textures from a bare URL template.
const BareCode = "XP"

// Provider describes a source of imagery and its terms. It is plain data, without a token.
type Provider struct {
	ID       string   // lower case; unique
	Code     string   // maptype of textures built from it
	Codes    []string // further maptypes that it serves, in any case
	Name     string
	Template string // URL template; empty for sample
	Kind     string // KindXYZ or KindWMS; derived from Template
	TilePx   int    // width of its tiles: 256, 512, 1024 or 2048; 0: 256
	Format   string // of its pictures, for people; the actual format is detected

	MinZL, MaxZL tiles.ZL // in levels of chunks of 256 px, whatever the size of its tiles

	Headers   map[string]string // sent to its own host only
	TokenVars []string          // environment variables for {token}, before XELPACK_TOKEN_<ID>
	NoImagery []NoImageryRule   // answers with status 200 that mean "none here"
	Blank     []Colour          // chunks entirely of one of these, or transparent, mean "none here"
	JPEGOnly  bool              // a picture of another format is not imagery

	Filter *filter.Filter // of its colours; nil: they stay

	Layers []Layer // of a mosaic, from the top; it is asked for nothing itself

	Coverage string           // where it has imagery, for people
	Outline  orb.MultiPolygon // where it has imagery; nil: everywhere, or unknown
	Imagery  string           // date and resolution of the pictures, for people

	Licence     string
	Terms       terms.Terms // of the imagery
	Attribution string
	Remark      string // further remarks

	// what the service demands of its users, in addition to the imagery's licence
	ServiceTerms string
	Rate         float64 // requests a second at most; 0: no limit
	Concurrency  int     // requests in flight at most; 0: the client's
	RequestsADay int     // at most; 0: no limit

	File    string   // that describes it; empty for a built-in one and a bare template
	Notes   []string // what was guessed or ignored in File, shown wherever the provider is used
	Ignored []string // what has no effect in File, shown when File is examined
}

// Layer is what a provider gives to a mosaic.
type Layer struct {
	Provider
	Area     area.Area // where it counts; nil: everywhere
	Priority area.Priority
	Lone     bool     // it counts everywhere in a texture that no other layer has a part in
	Maptypes []string // of the textures that it is for, in any case; none: all
	NotFor   []string // of textures that it is not for
}

// For says whether the layer is for textures of a maptype.
func (l Layer) For(maptype string) bool {
	is := func(m string) bool { return strings.EqualFold(m, maptype) }
	return (len(l.Maptypes) == 0 || slices.ContainsFunc(l.Maptypes, is)) &&
		!slices.ContainsFunc(l.NotFor, is)
}

// Source describes p in an archive with its imagery. "<year>" in an attribution is the
// year that is passed.
func (p Provider) Source(year int) terms.Source {
	return terms.Source{
		ID: p.ID, Name: p.Name, Imagery: p.Imagery, Licence: p.Licence, Terms: p.Terms,
		Attribution: strings.ReplaceAll(p.Attribution, "<year>", strconv.Itoa(year)),
	}
}

// Local reports whether imagery comes without requests: the sample's, and that of a file.
func (p Provider) Local() bool {
	if len(p.Layers) > 0 {
		return !slices.ContainsFunc(p.Layers, func(l Layer) bool { return !l.Local() })
	}
	return p.ID == SampleID || strings.HasPrefix(p.Template, mbtilesPrefix)
}

// NoImageryRule recognises a provider's placeholder. All fields that are set must match, and at
// least one must be set.
type NoImageryRule struct {
	Header, Value string // a response header with this value, in any case
	Size          int    // length of the body
	MD5           string // of the body, in hex
	Text          string // in a text answer, such as the exception of a WMS
}

func (r NoImageryRule) empty() bool { return r == NoImageryRule{Value: r.Value} }

// check refuses a rule that matches nothing, or every answer without the header.
func (r NoImageryRule) check() error {
	sum, err := hex.DecodeString(r.MD5)
	switch {
	case r.empty():
		return errors.New("it is empty (want header with value, size, md5 or text)")
	case (r.Header == "") != (r.Value == ""):
		return errors.New("header and value belong together")
	case r.Size < 0:
		return fmt.Errorf("size %d must be positive", r.Size)
	case r.MD5 != "" && (err != nil || len(sum) != md5.Size):
		return fmt.Errorf("md5 %q (want 32 hex digits)", r.MD5)
	}
	return nil
}

// maxText is how many bytes of a text answer are searched.
const maxText = 64 << 10

// Match reports whether the answer is the placeholder.
func (r NoImageryRule) Match(header http.Header, body []byte) bool {
	if r.empty() {
		return false
	}
	if r.Header != "" && !strings.EqualFold(strings.TrimSpace(header.Get(r.Header)), r.Value) {
		return false
	}
	if r.Size != 0 && len(body) != r.Size {
		return false
	}
	if r.Text != "" && (!strings.HasPrefix(http.DetectContentType(body), "text/") ||
		!bytes.Contains(body[:min(len(body), maxText)], []byte(r.Text))) {
		return false
	}
	if r.MD5 != "" {
		sum := md5.Sum(body)
		return strings.EqualFold(hex.EncodeToString(sum[:]), r.MD5)
	}
	return true
}

// bingNoTile is Bing's "none here". The PNG of 1,033 bytes that comes with it would not pass as
// imagery either.
var bingNoTile = NoImageryRule{Header: "X-VE-Tile-Info", Value: "no-tile"}

// hereNoTile is the PNG with which HERE, formerly Nokia, says "none here".
var hereNoTile = NoImageryRule{Size: 5483, MD5: "3b0553888df7d977789a44efdb541df6"}

// arcgisNoData is ArcGIS' picture "Map data not yet available". It is recognised by its length
// alone: a real chunk of exactly that length is rare, nearly featureless, and then shown from its
// parent, while a placeholder taken for imagery would stay in the archive.
var arcgisNoData = NoImageryRule{Size: 2521}

// bareProvider returns the provider of a bare URL template s.
func bareProvider(s string, t *Template) Provider {
	p := Provider{
		ID: templateID(t), Code: BareCode, Name: t.Host, Template: s, MaxZL: tiles.MaxZL,
		Licence: "unknown", NoImagery: placeholders(s),
	}
	_ = p.tiled(t) // cannot fail without explicit settings
	t.Bound(&p)
	return p
}

// placeholders returns the known placeholders of a service with such addresses.
func placeholders(template string) []NoImageryRule {
	rules := []NoImageryRule{bingNoTile, hereNoTile}
	if lower := strings.ToLower(template); strings.Contains(lower, "/mapserver/tile/") ||
		strings.Contains(lower, "/imageserver/tile/") {
		rules = append(rules, arcgisNoData)
	}
	return rules
}

// Resolve parses p's template and finds its token, in the environment or through more.
func (p Provider) Resolve(more func(id string) string) (t *Template, tok string, err error) {
	if t, err = parseTemplate(p.Template); err != nil {
		return nil, "", fmt.Errorf("provider %s: %w", p.ID, err)
	}
	t.tilePx = p.TilePixels()
	tok, err = p.token(t, more)
	return t, tok, err
}

// tokenVars lists the environment variables that may hold p's token, in order.
func (p Provider) tokenVars() []string {
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, p.ID)
	return append(append([]string{}, p.TokenVars...), "XELPACK_TOKEN_"+id)
}

// token returns the API token that t requires, or "" if it requires none.
func (p Provider) token(t *Template, more func(id string) string) (string, error) {
	if !t.token {
		return "", nil
	}
	vars := p.tokenVars()
	for _, name := range vars {
		if value := strings.TrimSpace(os.Getenv(name)); value != "" {
			return value, nil
		}
	}
	if more != nil {
		if value := strings.TrimSpace(more(p.ID)); value != "" {
			return value, nil
		}
	}
	return "", fmt.Errorf("provider %s: %w: set the environment variable %s", p.ID, ErrToken,
		strings.Join(vars, " or "))
}
