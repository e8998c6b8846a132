package route

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Bounds for reading XML. encoding/xml expands only the five entities of XML and those of HTML, and
// reads no other files.
const (
	maxElementDepth = 64
	maxElementName  = 64 // longer names match nothing and are cut to keep paths short
)

// element is an open XML element.
type element struct {
	path  string // local names from the root: "gpx/rte/rtept"
	attrs []xml.Attr
	text  []byte // its own characters, once it has ended
	line  int    // of its start
}

// attr returns the value of an attribute, "" if it is absent. One of another namespace is another
// attribute.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// name returns the last part of the path.
func (e *element) name() string { return e.path[strings.LastIndexByte(e.path, '/')+1:] }

// value returns the element's own text without surrounding blanks.
func (e *element) value() string { return string(bytes.TrimSpace(e.text)) }

// place returns the element's place, for an Error.
func (e *element) place() string { return fmt.Sprintf("line %d, <%s>", e.line, e.name()) }

// walkXML calls start and end (either may be nil) for every element of a document, and adds the
// element's place to their errors.
func walkXML(data []byte, start, end func(*element) error) error {
	d := newXMLDecoder(data)
	var open []*element
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil // Token has checked that everything is closed
		}
		if err != nil {
			return xmlError(d, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{path: cutName(t.Name.Local), attrs: t.Attr}
			e.line, _ = d.InputPos()
			if len(open) > 0 {
				e.path = open[len(open)-1].path + "/" + e.path
			}
			if len(open) == maxElementDepth {
				return within(e.place(), malformed("", "elements are nested more than %d deep",
					maxElementDepth))
			}
			open = append(open, e)
			if err := visit(start, e); err != nil {
				return err
			}
		case xml.CharData:
			if len(open) > 0 {
				e := open[len(open)-1]
				e.text = append(e.text, t...)
			}
		case xml.EndElement:
			e := open[len(open)-1]
			open = open[:len(open)-1]
			if err := visit(end, e); err != nil {
				return err
			}
		}
	}
}

func visit(do func(*element) error, e *element) error {
	if do == nil {
		return nil
	}
	err := do(e)
	if placed, ok := errors.AsType[*Error](err); ok && strings.HasPrefix(placed.Place, "line ") {
		return err // it has the place already
	}
	return within(e.place(), err)
}

// rootElement returns the name of the first element.
func rootElement(data []byte) (string, error) {
	d := newXMLDecoder(data)
	for {
		token, err := d.Token()
		if err == io.EOF {
			return "", malformed("export it again", "the XML has no elements")
		}
		if err != nil {
			return "", xmlError(d, err)
		}
		if t, ok := token.(xml.StartElement); ok {
			return cutName(t.Name.Local), nil
		}
	}
}

// newXMLDecoder reads data, which is UTF-8 by now, whatever the XML declaration says.
func newXMLDecoder(data []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Entity = xml.HTMLEntity // some writers use &deg; and &nbsp;, which plain XML does not define
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
}

// ampersand matches an ampersand with the rest of its entity, if it has one.
var ampersand = regexp.MustCompile(`&(?:#?\w+;)?`)

// xmlText returns data as UTF-8 with stray ampersands escaped: some writers do not escape names.
// Older simulators declare UTF-8 and write Latin-1 (the ° of a PLN).
func xmlText(data []byte) []byte {
	data = ampersand.ReplaceAllFunc(data, func(found []byte) []byte {
		if len(found) == 1 {
			return []byte("&amp;")
		}
		return found
	})
	if utf8.Valid(data) {
		return data
	}
	text := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		text = utf8.AppendRune(text, rune(c))
	}
	return text
}

// xmlError turns an error of d into a short one with the line.
func xmlError(d *xml.Decoder, err error) error {
	line, _ := d.InputPos()
	what := strings.TrimPrefix(err.Error(), "xml: ")
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		line, what = syntax.Line, syntax.Msg
	}
	return within(fmt.Sprintf("line %d", line),
		malformed("the file may be cut short; export it again", "the XML is malformed: %s",
			cut(what, 120)))
}

func cutName(s string) string { return cut(s, maxElementName) }
