package fetch

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrUnknownProvider is what LookupProvider's error wraps when there is no such provider. The error lists those there are.
var ErrUnknownProvider = errors.New("unknown provider")

// LookupProvider finds a built-in provider by its id or by one of its maptype codes, in any case, or takes name as a URL template when it holds
// "://". Whatever would keep its source from working shows here: errors are ErrUnknownProvider, ErrTemplate or ErrToken.
func LookupProvider(name string) (Provider, error) {
	if strings.Contains(name, "://") {
		t, err := parseTemplate(name)
		if err != nil {
			return Provider{}, err
		}
		p := bareProvider(name, t)
		if _, err := p.token(t); err != nil {
			return Provider{}, err
		}
		return p, nil
	}
	known := Providers()
	for _, p := range known {
		for _, n := range p.names() {
			if !strings.EqualFold(n, name) {
				continue
			}
			if p.ID == SampleID {
				return p, nil
			}
			if _, _, err := p.resolve(); err != nil {
				return Provider{}, err
			}
			return p, nil
		}
	}
	if _, err := os.Stat(name); err == nil && name != "" {
		return Provider{}, fmt.Errorf("%w %q: provider files are not supported yet: name an id, a maptype code or a URL template", ErrUnknownProvider, name)
	}
	return Provider{}, unknownProvider(name, known)
}

func (p Provider) names() []string { return append([]string{p.ID, p.Code}, p.Codes...) }

func unknownProvider(name string, known []Provider) error {
	var list strings.Builder
	nearest, least := "", 3 // more than two letters wrong is another word
	for i, p := range known {
		if i > 0 {
			list.WriteString(", ")
		}
		fmt.Fprintf(&list, "%s (%s)", p.ID, p.Code)
		for _, n := range p.names() {
			if d := distance(strings.ToLower(n), strings.ToLower(name)); d < least && d < min(len(n), len(name)) {
				nearest, least = n, d
			}
		}
	}
	hint := ""
	if nearest != "" {
		hint = fmt.Sprintf("did you mean %q? ", nearest)
	}
	return fmt.Errorf("%w %q: %sknown are %s, or a URL template such as https://host/{z}/{x}/{y}.jpg", ErrUnknownProvider, name, hint, list.String())
}

// distance is how many letters must be put in, left out or changed to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
