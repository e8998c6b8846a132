package providers

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrToken says that a provider needs an API token and the environment has none. The error names
// the variable.
var ErrToken = errors.New("an API token is needed")

// SampleID is the id of the provider whose imagery is made in the process, without network.
const SampleID = "sample"

// BareCode is the maptype of textures from a bare URL template.
const BareCode = "XP"

// Provider says where imagery comes from and on what terms. It is plain data, and holds no token.
type Provider struct {
	ID       string   // lower case; unique
	Code     string   // the maptype of textures built from it
	Codes    []string // further maptypes that it answers to, in any case
	Name     string
	Template string // URL template; empty for sample
	Kind     string // KindXYZ or KindWMS; follows from Template
	TilePx   int    // side of its tiles: 256, 512, 1024 or 2048; 0: 256
	Format   string // of its pictures, for people: what counts is what comes

	MinZL, MaxZL tiles.ZL // what it has, in levels of chunks of 256 px, whatever its tiles are

	Headers     map[string]string // sent to its own host only
	TokenVars   []string          // environment variables looked at for {token}, before XELPACK_TOKEN_<ID>
	NoImagery   []NoImageryRule   // answers with status 200 that mean "none here"
	Blank       []Colour          // chunks wholly of one of these, or transparent, mean "none here"
	Rate        float64           // requests a second at most; 0: no limit
	Concurrency int               // requests in flight at most; 0: the client's

	JPEGOnly        bool   // a picture in another format is not imagery
	Coverage        string // where it has imagery, for people
	Licence         string
	Attribution     string
	Redistributable bool // whether the licence allows to pass on what was built from it

	File    string   // that describes it; empty for a built-in one and a bare template
	Notes   []string // what of File was guessed or is not done, to be said wherever the provider is used
	Ignored []string // what of File is without effect, for who looks at File
}

// Local reports whether imagery comes without requests: the sample's, and that of a file.
func (p Provider) Local() bool {
	return p.ID == SampleID || strings.HasPrefix(p.Template, mbtilesPrefix)
}

// NoImageryRule recognises a provider's placeholder. Every field that is set must match, and one
// must be set.
type NoImageryRule struct {
	Header, Value string // a response header with this value, in any case
	Size          int    // the body's length
	MD5           string // the body's, in lower-case hex
}

func (r NoImageryRule) Match(header http.Header, body []byte) bool {
	if r.Header == "" && r.Size == 0 && r.MD5 == "" {
		return false
	}
	if r.Header != "" && !strings.EqualFold(strings.TrimSpace(header.Get(r.Header)), r.Value) {
		return false
	}
	if r.Size != 0 && len(body) != r.Size {
		return false
	}
	if r.MD5 != "" {
		sum := md5.Sum(body)
		return hex.EncodeToString(sum[:]) == r.MD5
	}
	return true
}

// bingNoTile is Bing's word for "none here". The PNG of 1,033 bytes that comes with it would not
// pass as imagery either.
var bingNoTile = NoImageryRule{Header: "X-VE-Tile-Info", Value: "no-tile"}

// arcgisNoData is ArcGIS' picture "Map data not yet available". Its length alone decides: a real
// chunk of exactly that length is rare, nearly featureless, and then shown from its parent, while a
// placeholder taken for imagery stays in the archive.
var arcgisNoData = NoImageryRule{Size: 2521}

