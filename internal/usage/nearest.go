package usage

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// DidYouMean returns " (did you mean …?)" with the name closest to word after a prefix, or "".
func DidYouMean(prefix, word string, names []string) string {
	if near := Nearest(word, names); near != "" {
		return fmt.Sprintf(" (did you mean %s%s?)", prefix, near)
	}
	return ""
}

// Nearest returns the name closest to word, in any case, or "" if none is close.
func Nearest(word string, names []string) string {
	found, least := "", len(word)/3+2 // beyond that it is a different word
	for _, name := range names {
		d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(name))
		if d < least && d < min(len(name), len(word)) {
			found, least = name, d
		}
	}
	return found
}
