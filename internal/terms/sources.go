package terms

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Source is imagery of one provider in an archive. Archives contain its JSON.
type Source struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// when it was taken and how sharp it is, for people
	Imagery     string `json:"imagery,omitempty"`
	Licence     string `json:"licence,omitempty"`
	Terms       Terms  `json:"terms"`
	Attribution string `json:"attribution,omitempty"`
	// from which textures are built, however many were fetched for them
	Chunks   int   `json:"chunks"`
	Textures int   `json:"textures"`           // that have some of it
	Captured *Days `json:"captured,omitempty"` // as far as the provider tells
}

// Credit names the source as its licence asks: whose it is, under which licence, and that it was
// changed.
func (s Source) Credit() string {
	credit := cmp.Or(s.Attribution, s.Name, s.ID)
	if credit == "" {
		return ""
	}
	if s.Licence != "" {
		credit += ", " + s.Licence
	}
	if s.Terms.LicenceURL != "" {
		credit += " (" + s.Terms.LicenceURL + ")"
	}
	if s.Terms.Attribution == Yes && s.Terms.Derivatives == Yes {
		credit += ", changed"
	}
	return credit
}

// Taken says when the pictures were taken, as what follows something else: what the provider told
// of them, or else what is known of all that it has. It is empty if nothing is.
func (s Source) Taken() string {
	switch {
	case s.Captured != nil:
		return ", taken " + s.Captured.Words()
	case s.Imagery != "":
		return ", taken " + s.Imagery
	}
	return ""
}

// Exclusive is the licence under which a texture must be as a whole that has any of s; "" if there
// is none.
func (s Source) Exclusive() string {
	if s.Terms.ShareAlike == Yes {
		return s.Licence
	}
	return ""
}

// Blend says why imagery of the two may not be in one texture, or nil: a texture cannot be under
// two licences each of which wants to be its only one.
func Blend(a, b Source) error {
	if x, y := a.Exclusive(), b.Exclusive(); x != "" && y != "" && x != y {
		return fmt.Errorf("%s (%s) and %s (%s) cannot be in one texture: either licence wants "+
			"the whole to be under it", a.ID, a.Licence, b.ID, b.Licence)
	}
	return nil
}

// Sources is what an archive is made of, the most chunks first.
type Sources []Source

// String returns what ParseSources reads.
func (list Sources) String() string {
	text, _ := json.Marshal(list) // cannot fail: texts and numbers only
	return string(text)
}

// ParseSources reads sources.
func ParseSources(text string) (list Sources, err error) {
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("list of sources: %w", err)
	}
	return list, nil
}

// Terms returns the terms of the whole.
func (list Sources) Terms() Terms {
	var t Terms
	for i, s := range list {
		if i == 0 {
			t = s.Terms
		} else {
			t = t.Both(s.Terms)
		}
	}
	return t
}

// And returns list and those of more that it lacks. What both describe otherwise has the terms of
// both.
func (list Sources) And(more Sources) Sources {
	all := slices.Clone(list)
	for _, s := range more {
		i := list.index(s.ID)
		if i < 0 {
			all = append(all, s)
			continue
		}
		t := &all[i]
		t.Terms, t.Licence, t.Attribution = t.Terms.Both(s.Terms), and(t.Licence,
			s.Licence), and(t.Attribution, s.Attribution)
	}
	return all
}

func (list Sources) index(id string) int {
	return slices.IndexFunc(list, func(s Source) bool { return s.ID == id })
}

// and joins two texts, unless the one says what the other does.
func and(a, b string) string {
	switch {
	case strings.Contains(a, b):
		return a
	case strings.Contains(b, a):
		return b
	}
	return a + "; " + b
}

// Lines joins what of gives of each source, each text once, with what stands between them.
func (list Sources) Lines(between string, of func(Source) string) string {
	var lines []string
	for _, s := range list {
		if line := of(s); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, between)
}

// Use counts how many chunks are of each source, by its id.
type Use map[string]int

// String returns what ParseUse reads: "eox16:76,ign:180", in the order of the ids; "0" for none.
func (u Use) String() string {
	if len(u) == 0 {
		return "0"
	}
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(u)) {
		parts = append(parts, id+":"+strconv.Itoa(u[id]))
	}
	return strings.Join(parts, ",")
}

// ParseUse reads how many chunks are of each source.
func ParseUse(text string) (Use, error) {
	u := Use{}
	if text == "0" {
		return u, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		last := strings.LastIndexByte(part, ':') // ids may be addresses
		id := part[:max(last, 0)]
		n, err := strconv.Atoi(part[last+1:])
		if _, twice := u[id]; id == "" || id[0] == ':' || err != nil || n <= 0 || twice {
			return nil, errors.New("want id:chunks,id:chunks with each id once")
		}
		u[id] = n
	}
	return u, nil
}

// Tally sums up what textures are made of.
type Tally map[string]*counted

type counted struct {
	chunks, textures int
	captured         Days
}

// Add counts textures that are of these chunks together. The days are those of their source, if
// they have one only: of several it is not known whose they are.
func (t Tally) Add(u Use, textures int, captured Days) {
	for id, chunks := range u {
		if t[id] == nil {
			t[id] = new(counted)
		}
		t[id].chunks += chunks
		t[id].textures += textures
		if len(u) == 1 {
			t[id].captured = t[id].captured.And(captured)
		}
	}
}

// Counted returns the sources that were used, with their counts, the most chunks first. One that is
// not described is what the source without an id is; if there is none, only its id is known.
func (list Sources) Counted(t Tally) Sources {
	var used Sources
	for _, id := range slices.Sorted(maps.Keys(t)) {
		var s Source
		for _, described := range [...]string{"", id} {
			if i := list.index(described); i >= 0 {
				s = list[i]
			}
		}
		s.ID, s.Chunks, s.Textures, s.Captured = id, t[id].chunks, t[id].textures, nil
		if captured := t[id].captured; captured != (Days{}) {
			s.Captured = &captured
		}
		used = append(used, s)
	}
	slices.SortStableFunc(used, func(a, b Source) int { return cmp.Compare(b.Chunks, a.Chunks) })
	return used
}