// BuiltIn returns the providers, sample last. The zoom ranges are conservative.
func BuiltIn() []Provider {
	const (
		personal = "commercial; no redistribution"
		usgov    = "public domain"
	)
	return []Provider{
		{
			ID: "eox", Code: "EOX", Name: "EOX Sentinel-2 cloudless 2024", MaxZL: 14, Coverage: "world, 10 m",
			Template: "https://tiles.maps.eox.at/wmts/1.0.0/s2cloudless-2024_3857/default/g/{z}/{y}/{x}.jpg",
			Licence:  "CC BY-NC-SA 4.0", Redistributable: true,
			Attribution: "Sentinel-2 cloudless 2024 by EOX IT Services GmbH (contains modified Copernicus Sentinel data 2024)",
		},
		{
			ID: "usgs", Code: "USGS", Name: "USGS Imagery Only", MaxZL: 16, Coverage: "United States",
			Template: "https://basemap.nationalmap.gov/arcgis/rest/services/USGSImageryOnly/MapServer/tile/{z}/{y}/{x}",
			Licence:  usgov, Redistributable: true, Attribution: "USGS The National Map",
		},
		{
			ID: "naip", Code: "NAIP", Name: "USDA NAIP", MaxZL: 19, Coverage: "contiguous United States",
			Template: "https://gis.apfo.usda.gov/arcgis/rest/services/NAIP/USDA_CONUS_PRIME/ImageServer/tile/{z}/{y}/{x}",
			Licence:  usgov, Redistributable: true, Attribution: "USDA Farm Production and Conservation, NAIP",
		},
		{
			ID: "pdok", Code: "PDOK", Name: "PDOK luchtfoto 25 cm", MaxZL: 19, Coverage: "Netherlands",
			Template: "https://service.pdok.nl/hwh/luchtfotorgb/wmts/v1_0/Actueel_ortho25/EPSG:3857/{z}/{x}/{y}.jpeg",
			Licence:  "CC BY 4.0", Redistributable: true, Attribution: "Beeldmateriaal Nederland, PDOK",
		},
		{
			ID: "lux", Code: "Lux", Name: "Luxembourg orthophoto", MaxZL: 20, Coverage: "Luxembourg",
			Template: "https://{switch:wmts1,wmts2}.geoportail.lu/opendata/wmts/ortho_latest/GLOBAL_WEBMERCATOR_4_V3/{z}/{x}/{y}.jpeg",
			Licence:  "CC0", Redistributable: true, Attribution: "Administration du cadastre et de la topographie, Luxembourg",
		},
		{
			ID: "pnoa", Code: "SP", Name: "PNOA máxima actualidad", MaxZL: 19, Coverage: "Spain",
			Template: "https://www.ign.es/wmts/pnoa-ma?layer=OI.OrthoimageCoverage&style=default&tilematrixset=GoogleMapsCompatible" +
				"&Service=WMTS&Request=GetTile&Version=1.0.0&Format=image/jpeg&TileMatrix={z}&TileCol={x}&TileRow={y}",
			Licence: "CC BY 4.0", Redistributable: true, Attribution: "PNOA, Instituto Geográfico Nacional de España, scne.es",
		},
		{
			ID: "gsi", Code: "JP", Name: "GSI orthophoto", MaxZL: 18, Coverage: "Japan",
			Template: "https://cyberjapandata.gsi.go.jp/xyz/ort/{z}/{x}/{y}.jpg",
			Licence:  "attribution", Redistributable: true, Attribution: "Geospatial Information Authority of Japan",
		},
		{
			ID: "bing", Code: "BI", Name: "Bing Aerial", MinZL: 1, MaxZL: 19, Coverage: "world",
			Template: "https://ecn.t{switch:0,1,2,3}.tiles.virtualearth.net/tiles/a{quadkey}.jpeg?g=15312",
			Licence:  personal, Attribution: "Microsoft Bing Maps", JPEGOnly: true, NoImagery: []NoImageryRule{bingNoTile},
		},
		{
			ID: "arcgis", Code: "ARC", Name: "Esri World Imagery", MaxZL: 19, Coverage: "world",
			Template: "https://services.arcgisonline.com/ArcGIS/rest/services/World_Imagery/MapServer/tile/{z}/{y}/{x}",
			Licence:  personal, Attribution: "Esri, Maxar, Earthstar Geographics, and the GIS User Community",
			NoImagery: []NoImageryRule{arcgisNoData},
		},
		{
			ID: "mapbox", Code: "MB", Name: "Mapbox Satellite", MaxZL: 22, Coverage: "world",
			Template:  "https://api.mapbox.com/v4/mapbox.satellite/{z}/{x}/{y}.jpg?access_token={token}",
			TokenVars: []string{"MAPBOX_TOKEN"}, Licence: personal + "; token", Attribution: "Mapbox, Maxar",
		},
		{
			ID: SampleID, Code: "SAMPLE", Name: "procedural imagery, made in the process", MaxZL: 22, Coverage: "an invented world",
			Licence: "CC0", Redistributable: true, Attribution: "xelpack sample imagery",
		},
	}
}

// bareProvider is the provider that s, a URL template, is by itself.
func bareProvider(s string, t *Template) Provider {
	p := Provider{
		ID: templateID(t), Code: BareCode, Name: t.Host, Template: s, MaxZL: tiles.MaxZL,
		Licence: "unknown", NoImagery: placeholders(s),
	}
	_ = p.tiled(t) // nothing is wrong with what is not said
	t.Bound(&p)
	return p
}

// placeholders returns how a service with addresses of this kind is known to say "none here".
func placeholders(template string) []NoImageryRule {
	rules := []NoImageryRule{bingNoTile}
	if lower := strings.ToLower(template); strings.Contains(lower, "/mapserver/tile/") || strings.Contains(lower, "/imageserver/tile/") {
		rules = append(rules, arcgisNoData)
	}
	return rules
}

// Resolve reads p's template and finds its token, in the environment or else by more.
func (p Provider) Resolve(more func(id string) string) (t *Template, tok string, err error) {
	if t, err = parseTemplate(p.Template); err != nil {
		return nil, "", fmt.Errorf("provider %s: %w", p.ID, err)
	}
	t.tilePx = p.TilePixels()
	tok, err = p.token(t, more)
	return t, tok, err
}

// tokenVars lists the environment variables that may hold p's token, in the order looked at.
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

// token returns the API token that t asks for, or "" when it asks for none.
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
	return "", fmt.Errorf("provider %s: %w: set the environment variable %s", p.ID, ErrToken, strings.Join(vars, " or "))
}
