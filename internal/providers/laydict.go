package providers

import (
	"errors"
	"fmt"
	"strings"
)

// genericAgent is the value of Ortho4XP's user_agent_generic: that of a plain browser.
const genericAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// parseDict reads the literal of a Python dictionary of strings, {'a': "b", …}, and only two other
// names that Ortho4XP defines for such files: user_agent_generic as a value, and
// request_headers_generic for the whole. Empty text and None mean no headers. Of names that are the
// same header the later one counts, as in Ortho4XP; twice is such a one.
func parseDict(text string) (headers map[string]string, twice string, err error) {
	d := dictReader{rest: strings.TrimSpace(text)}
	switch d.rest {
	case "", "None":
		return nil, "", nil
	case "request_headers_generic":
		return map[string]string{"User-Agent": genericAgent, "Accept": "*/*"}, "", nil
	}
	headers = map[string]string{}
	if !d.take('{') {
		return nil, "", errors.New("it does not begin with {")
	}
	for n := 1; !d.take('}'); n++ {
		if n > 1 && !d.take(',') {
			return nil, "", fmt.Errorf("a comma is missing after entry %d", n-1)
		}
		if d.take('}') { // after the last comma
			break
		}
		name, ok := d.text()
		if !ok || !d.take(':') {
			return nil, "", fmt.Errorf("entry %d is not a plain string and a colon", n)
		}
		value, ok := d.value()
		if !ok {
			return nil, "", fmt.Errorf("the value of %q is not a plain string", name)
		}
		for other := range headers {
			if strings.EqualFold(other, name) {
				twice = name
				delete(headers, other)
			}
		}
		headers[name] = value
	}
	if d.rest != "" {
		return nil, "", errors.New("something follows the }")
	}
	return headers, twice, nil
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

func (d *dictReader) value() (string, bool) {
	if rest, ok := strings.CutPrefix(d.rest, "user_agent_generic"); ok {
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && (rest[0] == ',' || rest[0] == '}') {
			d.rest = rest
			return genericAgent, true
		}
	}
	return d.text()
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
