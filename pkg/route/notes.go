package route

import "fmt"

// notes collects what was left out, merged or guessed. The first note of each kind is kept with its
// place; the others are counted.
type notes struct {
	all   []note
	kinds map[string]int // index in all, by format
}

type note struct {
	text string
	more int
}

// add adds a note. Notes with the same format are of one kind: only their arguments differ.
func (n *notes) add(place, format string, args ...any) {
	if i, ok := n.kinds[format]; ok {
		n.all[i].more++
		return
	}
	if n.kinds == nil {
		n.kinds = make(map[string]int)
	}
	n.kinds[format] = len(n.all)
	text := fmt.Sprintf(format, args...)
	if place != "" {
		text = place + ": " + text
	}
	n.all = append(n.all, note{text: text})
}

// texts returns the notes in the order in which they came up.
func (n *notes) texts() []string {
	var texts []string
	for _, one := range n.all {
		if one.more > 0 {
			one.text += fmt.Sprintf(" (and %d more of this kind)", one.more)
		}
		texts = append(texts, one.text)
	}
	return texts
}

// count formats a number of things: "1 point", "2 points".
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// nothing returns the error for a file without what is wanted, and why, if something was left out.
func (n *notes) nothing(what, remedy string) error {
	problem := "the file has no " + what
	if texts := n.texts(); len(texts) > 0 {
		problem += ": " + texts[0]
	}
	return &Error{Problem: problem, Remedy: remedy, Err: ErrNoPoints}
}
