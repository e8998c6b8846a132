package terms

import (
	"errors"
	"strings"
	"time"
)

// Days are the first and the last on which pictures were taken, as 2006-01-02; the zero value is
// unknown.
type Days struct {
	Oldest string `json:"oldest"`
	Newest string `json:"newest"`
}

// String returns what ParseDays reads: "2019-05-01/2020-06-30", or "" if they are unknown.
func (d Days) String() string {
	if d == (Days{}) {
		return ""
	}
	return d.Oldest + "/" + d.Newest
}

// Words says them to people.
func (d Days) Words() string {
	if d.Oldest == d.Newest {
		return d.Oldest
	}
	return d.Oldest + " to " + d.Newest
}

// ParseDays reads days that are known.
func ParseDays(text string) (Days, error) {
	var d Days
	d.Oldest, d.Newest, _ = strings.Cut(text, "/")
	for _, day := range [...]string{d.Oldest, d.Newest} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return Days{}, errors.New("want two days such as 2019-05-01/2020-06-30")
		}
	}
	if d.Newest < d.Oldest {
		return Days{}, errors.New("the last day comes before the first")
	}
	return d, nil
}

// And returns the days of both.
func (d Days) And(e Days) Days {
	switch {
	case d == Days{}:
		return e
	case e == Days{}:
		return d
	}
	return Days{min(d.Oldest, e.Oldest), max(d.Newest, e.Newest)}
}
