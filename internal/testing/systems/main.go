// Command systems type-checks the packages it is given, with their tests, for systems other than
// this one: no C compiler and no header of theirs is needed for that, since what C declares is taken
// on trust.
//
//	go run ./internal/testing/systems windows/amd64,darwin/arm64 ./...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: systems GOOS/GOARCH[,…] PACKAGE…")
		os.Exit(2)
	}
	code := 0
	for _, system := range strings.Split(os.Args[1], ",") {
		wrong, err := check(system, os.Args[2:])
		if err != nil {
			fmt.Fprintf(os.Stderr, "systems: %s: %v\n", system, err)
			os.Exit(1)
		}
		for _, w := range wrong {
			fmt.Fprintf(os.Stderr, "%s: %s\n", system, w)
			code = 1
		}
	}
	os.Exit(code)
}

// source is what go list says of a package.
type source struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	ImportMap         map[string]string
	Standard, DepOnly bool
	Error             *struct{ Err string }
}

// check returns what is wrong with the packages on a system.
func check(system string, packages []string) (wrong []string, err error) {
	goos, arch, ok := strings.Cut(system, "/")
	if !ok {
		return nil, fmt.Errorf("must be GOOS/GOARCH")
	}
	// Dependencies come before what needs them.
	list := exec.Command("go",
		append([]string{"list", "-e", "-deps", "-test",
			"-json=ImportPath,Dir,GoFiles,CgoFiles,ImportMap,Standard,DepOnly,Error"},
			packages...)...)
	list.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+arch, "CGO_ENABLED=1")
	list.Stderr = os.Stderr
	out, err := list.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := list.Start(); err != nil {
		return nil, err
	}
	c := checker{sizes: types.SizesFor("gc", arch), fset: token.NewFileSet(),
		done: map[string]*types.Package{"unsafe": types.Unsafe}}
	for in := json.NewDecoder(out); ; {
		var s source
		if err := in.Decode(&s); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		c.add(&s)
	}
	return c.wrong, list.Wait()
}

type checker struct {
	sizes types.Sizes
	fset  *token.FileSet
	done  map[string]*types.Package
	wrong []string
}

// add checks a package. Of those that are not asked for, only what they declare is looked at.
func (c *checker) add(s *source) {
	if s.ImportPath == "unsafe" || strings.HasSuffix(s.ImportPath, ".test") {
		return
	}
	say := func(err error) {
		// What C declares has no type here.
		if !s.Standard && !strings.Contains(err.Error(), "invalid type") {
			c.wrong = append(c.wrong, err.Error())
		}
	}
	if s.Error != nil && strings.HasPrefix(s.Error.Err, "build constraints exclude all Go files") {
		return // whoever needs it does not find it
	}
	if s.Error != nil {
		say(errors.New(s.Error.Err))
	}
	var files []*ast.File
	for _, name := range append(s.GoFiles, s.CgoFiles...) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(s.Dir, name)
		}
		f, err := parser.ParseFile(c.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			say(err)
			continue
		}
		files = append(files, f)
	}
	conf := types.Config{
		Importer: importer(func(path string) (*types.Package, error) {
			if mapped, ok := s.ImportMap[path]; ok {
				path = mapped
			}
			if p := c.done[path]; p != nil {
				return p, nil
			}
			return nil, fmt.Errorf("package %s cannot be had", path)
		}),
		Sizes: c.sizes, FakeImportC: true, IgnoreFuncBodies: s.DepOnly, Error: say,
	}
	path, _, _ := strings.Cut(s.ImportPath, " ") // "p [p.test]"
	p, _ := conf.Check(path, c.fset, files, nil)
	c.done[s.ImportPath] = p
}

type importer func(string) (*types.Package, error)

func (i importer) Import(path string) (*types.Package, error) { return i(path) }
