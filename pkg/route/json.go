package route

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// jsonError turns a JSON syntax error into one with line and column. An *Error from our own
// UnmarshalJSON methods stays as it is.
func jsonError(data []byte, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	e := &Error{Problem: "the JSON is malformed: " + err.Error(),
		Remedy: "the file may be cut short; export it again", Err: ErrMalformed}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		e.Place = lineColumn(data, syntax.Offset-1)
	}
	return e
}

// list reads an array, calling read for each element.
func list[T any](raw json.RawMessage, read func(json.RawMessage) (T, error)) ([]T, error) {
	all, err := elements(raw)
	if err != nil {
		return nil, err
	}
	var values []T
	for i, raw := range all {
		v, err := read(raw)
		if err == nil {
			err = add(&values, v)
		}
		if err != nil {
			return nil, within(fmt.Sprintf("[%d]", i), err)
		}
	}
	return values, nil
}

// elements yields the elements of a valid JSON array without copying them.
func elements(array json.RawMessage) (iter.Seq2[int, json.RawMessage], error) {
	if len(array) == 0 || array[0] != '[' {
		return nil, malformed("", "an array is expected here, not %s", excerpt(array))
	}
	return func(yield func(int, json.RawMessage) bool) {
		n, depth, quoted, start := 0, 0, false, 1
		for i := 0; i < len(array); i++ {
			switch c := array[i]; {
			case quoted:
				if c == '\\' {
					i++
				}
				quoted = c != '"'
			case c == '"':
				quoted = true
			case c == '[' || c == '{':
				depth++
			case depth == 1 && (c == ',' || c == ']'):
				raw := bytes.TrimSpace(array[start:i])
				// An empty array has nothing before its bracket; otherwise an element is never
				// blank.
				if len(raw) > 0 && !yield(n, raw) {
					return
				}
				n, start = n+1, i+1
			case c == ']' || c == '}':
				depth--
			}
		}
	}, nil
}

// text is a JSON string or number. SimBrief writes an empty object or array for an absent value.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	switch {
	case json.Unmarshal(raw, &s) == nil:
		*t = text(strings.TrimSpace(s))
	case bytes.ContainsAny(raw[:1], "-0123456789"):
		*t = text(raw)
	}
	return nil
}

// several is a JSON array of objects, or a single object. SimBrief writes a single object if there
// is only one, and an empty array, object or text, or null, if there is none.
type several[T any] []T

func (all *several[T]) UnmarshalJSON(raw []byte) error {
	switch {
	case raw[0] == '[':
		each, err := list(raw, func(raw json.RawMessage) (one T, err error) {
			err = json.Unmarshal(raw, &one)
			return one, err
		})
		*all = each
		return err
	case raw[0] == '"' && len(bytes.TrimSpace(raw)) > len(`""`),
		raw[0] == '{' && len(bytes.TrimSpace(raw[1:len(raw)-1])) > 0:
		var one T
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		*all = several[T]{one}
	}
	return nil
}

// unmarshalObject leaves into unchanged if raw is not an object.
func unmarshalObject(raw []byte, into any) error {
	if raw[0] != '{' {
		return nil
	}
	return json.Unmarshal(raw, into)
}
