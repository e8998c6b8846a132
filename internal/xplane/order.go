package xplane

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/safefile"
)

// maxOrderBytes bounds scenery_packs.ini: 100,000 packages are about 6 MB.
const maxOrderBytes = 16 << 20

// Pack is one package of scenery_packs.ini.
type Pack struct {
	Path     string // as written, with slashes, without one at its end
	Disabled bool
}

// Name returns the name of the package's folder.
func (p Pack) Name() string { return filepath.Base(p.Path) }

// PackDir returns the folder of p, in or outside Custom Scenery.
func (x Install) PackDir(p Pack) string {
	if filepath.IsAbs(p.Path) {
		return p.Path
	}
	return filepath.Join(x.Dir, p.Path)
}

// OnTop returns what kind of package p is if it has to be above ground imagery to be seen, or "".
func (x Install) OnTop(p Pack) string {
	if strings.HasPrefix(p.Path, "*") {
		return "X-Plane's airports"
	}
	if _, err := os.Stat(filepath.Join(x.PackDir(p), "Earth nav data", "apt.dat")); err == nil {
		return "airport"
	}
	if strings.Contains(strings.ToLower(p.Name()), "overlay") {
		return "overlay"
	}
	return ""
}

// orderLine is a line of scenery_packs.ini, with its ending.
type orderLine struct {
	text string
	pack *Pack // nil: the line does not list a package
}

// Order is the content of scenery_packs.ini: three lines of preamble, then "SCENERY_PACK path/" or
// "SCENERY_PACK_DISABLED path/", topmost first. Other lines are kept as they are.
type Order struct {
	file  string
	text  string // of the file
	lines []orderLine
}

// Order reads scenery_packs.ini.
func (x Install) Order() (*Order, error) {
	f, err := os.Open(x.OrderFile())
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxOrderBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxOrderBytes {
		return nil, fmt.Errorf("%s: larger than %d MiB", x.OrderFile(), maxOrderBytes>>20)
	}
	o := &Order{file: x.OrderFile(), text: string(text)}
	for line := range strings.Lines(o.text) {
		if !strings.HasSuffix(line, "\n") {
			line += o.ending() // it may not stay the last
		}
		o.lines = append(o.lines, parseOrderLine(line))
	}
	if !slices.ContainsFunc(o.lines, func(l orderLine) bool {
		return strings.EqualFold(strings.TrimSpace(l.text), "SCENERY")
	}) {
		return nil, fmt.Errorf("%s: not as X-Plane writes it, without the line SCENERY: rename it "+
			"and start X-Plane once: it writes a new one", o.file)
	}
	return o, nil
}

func parseOrderLine(line string) orderLine {
	word, path, _ := strings.Cut(strings.TrimSpace(line), " ")
	if word != "SCENERY_PACK" && word != "SCENERY_PACK_DISABLED" {
		return orderLine{line, nil}
	}
	path = strings.TrimRight(strings.ReplaceAll(strings.TrimSpace(path), "\\", "/"), "/")
	return orderLine{line, &Pack{path, word == "SCENERY_PACK_DISABLED"}}
}

// Packs returns the packages, topmost first.
func (o *Order) Packs() (packs []Pack) {
	for _, l := range o.lines {
		if l.pack != nil {
			packs = append(packs, *l.pack)
		}
	}
	return packs
}

// Place returns the position of the package of that name among packs, or -1.
func Place(packs []Pack, name string) int {
	return slices.IndexFunc(packs, func(p Pack) bool { return strings.EqualFold(p.Name(), name) })
}

// String returns the text of the file as it is to be.
func (o *Order) String() string {
	var b strings.Builder
	for _, l := range o.lines {
		b.WriteString(l.text)
	}
	return b.String()
}

// ending returns how lines of the file end.
func (o *Order) ending() string {
	if strings.Contains(o.text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// Tidying is what puts scenery_packs.ini in order for some packages.
type Tidying struct {
	Changes []string // what it changes, one line each; none: all is well

	x      Install
	order  *Order
	absent []string // folders to be made
}

// Tidy works out what is missing for the ortho packages of these names: each listed, enabled, below
// airports and overlays, and with a folder in Custom Scenery, without which X-Plane drops its line.
// What has to be seen on top of the packages is moved above the first of them; nothing else moves.
func (x Install) Tidy(names []string) (*Tidying, error) {
	o, err := x.Order()
	if err != nil {
		return nil, x.NoOrder(err)
	}
	t := &Tidying{x: x, order: o}
	for _, name := range names {
		t.list(name)
	}
	t.raise(names)
	return t, nil
}

// NoOrder adds the remedy to an error of Order for a file that X-Plane has not written yet.
func (x Install) NoOrder(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: no scenery_packs.ini yet: start X-Plane once, it writes the file",
			x.Custom())
	}
	return err
}

