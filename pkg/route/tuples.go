package route

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
)

// tupleList is the content of a <coordinates> element: longitude, latitude and, if there is a third
// part, altitude of each point.
type tupleList struct {
	list  [][]string
	plain bool // written in KML's form: blanks between points, commas in them
}

// longestHop is how many degrees a leg may span if the points were split by counting numbers.
const longestHop = 30

// tuples reads the text of a <coordinates> element. Text that is not in KML's form is read if there
// is only one way to read it; otherwise the error names the first point that is not in KML's form.
func tuples(text string) (tupleList, error) {
	list, errPlain := byBlanks(text, false)
	if errPlain == nil && !strings.Contains(text, ".") && decimalCommas(list) {
		return tupleList{}, malformed("write decimal points, and 7.0 for whole degrees",
			"it is not certain whether the commas are decimal commas: %s",
			excerpt(strings.TrimSpace(text)))
	}
	if errPlain == nil {
		return tupleList{list, true}, nil
	}
	if errors.Is(errPlain, ErrTooLarge) {
		return tupleList{}, errPlain
	}
	semicolons := strings.ContainsAny(text, ";|")
	if semicolons && strings.Contains(text, ",") && !strings.Contains(text, ".") {
		return tupleList{}, errPlain // commas may be decimal commas
	}
	if list := byRows(text); list != nil {
		return tupleList{list: list}, nil
	}
	if semicolons {
		mark := " "
		if !strings.Contains(text, ",") {
			mark = ","
		}
		text = strings.NewReplacer(";", mark, "|", mark).Replace(text)
	}
	if list, err := byBlanks(text, true); err == nil {
		return tupleList{list: list}, nil
	}
	if list := byCount(text); list != nil {
		return tupleList{list: list}, nil
	}
	return tupleList{}, errPlain
}

// decimalCommas reports whether points of whole degrees rather are single numbers with decimal
// commas: as such they make a flight, and as points a leap.
func decimalCommas(list [][]string) bool {
	var whole, decimal []string
	for _, parts := range list {
		if len(parts) != 2 {
			return false
		}
		whole, decimal = append(whole, parts...), append(decimal, parts[0]+"."+parts[1])
	}
	return inGroups(whole, 2, longestHop) == nil && inGroups(decimal, 2, longestHop) != nil
}

// byBlanks splits points at blanks. If loose, commas at the ends of a point are ignored.
func byBlanks(text string, loose bool) ([][]string, error) {
	var list [][]string
	for field := range strings.FieldsSeq(text) {
		if len(list) == maxPoints {
			return nil, tooManyPoints()
		}
		if loose {
			if field = strings.Trim(field, ","); field == "" {
				continue
			}
		}
		parts := strings.SplitN(field, ",", 5)
		if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || parts[1] == "" ||
			strings.ContainsAny(field, ";|") {
			return nil, within(fmt.Sprintf("point %d", len(list)+1),
				malformed("KML writes longitude,latitude,altitude without blanks, and a blank "+
					"between points",
					"%q is not a point, and it is not certain how the numbers belong together",
					excerpt(field)))
		}
		list = append(list, parts)
	}
	return list, nil
}

// byRows splits points at line ends or semicolons. It returns nil unless every row has two or three
// numbers, separated by commas or by blanks only.
func byRows(text string) [][]string {
	separator := "\n"
	if strings.ContainsAny(text, ";|") {
		separator = ";"
		text = strings.ReplaceAll(text, "|", ";")
	}
	var list [][]string
	for row := range strings.SplitSeq(text, separator) {
		row = strings.Trim(strings.TrimSpace(row), ",")
		if row == "" {
			continue
		}
		split := strings.Fields(row)
		if strings.Contains(row, ",") {
			split = strings.SplitN(row, ",", 5)
		}
		if len(split) < 2 || len(split) > 3 || len(list) == maxPoints {
			return nil
		}
		for i, part := range split {
			if split[i] = strings.TrimSpace(part); split[i] == "" ||
				strings.ContainsAny(split[i], " \t") {
				return nil
			}
		}
		list = append(list, split)
	}
	return list
}

var (
	aroundComma = regexp.MustCompile(`[\s\p{Z}]*,[\s\p{Z}]*`)
	blanks      = regexp.MustCompile(`[\s\p{Z}]+`)
)

// byCount joins numbers across commas, whether or not there are blanks, and splits points by
// counting in threes or twos. It returns nil if that is not certain.
func byCount(text string) [][]string {
	text = aroundComma.ReplaceAllString(strings.TrimSpace(text), ",")
	if !strings.Contains(text, ",") {
		text = blanks.ReplaceAllString(text, ",")
	}
	var list [][]string
	for field := range strings.FieldsSeq(text) {
		if strings.Count(field, ",") > 3*maxPoints {
			return nil
		}
		groups := grouped(strings.Split(field, ","))
		if groups == nil || len(list)+len(groups) > maxPoints {
			return nil
		}
		list = append(list, groups...)
	}
	return list
}

// grouped groups numbers in threes or twos, if only one of these gives a plausible flight.
func grouped(parts []string) [][]string {
	if len(parts) > 1 && parts[0] == "" {
		parts = parts[1:]
	}
	if n := len(parts); n > 1 && n%3 != 0 && parts[n-1] == "" {
		parts = parts[:n-1]
	}
	if n := len(parts); (n == 2 || n == 3) && parts[0] != "" && parts[1] != "" {
		return [][]string{parts}
	}
	if len(parts)%3 == 0 && altitudesOnly(parts) {
		return inGroups(parts, 3, 360)
	}
	threes, twos := inGroups(parts, 3, longestHop), inGroups(parts, 2, longestHop)
	if threes != nil && twos != nil {
		return nil
	}
	if threes != nil {
		return threes
	}
	return twos
}

// altitudesOnly reports whether every third number can only be an altitude: it is missing, 0 like
// all the others, or not a valid longitude.
func altitudesOnly(parts []string) bool {
	for i := 2; i < len(parts); i += 3 {
		v, err := coordinate("", parts[i])
		if parts[i] != "" && (err != nil || v != 0 && math.Abs(v) <= 180) {
			return false
		}
	}
	return true
}

// inGroups returns parts in groups of size; nil if they give no plausible flight, or one with legs
// of more than hop degrees.
func inGroups(parts []string, size int, hop float64) [][]string {
	if len(parts)%size != 0 {
		return nil
	}
	var groups [][]string
	var n notes
	var before Point
	for i := 0; i < len(parts); i += size {
		group := parts[i : i+size]
		p, err := degrees("", group[0], "", group[1])
		if err != nil {
			return nil
		}
		if size == 3 {
			n.metres(&p, group[2], func() string { return "" })
		}
		leg := max(math.Abs(wrapped(p.Lon()-before.Lon())), math.Abs(p.Lat()-before.Lat()))
		if len(n.all) > 0 || i > 0 && leg > hop {
			return nil
		}
		groups, before = append(groups, group), p
	}
	return groups
}
