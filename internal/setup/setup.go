// Package setup remembers, once, what every flight needs: where X-Plane is, which of its ortho
// packages are used, whose plans SimBrief has, and where archives live; and it puts the order of
// scenery right. All of it can be undone.
//
//	p, err := setup.Make(ctx, setup.Options{Config: file, SimBrief: "simmer"})
//	for _, c := range p.Changes { … c.What … }
//	err = p.Apply(ctx, confirm)
//	said, err := setup.Undo(file)
package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/xplane"
)

// Options say what is known. What is empty is looked for, or left.
type Options struct {
	Config   string   // the user's config.toml
	Home     string   // of the user
	XPlane   string   // folder; "": where its installer noted it
	Scenery  []string // names of packages, or their folders; none: every flight uses all
	SimBrief string   // user name or pilot ID
	Archives string   // folder
	Now      time.Time

	DryRun bool // Run only says what it would do
	Undo   bool // Run restores what was changed
}

// Plan is what setup found, and what it would change.
type Plan struct {
	Found   []string // one line each
	Changes []Change

	config string
}

// Change is one change that can be agreed to.
type Change struct {
	What string
	do   func(*record) error
}

// Make finds out what is to be changed. It changes nothing.
func Make(ctx context.Context, o Options) (*Plan, error) {
	c, err := readConfig(o.Config)
	if err != nil {
		return nil, err
	}
	if _, err := c.values(); err != nil {
		return nil, usage.Errorf("%w", err)
	}
	x, err := xplane.Find(o.XPlane, o.Home)
	if err != nil {
		return nil, err
	}
	if x.Dir, err = filepath.Abs(x.Dir); err != nil {
		return nil, err
	}
	p := &Plan{config: o.Config}
	p.found("X-Plane: %s", x.Dir)
	names, err := p.packages(ctx, x, o.Scenery)
	if err != nil {
		return nil, err
	}
	type key struct {
		name  string
		value any
	}
	keys := []key{{"xplane", x.Dir}}
	if len(o.Scenery) > 0 {
		keys = append(keys, key{"scenery", names})
	}
	if o.SimBrief != "" {
		keys = append(keys, key{"simbrief", o.SimBrief})
	}
	if o.Archives != "" {
		dir, err := filepath.Abs(o.Archives)
		if err != nil {
			return nil, err
		}
		p.folder(dir)
		keys = append(keys, key{"archives", dir})
	}
	for _, k := range keys {
		if err := p.remember(c, k.name, k.value); err != nil {
			return nil, err
		}
	}
	return p, p.order(x, names, o.Now)
}

// WriteText writes what was found and, if they are not going to be asked for, the changes.
func (p *Plan) WriteText(w io.Writer, changes bool) {
	for _, text := range p.Found {
		fmt.Fprintln(w, text)
	}
	if len(p.Changes) == 0 {
		fmt.Fprintln(w, "everything is set up")
	}
	for _, c := range p.Changes {
		if changes {
			fmt.Fprintln(w, "would "+c.What)
		}
	}
}

func (p *Plan) found(format string, args ...any) {
	p.Found = append(p.Found, fmt.Sprintf(format, args...))
}

// packages returns the names of the packages that are given or, without any, of all ortho packages
// that are not disabled.
func (p *Plan) packages(ctx context.Context, x xplane.Install, given []string) (names []string, err error) {
	if len(given) > 0 {
		for _, name := range given {
			one, err := x.Package(ctx, filepath.Base(name))
			if err != nil {
				return nil, err
			}
			names = append(names, one.Name)
		}
		p.found("packages for every flight: %s", strings.Join(names, ", "))
		return names, nil
	}
	all, err := x.Packages(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if !one.Disabled {
			names = append(names, one.Name)
		}
	}
	if len(names) == 0 {
		p.found("no ortho package in %s: install one (AutoOrtho, XEarthLayer or Ortho4XP make them), "+
			"then run setup again", x.Custom())
		return nil, nil
	}
	p.found("ortho packages: %s; a flight uses all of them, or those that --scenery names",
		strings.Join(names, ", "))
	return names, nil
}

// remember plans a line of the configuration.
func (p *Plan) remember(c config, key string, value any) error {
	line, err := keyLine(key, value)
	if err != nil {
		return err
	}
	before := c.line(key)
	if before == line {
		return nil
	}
	if _, err := c.with(key, line); err != nil {
		return err
	}
	what := fmt.Sprintf("remember in %s: %s", c.file, line)
	if before != "" {
		what += " (it was: " + before + ")"
	}
	p.Changes = append(p.Changes, Change{what, func(r *record) error {
		c, err := readConfig(c.file) // with what was agreed to before
		if err != nil {
			return err
		}
		if c, err = c.with(key, line); err != nil {
			return err
		}
		r.key(key, before, line)
		return errors.Join(r.write(), c.write())
	}})
	return nil
}

// folder plans the folder of archives.
func (p *Plan) folder(dir string) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	p.Changes = append(p.Changes, Change{"make the folder " + dir + " for archives",
		func(r *record) error {
			return errors.Join(r.makeFolder(dir), r.write())
		}})
}

// order plans the order of scenery.
func (p *Plan) order(x xplane.Install, names []string, now time.Time) error {
	if len(names) == 0 {
		return nil
	}
	if _, err := x.Order(); errors.Is(err, fs.ErrNotExist) {
		p.found("%v", x.NoOrder(err))
		return nil
	}
	t, err := x.Tidy(names)
	if err != nil {
		return err
	}
	if len(t.Changes) == 0 {
		p.found("order of scenery: ortho packages are below airports and overlays")
		return nil
	}
	what := "put " + x.OrderFile() + " in order (a copy is kept beside it): " +
		strings.Join(t.Changes, "; ")
	p.Changes = append(p.Changes, Change{what, func(r *record) error {
		applied, err := t.Apply(now)
		r.Folders = append(r.Folders, applied.Folders...)
		if err == nil && applied.Backup != "" {
			r.Orders = append(r.Orders, orderRecord{x.OrderFile(), applied.Backup, sumOf(applied.Text)})
		}
		return errors.Join(err, r.write())
	}})
	return nil
}

// Apply makes each change that confirm agrees to, and returns how many. What was changed is noted
// for Undo.
func (p *Plan) Apply(ctx context.Context,
	confirm func(ctx context.Context, question string) (bool, error)) (done int, err error) {
	r, err := readRecord(p.config)
	if err != nil {
		return 0, err
	}
	for _, c := range p.Changes {
		yes, err := confirm(ctx, c.What+"?")
		if err != nil {
			return done, err
		}
		if !yes {
			continue
		}
		if err := c.do(r); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}
