package progress

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// point is the state of progress, with facts, the most important first.
type point struct {
	what        string // is being done; may be empty
	done, total int64
	facts       []string
}

// share is the part that is done, from 0 to 1.
func (p point) share() float64 {
	if p.total <= 0 {
		return 0
	}
	return min(1, float64(p.done)/float64(p.total))
}

// text is what fits into the given columns: the current step, the time left, and the facts.
func (p point) text(columns int, elapsed time.Duration) string {
	text := p.what
	facts := p.facts
	if left := timeLeft(p.share(), elapsed); left != "" {
		facts = append([]string{left}, facts...)
	}
	for _, fact := range facts {
		if text != "" {
			fact = ", " + fact
		}
		if len(text)+len(fact) > columns {
			break
		}
		text += fact
	}
	return text
}

// words is the text in the given columns, after the share done.
func (p point) words(columns int, elapsed time.Duration) string {
	share := fmt.Sprintf("%.0f%%", 100*p.share())
	if text := p.text(columns-len(share)-len(", "), elapsed); text != "" {
		return share + ", " + text
	}
	return share
}

// Widths of the bar before the text, if there is room for one, and of the library's additions: the
// share, brackets and blanks.
const (
	leastBar = 5
	mostBar  = 30
	around   = len(" 100% []  ")
)

// render returns the line for a terminal of the given columns. It leaves the last column free: some
// terminals begin a new line there. The library draws the bar and is told its width, because it
// does not notice that a terminal became narrower.
func (p point) render(columns int, elapsed time.Duration) string {
	columns--
	text := p.text(columns-around-leastBar, elapsed)
	width := min(mostBar, columns-around-len(text))
	if width < leastBar || text == "" { // the text matters more than the bar
		return p.words(columns, elapsed)
	}
	const steps = 1000
	bar := progressbar.NewOptions64(steps, progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetTheme(progressbar.ThemeASCII), progressbar.OptionSetPredictTime(
			false), progressbar.OptionSetElapsedTime(false),
		progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetDescription(text))
	_ = bar.Set64(int64(p.share() * steps)) // the output is discarded
	return strings.TrimSpace(bar.String())
}

// timeLeft estimates the time left at the rate so far; it returns nothing while that would be a
// guess.
func timeLeft(share float64, elapsed time.Duration) string {
	if share <= 0 || share >= 1 || elapsed < time.Second {
		return ""
	}
	left := time.Duration(float64(elapsed) * (1 - share) / share)
	switch {
	case left >= 100*time.Hour:
		return ""
	case left >= time.Hour:
		return strings.TrimSuffix(left.Round(time.Minute).String(), "0s") + " left"
	}
	return left.Round(time.Second).String() + " left"
}

// columns returns the width of a terminal.
func columns(fd uintptr) int {
	if width, _, err := term.GetSize(int(fd)); err == nil && width > 0 {
		return width
	}
	return 80
}
