// Package terms describes what may be done with imagery, and with the combination of several kinds.
package terms

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// Answer is yes, no or unknown, which is its zero value.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

// String returns what UnmarshalText reads.
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

// MarshalText implements encoding.TextMarshaler.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads "yes", "no" or "unknown".
func (a *Answer) UnmarshalText(text []byte) error {
	for _, *a = range [...]Answer{Yes, No, Unknown} {
		if a.String() == string(text) {
			return nil
		}
	}
	return fmt.Errorf("%q (want yes, no or unknown)", text)
}

// UnmarshalTOML reads what UnmarshalText does, and true and false.
func (a *Answer) UnmarshalTOML(value any) error {
	switch value {
	case true:
		value = "yes"
	case false:
		value = "no"
	}
	return a.UnmarshalText(fmt.Append(nil, value))
}

// Terms say what may be done with what is built from imagery.
type Terms struct {
	Redistribution Answer `json:"redistribution"`        // it may be passed on
	Commercial     Answer `json:"commercial"`            // also commercially
	Derivatives    Answer `json:"derivatives"`           // it may be changed, as every texture is
	ShareAlike     Answer `json:"share_alike"`           // only under the same licence
	Attribution    Answer `json:"attribution"`           // only with its source named
	LicenceURL     string `json:"licence_url,omitempty"` // its source
}

// MayPassOn reports whether textures may certainly be given to others.
func (t Terms) MayPassOn() bool { return t.Redistribution == Yes && t.Derivatives != No }

// Words describes briefly whether textures may be passed on, and under what conditions.
func (t Terms) Words() string {
	switch {
	case t.Redistribution == No || t.Derivatives == No:
		return "no"
	case t.Redistribution == Unknown:
		return "unknown"
	}
	words := []string{"yes"}
	if t.Commercial == No {
		words = append(words, "not for money")
	}
	if t.ShareAlike == Yes {
		words = append(words, "share alike")
	}
	return strings.Join(words, ", ")
}

// Or returns t with its unknown answers taken from u.
func (t Terms) Or(u Terms) Terms {
	return Terms{
		cmp.Or(t.Redistribution, u.Redistribution), cmp.Or(t.Commercial,
			u.Commercial), cmp.Or(t.Derivatives, u.Derivatives),
		cmp.Or(t.ShareAlike, u.ShareAlike), cmp.Or(t.Attribution,
			u.Attribution), cmp.Or(t.LicenceURL, u.LicenceURL),
	}
}

// Both returns the terms for a combination of imagery under t and u: what one of them forbids is
// forbidden, what one of them demands is demanded.
func (t Terms) Both(u Terms) Terms {
	both := Terms{
		Redistribution: allowed(t.Redistribution, u.Redistribution), Commercial: allowed(
			t.Commercial, u.Commercial), Derivatives: allowed(t.Derivatives, u.Derivatives),
		ShareAlike: demanded(t.ShareAlike, u.ShareAlike), Attribution: demanded(t.Attribution,
			u.Attribution),
	}
	if t.LicenceURL == u.LicenceURL {
		both.LicenceURL = t.LicenceURL
	}
	return both
}

func allowed(a, b Answer) Answer {
	if a == No || b == No {
		return No
	}
	return min(a, b) // yes only if both are
}

func demanded(a, b Answer) Answer {
	if a == Yes || b == Yes {
		return Yes
	}
	return min(a, b) // no only if both are
}

var creativeCommons = regexp.MustCompile(`(?i)^CC[ -](BY)(-NC)?(-SA|-ND)? ([1-4]\.\d)$`)

var (
	free = Terms{Redistribution: Yes, Commercial: Yes, Derivatives: Yes, ShareAlike: No,
		Attribution: No}
	byName = Terms{Redistribution: Yes, Commercial: Yes, Derivatives: Yes, ShareAlike: No,
		Attribution: Yes}
)

// Of returns the terms of a licence by its name: "CC BY 4.0" and similar, "CC0", "public domain",
// "DL-DE BY 2.0", "DL-DE Zero 2.0", "Licence Ouverte 2.0". Other licences are unknown.
func Of(licence string) Terms {
	licence = strings.TrimSpace(licence)
	with := func(t Terms, url string) Terms {
		t.LicenceURL = url
		return t
	}
	switch strings.ToLower(licence) {
	case "cc0", "cc0 1.0":
		return with(free, "https://creativecommons.org/publicdomain/zero/1.0/")
	case "public domain":
		return free
	case "dl-de zero 2.0":
		return with(free, "https://www.govdata.de/dl-de/zero-2-0")
	case "dl-de by 2.0":
		return with(byName, "https://www.govdata.de/dl-de/by-2-0")
	case "licence ouverte 2.0":
		return with(byName, "https://www.etalab.gouv.fr/licence-ouverte-open-licence")
	}
	parts := creativeCommons.FindStringSubmatch(licence)
	if parts == nil {
		return Terms{}
	}
	t := with(byName, "https://creativecommons.org/licenses/"+strings.ToLower(
		parts[1]+parts[2]+parts[3])+"/"+parts[4]+"/")
	if parts[2] != "" {
		t.Commercial = No
	}
	switch strings.ToUpper(parts[3]) {
	case "-SA":
		t.ShareAlike = Yes
	case "-ND":
		t.Derivatives = No
	}
	return t
}
