package progress

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/term"
)

// point is how far the work is, with facts about it, the most important first.
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

// words are the facts that have room in so many columns, the share that is done before them.
func (p point) words(columns int, elapsed time.Duration) string {
	text := strings.TrimSpace(fmt.Sprintf("%s %.0f%%", p.what, 100*p.share()))
	facts := p.facts
	if left := timeLeft(p.share(), elapsed); left != "" {
		facts = append([]string{left}, facts...)
	}
	for _, fact := range facts {
		if len(text)+len(", ")+len(fact) > columns {
			break
		}
		text += ", " + fact
	}
	return text
}

// Widths of the bar that stands before the words, if there is room for one.
const (
	leastBar = 10
	mostBar  = 30
)

// render is the line for a terminal of so many columns, which it leaves the last of: some terminals
// begin a new line there.
func (p point) render(columns int, elapsed time.Duration) string {
	columns--
	text := p.words(columns, elapsed)
	width := min(mostBar, columns-len(text)-len("[] "))
	if width < leastBar {
		return text
	}
	filled := int(p.share() * float64(width))
	return "[" + strings.Repeat("#", filled) + strings.Repeat(".", width-filled) + "] " + text
}

// timeLeft says for how long it goes on as it did; nothing while that is a guess.
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

// columns is the width of a terminal.
func columns(fd uintptr) int {
	if width, _, err := term.GetSize(int(fd)); err == nil && width > 0 {
		return width
	}
	return 80
}
