package providers

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/internal/textfile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// layKeys are the keys that Ortho4XP reads. Their values are used here, or concern only how
// Ortho4XP keeps and lists its imagery.
var layKeys = []string{
	"request_type", "grid_type", "url_template", "url_prefix", "layers", "epsg_code", "tile_size",
	"wms_size", "wms_version", "wmts_version", "image_type",
	"top_left_corner", "resolutions", "scaledenominator", "tilematrixset", "fake_headers", "max_zl",
	"max_threads", "extent", "color_filters", "imagery_dir", "in_GUI",
}

// lay is an Ortho4XP provider, a file of key=value lines.
type lay struct {
	file, code string
	keys       map[string]string
	misread    string // what may be why it is refused
	p          Provider
}

// layCode returns the provider's code: the file's name up to the first dot.
func layCode(file string) string {
	code, _, _ := strings.Cut(filepath.Base(file), ".")
	return code
}

// readLay reads an Ortho4XP provider as Ortho4XP does. Only tiles of the web's grid are accepted:
// another grid or projection is refused, and the error says why. It does not name the file.
func readLay(file string) (Provider, error) {
	text, err := textfile.Read(file, maxProviderFile)
	if err != nil {
		return Provider{}, err
	}
	return parseLay(file, text)
}

func parseLay(file string, text []byte) (Provider, error) {
	l := &lay{file: file, code: layCode(file), keys: map[string]string{}}
	l.p = Provider{ID: strings.ToLower(l.code), Code: l.code, Name: l.code + " (Ortho4XP)",
		File: file, MaxZL: tiles.MaxZL}
	l.read(text)
	if strings.Contains(l.keys["url_template"], "{z}") {
		l.note("{z} is read as {zoom}; Ortho4XP does not know it")
		l.keys["url_template"] = strings.ReplaceAll(l.keys["url_template"], "{z}", "{zoom}")
	}
	if err := tiles.ValidMaptype(l.code); err != nil {
		return Provider{}, fmt.Errorf(
			"its code, the file's name up to the first dot, would be in the names of textures: "+
				"%w; rename the file", err)
	}
	template, err := l.template()
	l.p.Template = template
	if err == nil {
		l.p.NoImagery = placeholders(template)
		err = l.headers()
	}
	if err != nil {
		return Provider{}, fmt.Errorf("%w%s", err, l.misread)
	}
	if n, ok := l.number("max_zl"); ok {
		l.p.MaxZL = min(tiles.ZL(min(n, int(tiles.MaxZL))), l.p.MaxZL)
	}
	l.p.Concurrency, _ = l.number("max_threads")
	if code := cmp.Or(l.keys["color_filters"], "none"); code != "none" {
		l.p.Filter = l.filter(code)
	}
	l.p.Coverage = l.keys["extent"]
	return l.p, l.p.complete()
}

// filter reads Filters/CODE.flt of the Ortho4XP folder that the file is in.
func (l *lay) filter(code string) *filter.Filter {
	f, notes, err := ReadFilter(
		filepath.Join(filepath.Dir(l.file), "..", "..", "Filters", code+".flt"))
	if errors.Is(err, fs.ErrNotExist) {
		f, notes, err = ReadFilter(filepath.Join(filepath.Dir(l.file), code+".flt"))
	}
	if err != nil {
		l.note("color_filters=%s is not applied: %s", code, words.Of(err))
		return nil
	}
	for _, text := range notes {
		l.note("color_filters=%s: %s", code, text)
	}
	return f
}

// ReadFilter reads a .flt file of Ortho4XP.
func ReadFilter(file string) (f *filter.Filter, notes []string, err error) {
	text, err := textfile.Read(file, maxProviderFile)
	if err != nil {
		return nil, nil, err
	}
	if f, notes, err = filter.Parse(string(text)); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	return f, notes, nil
}

// note adds a note to be shown wherever the provider is used.
func (l *lay) note(format string, args ...any) {
	l.p.Notes = append(l.p.Notes, fmt.Sprintf(format, args...))
}

// ignored adds a note about something without effect.
func (l *lay) ignored(format string, args ...any) {
	l.p.Ignored = append(l.p.Ignored, fmt.Sprintf(format, args...))
}

func (l *lay) read(text []byte) {
	number := 0
	for raw := range strings.SplitSeq(string(text), "\n") {
		number++
		// in the middle of a line, too, and even of a URL
		line, _, commented := strings.Cut(raw, "#")
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		_, double := l.keys[key]
		noted := len(l.p.Notes)
		switch {
		case !ok && strings.TrimSpace(line) == "":
		case !ok:
			l.ignored("line %d is not key=value", number)
		case !slices.Contains(layKeys, key):
			say := l.ignored
			near := usage.DidYouMean("", key, layKeys)
			if near != "" { // it was meant to have an effect
				say = l.note
			}
			say("line %d: unknown key %s%s", number, redactURL(key), near)
		case double:
			l.note("%s exists twice: the later one is used", key)
			fallthrough
		default:
			l.keys[key] = value
			if commented && (strings.HasPrefix(key, "url_") || key == "fake_headers") {
				l.note("%s ends at its #, which begins a comment", key)
			}
		}
		switch {
		case l.misread != "":
		case len(l.p.Notes) > noted:
			l.misread = fmt.Sprintf(" (%s)", l.p.Notes[noted])
		case !ok && strings.TrimSpace(line) != "":
			l.misread = fmt.Sprintf(" (line %d is not key=value)", number)
		}
	}
}

