package textfile

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
)

// TOML decodes text into v, as toml.Decode does, and returns the first key that v has no place for.
// Two keys of one table that differ only in case are refused: either might be used.
func TOML(text []byte, v any) (unknown toml.Key, err error) {
	meta, err := toml.Decode(string(text), v)
	if err != nil {
		return nil, err
	}
	if key, other := twice(meta); key != nil {
		return nil, fmt.Errorf("line %d: %s: it is given twice, also as %s", lineOfTwice(string(text)),
			key, other)
	}
	if left := meta.Undecoded(); len(left) > 0 {
		unknown = left[0]
	}
	return unknown, nil
}

// twice returns the first key that another of the same table differs from only in case.
func twice(meta toml.MetaData) (key, other toml.Key) {
	seen := map[string]toml.Key{} // by the key in small letters
	for _, key := range meta.Keys() {
		for folded, within := range seen { // it may be the next table of a name
			if len(within) > len(key) && slices.Equal(within[:len(key)], key) {
				delete(seen, folded)
			}
		}
		folded := strings.ToLower(key.String())
		if other := seen[folded]; other != nil && !slices.Equal(other, key) {
			return key, other
		}
		seen[folded] = key
	}
	return nil, nil
}

// lineOfTwice returns the line from which on a text has a key twice.
func lineOfTwice(text string) int {
	lines := strings.SplitAfter(text, "\n")
	return 1 + sort.Search(len(lines), func(n int) bool {
		for ; n < len(lines); n++ { // an array may go on for lines
			var v map[string]any
			if meta, err := toml.Decode(strings.Join(lines[:n+1], ""), &v); err == nil {
				key, _ := twice(meta)
				return key != nil
			}
		}
		return true
	})
}