func (t *Tidying) change(format string, args ...any) {
	t.Changes = append(t.Changes, fmt.Sprintf(format, args...))
}

// list sees to the folder and the line of a package.
func (t *Tidying) list(name string) {
	o := t.order
	at := slices.IndexFunc(o.lines, func(l orderLine) bool {
		return l.pack != nil && strings.EqualFold(l.pack.Name(), name)
	})
	dir := filepath.Join(t.x.Custom(), name)
	if at >= 0 {
		dir = t.x.PackDir(*o.lines[at].pack)
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		t.absent = append(t.absent, dir)
		t.change("make the empty folder %s: X-Plane drops lines of packages it cannot see", dir)
	}
	switch {
	case at < 0:
		line := "SCENERY_PACK Custom Scenery/" + name + "/"
		o.lines = append(o.lines, parseOrderLine(line+o.ending()))
		t.change("add the last line: %s", line)
	case o.lines[at].pack.Disabled:
		l := &o.lines[at]
		l.text = strings.Replace(l.text, "SCENERY_PACK_DISABLED", "SCENERY_PACK", 1)
		l.pack.Disabled = false
		t.change("enable %s", l.pack.Name())
	}
}

// raise moves what has to be above the packages to directly above the first of them.
func (t *Tidying) raise(names []string) {
	o := t.order
	first := slices.IndexFunc(o.lines, func(l orderLine) bool {
		return l.pack != nil && slices.ContainsFunc(names,
			func(name string) bool { return strings.EqualFold(l.pack.Name(), name) })
	})
	if first < 0 {
		return
	}
	var raised, others []orderLine
	ground := o.lines[first].pack.Name()
	for _, l := range o.lines[first:] {
		if what := t.hidden(l); what != "" {
			raised = append(raised, l)
			t.change("move %s (%s) above %s, which hides it", l.pack.Name(), what, ground)
			continue
		}
		others = append(others, l)
	}
	o.lines = slices.Concat(o.lines[:first], raised, others)
}

// hidden returns what kind of package the line is of, if ground imagery above it hides it, or "".
func (t *Tidying) hidden(l orderLine) string {
	if l.pack == nil || l.pack.Disabled {
		return ""
	}
	return t.x.OnTop(*l.pack)
}

// Applied is what Tidying.Apply did.
type Applied struct {
	Backup  string   // copy of scenery_packs.ini as it was; "": the file was not changed
	Text    string   // the file's text now
	Folders []string // folders that were made
}

// Apply makes the changes: folders, a copy of scenery_packs.ini beside it, and the file itself,
// completely or not at all.
func (t *Tidying) Apply(now time.Time) (a Applied, err error) {
	for _, dir := range t.absent {
		if err := os.Mkdir(dir, 0o777); err != nil {
			return a, err
		}
		a.Folders = append(a.Folders, dir)
	}
	if len(t.Changes) == len(t.absent) {
		return a, nil // the file is as it should be
	}
	a.Text = t.order.String()
	// X-Plane, or somebody else, may have written the file since it was read.
	if present, err := os.ReadFile(t.order.file); err != nil || string(present) != t.order.text {
		return a, errors.Join(fmt.Errorf("%s was changed meanwhile: run the same command again",
			t.order.file), err)
	}
	if a.Backup, err = backup(t.order.file, t.order.text, now); err != nil {
		return a, err
	}
	return a, safefile.Write(t.order.file, func(w io.Writer) error {
		_, err := io.WriteString(w, a.Text)
		return err
	})
}

// backup writes a copy of the file under a name of its own beside it.
func backup(file, text string, now time.Time) (name string, err error) {
	base := file + ".before-xelpack-" + now.Format("20060102-150405")
	for n := 1; n < 100; n++ {
		name = base
		if n > 1 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = io.WriteString(f, text)
		return name, errors.Join(err, f.Sync(), f.Close())
	}
	return "", fmt.Errorf("%s: there are copies of this name already", base)
}
