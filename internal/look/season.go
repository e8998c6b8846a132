package look

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Season takes colour out of textures by the day of the year. It is not changed after its first
// use.
type Season struct {
	Day int // of a year of 365 days, from 1
	// Saturation is the share of colour in spring, summer, autumn and winter, or in each month; nil
	// is AutoOrtho's 0.70, 1, 0.80 and 0.55.
	Saturation []float64
	// Snow is how white the brightest ground is in winter, from 0 to 1, from 50° of latitude on; it
	// begins at 35°. It is paint: it knows nothing of weather or heights.
	Snow float64
	// Days returns the first and last days of spring, summer, autumn and winter at a place, or
	// false: then a calendar is used that is turned by half a year in the south, and of which
	// nothing remains at the equator.
	Days func(lat, lon float64) (days [8]int, ok bool)
}

// year is the length of a year in days; February 29 counts as March 1.
const year = 365

var usualSaturation = []float64{0.70, 1, 0.80, 0.55}

// calendar is the default one: AutoOrtho's, ten days round equinoxes and solstices.
var calendar = [8]int{90, 162, 182, 254, 274, 344, 364, 70}

// parseDay reads a date such as 01-15 or 2026-01-15.
func parseDay(s string) (day int, err error) {
	for _, layout := range []string{"01-02", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return dayOf(t), nil
		}
	}
	return 0, fmt.Errorf("%q is not a date (want month and day, such as 01-15)", s)
}

// dayOf returns the day of the year of a time.
func dayOf(t time.Time) int {
	return time.Date(2001, t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).YearDay()
}

// parseSaturation reads four percentages, of spring, summer, autumn and winter, or twelve, of the
// months.
func parseSaturation(s string) ([]float64, error) {
	parts := strings.Split(s, ",")
	shares := make([]float64, len(parts))
	for i, part := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || !(v >= 0 && v <= 100) {
			return nil, fmt.Errorf("saturation %q is not a percentage from 0 to 100", part)
		}
		shares[i] = v / 100
	}
	if len(shares) != 4 && len(shares) != 12 {
		return nil, fmt.Errorf("%d percentages of saturation (want 4, of spring, summer, autumn "+
			"and winter, or 12, of the months)", len(shares))
	}
	return shares, nil
}

// At returns the share of colour and the weight of white at a place.
func (s *Season) At(lat, lon float64) (saturation, white float64) {
	days, found := [8]int{}, false
	if s.Days != nil {
		days, found = s.Days(lat, lon)
		found = found && valid(days)
	}
	day, fade := s.Day, 1.0
	if !found {
		days, fade = calendar, min(1, math.Abs(lat)/30)
		if lat < 0 {
			day = cycle(day + 182)
		}
	}
	weights := weigh(days, day)
	shares := s.Saturation
	if shares == nil {
		shares = usualSaturation
	}
	if len(shares) == 12 {
		saturation = monthly(shares, day)
	} else {
		for i, w := range weights {
			saturation += w * shares[i]
		}
	}
	north := min(max((math.Abs(lat)-35)/15, 0), 1)
	return 1 - fade*(1-saturation), s.Snow * weights[3] * north
}

// cycle counts days round the year, from 0.
func cycle(day int) int { return ((day % year) + year) % year }

// valid reports whether the seasons follow each other and fill one year; rasters of real cells have
// values that do not.
func valid(days [8]int) bool {
	sum := 0
	for i, d := range days {
		sum += cycle(days[(i+1)%8] - d)
	}
	return sum == year
}

// weigh returns the weights of spring, summer, autumn and winter on a day: one alone within its
// days, two in the time between them.
func weigh(days [8]int, day int) (weights [4]float64) {
	for i := range weights {
		start, end, next := days[2*i], days[2*i+1], days[(2*i+2)%8]
		if cycle(day-start) < cycle(end-start) {
			weights[i] = 1
			return weights
		}
		if gap := cycle(next - end); cycle(day-end) < gap {
			share := float64(cycle(day-end)) / float64(gap)
			weights[i] = 1 - share
			weights[(i+1)%4] += share
			return weights
		}
	}
	return [4]float64{1: 1}
}

// monthly follows a curve through the middles of twelve months.
func monthly(shares []float64, day int) float64 {
	const month = float64(year) / 12
	at := float64(cycle(day-1))/month + 12 - 0.5 // months since the middle of a January
	i := int(at)
	share := at - float64(i)
	return (1-share)*shares[i%12] + share*shares[(i+1)%12]
}

// String names the season.
func (s *Season) String() string {
	name := "season " + time.Date(2001, 1, s.Day, 0, 0, 0, 0, time.UTC).Format("01-02")
	if s.Saturation != nil && !slices.Equal(s.Saturation, usualSaturation) {
		name += fmt.Sprint(" saturation ", s.Saturation)
	}
	if s.Snow > 0 {
		name += fmt.Sprintf(" snow %g", s.Snow)
	}
	if s.Days != nil {
		name += " of X-Plane's rasters"
	}
	return name
}