// number returns the key's value if it is a positive number.
func (l *lay) number(key string) (n int, ok bool) {
	text := l.keys[key]
	if text == "" {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		l.note("%s=%s is not a positive number and is ignored", key, text)
		return 0, false
	}
	return n, true
}

// pythonCodes are the providers whose addresses Ortho4XP computes in Python, besides the states'
// NAIP.
var pythonCodes = []string{"DK", "DOP40", "NIB", "Here"}

// template returns the URL template of the tiles, if they are on the web's grid.
func (l *lay) template() (string, error) {
	request, grid := strings.ToLower(l.keys["request_type"]), strings.ToLower(l.keys["grid_type"])
	web := grid == "webmercator"
	switch {
	case grid != "" && !web:
		return "", fmt.Errorf("unknown grid_type=%s (want webmercator)", grid)
	case l.keys["url_template"] == "" &&
		(slices.Contains(pythonCodes, l.code) || strings.HasSuffix(l.code, "_NAIP")):
		return "", fmt.Errorf("Ortho4XP makes the addresses of %s in Python (O4_Custom_URL.py), "+
			"which cannot be read", l.code)
	case !slices.Contains([]string{"", "tms", "wmts", "wms", "local_tms"}, request):
		return "", fmt.Errorf("request_type=%s: want tms, wmts or wms", request)
	case web && l.keys["url_template"] != "":
		l.overruled()
		return l.keys["url_template"], nil
	case web && request == "":
		request = "tms"
	}
	size, sized := l.number("tile_size")
	switch epsg := l.keys["epsg_code"]; {
	case request == "":
		return "", errors.New("no request_type and no grid_type=webmercator")
	case request == "local_tms":
		return "", errors.New("request_type=local_tms: files on a grid of their own; want tms or " +
			"wmts")
	case !web && epsg != "" && !isWebMercator(epsg):
		return "", fmt.Errorf("epsg_code=%s: another projection than Web Mercator (3857) is not "+
			"read", epsg)
	case request == "wms":
		return l.boxes()
	case !web && sized && !slices.Contains(tileSizes, size):
		return "", fmt.Errorf("tile_size=%d: only tiles of %s px are read", size, sizes)
	case request == "wmts" && l.keys["url_prefix"] != "":
		return l.byPrefix()
	case l.keys["url_template"] == "" && request == "wmts":
		return "", errors.New("no url_prefix and no url_template")
	case l.keys["url_template"] == "":
		return "", errors.New("no url_template")
	}
	return l.byTemplate(request)
}

// overruled notes what grid_type=webmercator overrides, as in Ortho4XP.
func (l *lay) overruled() {
	for _, key := range []string{"epsg_code", "tile_size", "resolutions", "scaledenominator",
		"top_left_corner", "tilematrixset"} {
		value := l.keys[key]
		if value == "" || key == "epsg_code" && isWebMercator(value) || key == "tile_size" &&
			value == "256" {
			continue
		}
		l.note("%s is overridden by grid_type=webmercator", key)
	}
}

// byTemplate returns url_template, on the grid that the file describes.
func (l *lay) byTemplate(request string) (string, error) {
	template := l.keys["url_template"]
	levels, south, err := l.grid(request)
	if err != nil {
		return "", err
	}
	undescribed := levels == nil && (request == "tms" || l.keys["tilematrixset"] == "")
	switch {
	case undescribed && l.keys["epsg_code"] == "":
		return "", errors.New("it says neither grid_type=webmercator nor epsg_code=3857: where " +
			"its tiles lie is not certain")
	case undescribed:
		l.note("it describes no grid: its tiles are assumed to be on the web's grid")
	case (south || !plain(levels)) &&
		(strings.Contains(template, "{-y}") || strings.Contains(template, "{quadkey}")) || south &&
		strings.Contains(template, "{y}"):
		return "", errors.New("its rows or levels do not count as the web's do, which {y}, {-y} " +
			"and {quadkey} would need")
	case south:
		template = strings.ReplaceAll(template, "{|y|}", "{-y}")
	}
	if strings.Contains(template, "{|y|}") {
		return "", errors.New("{|y|} counts rows on a grid of its own, not on the web's")
	}
	return named(template, levels), nil
}

// grid returns the levels of the grid that the file describes, itself or by its tile matrix set.
// nil: those of the web's chunks, or no description.
func (l *lay) grid(request string) (levels []string, south bool, err error) {
	levels, south, err = l.described(request)
	if size, ok := l.number("tile_size"); ok && err == nil && levels == nil && size != tiles.ChunkPixels {
		return nil, false, fmt.Errorf("tile_size=%d: nothing says on what grid its tiles lie", size)
	}
	return levels, south, err
}

