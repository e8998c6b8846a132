package fetch

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// readLay reads an Ortho4XP provider: key=value lines. Only what can be shown without reprojection is taken; the error says why not.
func readLay(file string) (Provider, error) {
	text, err := readSmall(file)
	if err != nil {
		return Provider{}, err
	}
	p, err := parseLay(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), text)
	if err != nil {
		return Provider{}, fmt.Errorf("%w: %s: %w", ErrProviderFile, file, err)
	}
	return p, nil
}

func parseLay(code string, text []byte) (Provider, error) {
	keys := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxProviderFile)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			keys[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return Provider{}, err
	}
	switch request := keys["request_type"]; request {
	case "tms", "wmts":
	case "":
		return Provider{}, fmt.Errorf("it has no request_type")
	default:
		return Provider{}, fmt.Errorf("request_type=%s: only tms and wmts give ready-made chunks", request)
	}
	if grid := keys["grid_type"]; grid != "webmercator" && (grid != "" || keys["epsg_code"] != "" && keys["epsg_code"] != "3857") {
		return Provider{}, fmt.Errorf("grid_type=%s epsg_code=%s: only webmercator needs no reprojection", grid, keys["epsg_code"])
	}
	if keys["url_template"] == "" {
		return Provider{}, fmt.Errorf("it has no url_template")
	}
	headers, err := parseDict(keys["fake_headers"])
	if err != nil {
		return Provider{}, fmt.Errorf("fake_headers: %w", err)
	}
	maps.DeleteFunc(headers, func(name, _ string) bool { // what net/http sees to itself
		return slices.Contains([]string{"Host", "Connection", "Accept-Encoding", "Content-Length"}, http.CanonicalHeaderKey(name))
	})
	p := Provider{ID: strings.ToLower(code), Code: code, Name: code + " (Ortho4XP)", Template: keys["url_template"], Headers: headers, Coverage: keys["extent"]}
	if text := keys["max_zl"]; text != "" {
		zl, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			return Provider{}, fmt.Errorf("max_zl=%s: want a zoom level", text)
		}
		p.MaxZL = min(tiles.ZL(zl), tiles.MaxZL)
	}
	return p, p.complete()
}

func checkHeaders(headers map[string]string) error {
	for name, value := range headers {
		bad := func(r rune) bool { return r < ' ' || r == 0x7F }
		inName := func(r rune) bool { return r > '~' || bad(r) || strings.ContainsRune(` "(),/:;<=>?@[\]{}`, r) }
		if name == "" || strings.ContainsFunc(name, inName) || strings.ContainsFunc(value, bad) {
			return fmt.Errorf("header %q cannot be sent", name)
		}
	}
	return nil
}

// parseDict reads the literal of a Python dictionary of strings, {'a': "b", …}, and nothing else of Python. Empty text and None are no headers.
func parseDict(text string) (map[string]string, error) {
	d := dictReader{rest: strings.TrimSpace(text)}
	if d.rest == "" || d.rest == "None" {
		return nil, nil
	}
	headers := map[string]string{}
	if !d.take('{') {
		return nil, fmt.Errorf("it does not begin with {")
	}
	for !d.take('}') {
		if len(headers) > 0 && !d.take(',') {
			return nil, fmt.Errorf("a comma is missing after %d entries", len(headers))
		}
		if d.take('}') { // after the last comma
			break
		}
		name, ok := d.text()
		if !ok || !d.take(':') {
			return nil, fmt.Errorf("entry %d is not a plain string and a colon", len(headers)+1)
		}
		value, ok := d.text()
		if !ok {
			return nil, fmt.Errorf("the value of %q is not a plain string", name)
		}
		headers[name] = value
	}
	if d.rest != "" {
		return nil, fmt.Errorf("something follows the }")
	}
	return headers, nil
}

type dictReader struct{ rest string }

func (d *dictReader) take(c byte) bool {
	d.rest = strings.TrimLeft(d.rest, " \t")
	if d.rest == "" || d.rest[0] != c {
		return false
	}
	d.rest = strings.TrimLeft(d.rest[1:], " \t")
	return true
}

// text reads one string in single or double quotes.
func (d *dictReader) text() (string, bool) {
	if d.rest == "" || d.rest[0] != '\'' && d.rest[0] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(d.rest); i++ {
		switch c := d.rest[i]; {
		case c == d.rest[0]:
			d.rest = d.rest[i+1:]
			return b.String(), true
		case c == '\\':
			i++
			if i >= len(d.rest) || !strings.ContainsRune(`\'"`, rune(d.rest[i])) {
				return "", false
			}
			b.WriteByte(d.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
