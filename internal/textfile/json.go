package textfile

import (
	"bytes"
	"encoding/json"
)

// Members returns the members of a JSON object, and the name of the first that it has twice, of
// which encoding/json takes the last; nil if it is no object.
func Members(object json.RawMessage) (all map[string]json.RawMessage, twice string) {
	d := json.NewDecoder(bytes.NewReader(object))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, ""
	}
	all = map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		name, _ := key.(string)
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil, ""
		}
		if all[name] != nil && twice == "" {
			twice = name
		}
		all[name] = value
	}
	return all, twice
}