// described does grid's work.
func (l *lay) described(request string) (levels []string, south bool, err error) {
	set := l.keys["tilematrixset"]
	if request == "tms" || set == "" {
		return l.ownGrid()
	}
	if levels, err = l.tileMatrixSet(set); levels != nil || err != nil {
		return levels, false, err
	}
	if levels, south, err = l.ownGrid(); err != nil {
		return nil, false, err
	}
	if south || !plain(levels) || levels == nil && !isWebSet(set) {
		return nil, false, fmt.Errorf(
			"tilematrixset=%s: neither capabilities_%s.xml nor capabilities.xml beside the file "+
				"says what grid that is", set, l.code)
	}
	l.note("without capabilities_%s.xml beside the file the levels of tilematrixset=%s are taken "+
		"to be named 0, 1, 2 …", l.code, set)
	return levels, false, nil
}

// byPrefix returns the template of the requests that Ortho4XP builds from url_prefix.
func (l *lay) byPrefix() (string, error) {
	set := l.keys["tilematrixset"]
	for _, key := range []string{"layers", "tilematrixset"} {
		if l.keys[key] == "" {
			return "", fmt.Errorf("request_type=wmts, but it has no %s", key)
		}
	}
	levels, _, err := l.grid("wmts")
	if err != nil {
		return "", err
	}
	return named(
		l.prefix()+"SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER="+l.keys["layers"]+"&STYLE=&FORMAT=image/"+cmp.Or(l.keys["image_type"], "jpeg")+
			"&TILEMATRIXSET="+set+"&TILEMATRIX={zoom}&TILEROW={y}&TILECOL={x}", levels), nil
}

// prefix returns url_prefix with what goes between it and the query.
func (l *lay) prefix() string {
	prefix := l.keys["url_prefix"]
	switch {
	case !strings.Contains(prefix, "?"):
		prefix += "?"
	case !strings.HasSuffix(prefix, "?") && !strings.HasSuffix(prefix, "&"):
		prefix += "&"
	}
	return prefix
}

// boxes returns the template of the maps that Ortho4XP has a WMS make. In Web Mercator the axes of
// {bbox} are the same in every version of WMS; Ortho4XP swaps them for 1.3.
func (l *lay) boxes() (string, error) {
	for _, key := range []string{"url_prefix", "layers", "epsg_code"} {
		if l.keys[key] == "" {
			return "", fmt.Errorf("request_type=wms, but it has no %s", key)
		}
	}
	l.p.TilePx = maxTilePx
	if size, ok := l.number("wms_size"); ok {
		for l.p.TilePx > size && l.p.TilePx > tiles.ChunkPixels {
			l.p.TilePx /= 2
		}
		if size < tiles.ChunkPixels {
			return "", fmt.Errorf("wms_size=%d: a chunk has %d px", size, tiles.ChunkPixels)
		}
	}
	version, crs := cmp.Or(l.keys["wms_version"], "1.1.1"), "SRS"
	if strings.HasPrefix(version, "1.3") {
		crs = "CRS"
	}
	return l.prefix() + "SERVICE=WMS&VERSION=" + version + "&FORMAT=image/" +
		cmp.Or(l.keys["image_type"], "jpeg") + "&REQUEST=GetMap&LAYERS=" + l.keys["layers"] +
		"&STYLES=&" + crs + "=EPSG:" +
		l.keys["epsg_code"][strings.LastIndexByte(l.keys["epsg_code"], ':')+1:] +
		"&WIDTH={width}&HEIGHT={height}&BBOX={bbox}", nil
}

// named replaces {zoom} by the names of the web's zoom levels.
func named(template string, levels []string) string {
	if levels == nil {
		return template
	}
	return strings.ReplaceAll(template, "{zoom}", "{zoom:"+strings.Join(levels, ",")+"}")
}

// plain reports whether levels are named by their numbers.
func plain(levels []string) bool {
	for z, name := range levels {
		if name != "" && name != strconv.Itoa(z) {
			return false
		}
	}
	return true
}

// transportHeaders are set by net/http itself.
var transportHeaders = []string{"Connection", "Accept-Encoding", "Content-Length",
	"Transfer-Encoding", "Range"}

func (l *lay) headers() error {
	headers, twice, err := parseDict(l.keys["fake_headers"])
	if err != nil {
		return fmt.Errorf("fake_headers: %w", err)
	}
	if twice != "" {
		l.note("fake_headers: %s exists twice: the later one is used", twice)
	}
	for name, value := range headers {
		switch canonical := http.CanonicalHeaderKey(name); {
		case canonical == "Host":
			// Another host than the address's would lead elsewhere.
			if t, err := parseTemplate(l.p.Template); err == nil &&
				!strings.EqualFold(value, t.Host) {
				return fmt.Errorf("fake_headers: the Host %q is not that of the address", value)
			}
			delete(headers, name)
		case slices.Contains(transportHeaders, canonical):
			delete(headers, name)
		}
	}
	l.p.Headers = headers
	return nil
}
