// Package ui is a page in the browser that does what fly does: choose a flight plan and packages,
// see what the flight costs, build it, seal it, fly, and end it.
//
//	s, err := ui.Start(ctx, ui.Options{Fly: fly.Options{…}, Finder: finder, Plans: dir})
//	fmt.Println(s.URL())
//	defer s.Close()
//
// It listens on loopback only. Its address holds a random token, which the page's requests carry;
// requests of other sites and for other host names are refused. It does nothing that the command
// line could not do, with files of the folders that it names only.
package ui

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/xelpack/xelpack/internal/archives"
	"github.com/xelpack/xelpack/internal/doctor"
	"github.com/xelpack/xelpack/internal/fly"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/names"
	"github.com/xelpack/xelpack/internal/observe/httpd"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/internal/xplane"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// Options say what the page begins with.
type Options struct {
	Addr   string      // "": a free port of 127.0.0.1
	Fly    fly.Options // as the command line has them; what the page chooses is put in
	Finder names.Finder
	Plans  string // folder for flight plans that are dropped on the page
	// Address is the file by which a second page finds the first; "": it does not.
	Address string
}

// maxPlan is the size in bytes of the largest flight plan that is taken.
const maxPlan = 32 << 20

// Server is the running page.
type Server struct {
	o      Options
	token  string
	origin string
	http   *httpd.Server

	mu     sync.Mutex
	flight *flight // the last one; nil: none yet
}

// Start starts the page. The caller must Close it. Options that cannot be meant are a usage.Error.
// The error is Running if there is one already.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := o.Fly.Plan.Imagery.Validate(); err != nil {
		return nil, err
	}
	if address, ok := running(ctx, o.Address); ok {
		return nil, Running{address}
	}
	s := &Server{o: o, token: rand.Text()}
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	for path, answer := range map[string]func(*http.Request) (any, error){
		"GET /state":           s.state,
		"POST /cost":           s.cost,
		"POST /plan":           s.upload,
		"POST /fly":            s.fly,
		"POST /end":            s.end,
		"POST /archive/remove": s.remove,
		"POST /doctor":         s.doctor,
	} {
		mux.Handle(path, s.guarded(answer))
	}
	var err error
	s.http, err = httpd.Listen(ctx, httpd.Options{Addr: o.Addr, Acts: mux})
	if err != nil {
		return nil, err
	}
	s.origin = strings.TrimSuffix(s.http.URL(), "/")
	if err := s.tell(); err != nil {
		s.http.Close()
		return nil, err
	}
	return s, nil
}

// URL returns the address of the page, with its token.
func (s *Server) URL() string { return s.http.URL() + "?token=" + s.token }

// Close ends a flight and the page.
func (s *Server) Close() {
	s.mu.Lock()
	f := s.flight
	s.mu.Unlock()
	if f != nil {
		f.stop()
		<-f.done
	}
	s.untell()
	s.http.Close()
}

// page writes the page, to those who know the token.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	if !s.knows(r.URL.Query().Get("token")) {
		http.Error(w, "open the address that xelpack ui printed: it has a token", http.StatusForbidden)
		return
	}
	ground, err := planmap.Map{}.Ground()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	css, js := planmap.Style()+pageCSS, planmap.Script()+pageJS
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	err = planmap.Execute(w, pageHTML, css, js, map[string]any{
		"Heading": "xelpack", "Drawn": "the flight", "Data": template.JS(ground), "Imagery": nil,
		"Policy": planmap.Policy(css, js) + "; connect-src 'self'",
	})
	if err != nil {
		return // the browser has gone
	}
}

func (s *Server) knows(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1
}

// guarded answers requests of the page itself with JSON. An error is a field "error" of it.
func (s *Server) guarded(answer func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		origin := r.Header.Get("Origin")
		if !s.knows(token) || origin != "" && !s.own(origin) {
			http.Error(w, "only for the page of xelpack ui", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxPlan)
		result, err := answer(r)
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			result = map[string]string{"error": words.Of(err)}
		}
		_ = json.NewEncoder(w).Encode(result) // the browser has gone otherwise
	})
}

// own reports whether an origin is the page's, by whichever name of loopback.
func (s *Server) own(origin string) bool {
	u, err := url.Parse(origin)
	o, errOwn := url.Parse(s.origin)
	return err == nil && errOwn == nil && u.Scheme == "http" && httpd.Loopback(u.Hostname()) &&
		u.Port() == o.Port()
}

// state is what can be chosen, and how a flight stands.
type state struct {
	XPlane    string             `json:"xplane"` // folder; "": not found
	Problem   string             `json:"problem,omitempty"`
	Packages  []xplane.Package   `json:"packages"`
	Plans     []string           `json:"plans"` // files
	SimBrief  bool               `json:"simbrief"`
	Providers []provider         `json:"providers"`
	Archives  []archives.Archive `json:"archives"`
	Folder    string             `json:"folder"` // of archives
	Flight    *progress          `json:"flight,omitempty"`
}

type provider struct {
	ID     string `json:"id"`
	Terms  string `json:"terms"`
	Detail string `json:"detail"`
}

func (s *Server) state(r *http.Request) (any, error) {
	ctx := r.Context()
	st := state{Folder: s.o.Fly.Archives, SimBrief: s.o.Finder.SimBriefUser != "",
		Packages: []xplane.Package{}, Plans: []string{}, Archives: []archives.Archive{}}
	if f := s.current(); f != nil {
		st.Flight = f.progress()
	}
	if r.URL.Query().Has("flight") {
		return state{Flight: st.Flight}, nil // asked every second: nothing is looked up for it
	}
	x, err := s.o.Finder.X()
	if err == nil {
		st.XPlane = x.Dir
		st.Packages, err = x.Packages(ctx)
	}
	if err != nil {
		st.Problem = words.Of(err)
	}
	st.Plans = append(st.Plans, s.plans()...)
	known, err := imagery.Catalogue()
	if err != nil {
		return nil, err
	}
	for _, p := range known.Providers() {
		st.Providers = append(st.Providers, provider{p.ID, p.Terms.Words(),
			fmt.Sprintf("ZL%d to %d", p.MinZL, p.MaxZL)})
	}
	list, err := archives.List(ctx, s.o.Fly.Archives)
	st.Archives = append(st.Archives, list...)
	return st, err
}

// plans are the flight plans that can be chosen by a click, the newest first.
func (s *Server) plans() []string {
	dirs := []string{s.o.Plans}
	if x, err := s.o.Finder.X(); err == nil {
		dirs = append(dirs, x.PlansDir())
	}
	home, _ := os.UserHomeDir()
	return xplane.Plans(append(dirs, xplane.NavmapDirs(home)...))
}

func (s *Server) current() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flight
}

// upload keeps a flight plan that was dropped on the page, and returns its file.
func (s *Server) upload(r *http.Request) (any, error) {
	name := filepath.Base(filepath.FromSlash(r.URL.Query().Get("name")))
	if name == "." || name == string(filepath.Separator) || strings.HasPrefix(name, ".") {
		return nil, fmt.Errorf("%q is not the name of a flight plan", name)
	}
	if err := os.MkdirAll(s.o.Plans, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.o.Plans)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	err = safefile.WriteInto(root, name, func(w io.Writer) error {
		_, err := io.Copy(w, r.Body)
		return err
	})
	return map[string]string{"file": filepath.Join(s.o.Plans, name)}, err
}

// remove removes an archive of the folder, by its name.
func (s *Server) remove(r *http.Request) (any, error) {
	var asked struct{ Name string }
	if err := read(r, &asked); err != nil {
		return nil, err
	}
	if f := s.current(); f != nil && f.running() {
		return nil, errUnderWay
	}
	list, err := archives.List(r.Context(), s.o.Fly.Archives)
	if err != nil {
		return nil, err
	}
	a, err := archives.Find(list, asked.Name)
	if err != nil {
		return nil, err
	}
	return struct{}{}, a.Remove()
}

// doctor looks for problems of a flight with the chosen packages.
func (s *Server) doctor(r *http.Request) (any, error) {
	var c choice
	if err := read(r, &c); err != nil {
		return nil, err
	}
	packages, err := s.packages(r.Context(), c.Packages)
	if err != nil {
		return nil, err
	}
	source := s.o.Fly.Plan.Imagery
	source.Provider = c.Provider
	return doctor.Examine(r.Context(), doctor.Options{Scenery: packages, XPlane: s.o.Finder.XPlane,
		Imagery: source}), nil
}

// packages returns the folders of those packages of X-Plane that are named: no others.
func (s *Server) packages(ctx context.Context, named []string) ([]string, error) {
	x, err := s.o.Finder.X()
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, name := range named {
		p, err := x.Package(ctx, name)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, p.Dir)
	}
	if len(dirs) == 0 {
		return nil, errors.New("no scenery package is chosen")
	}
	return dirs, nil
}

// route returns the file of a flight plan: one of those offered, or by a name that is no file.
func (s *Server) route(ctx context.Context, name string, note func(string)) (string, error) {
	if slices.Contains(s.plans(), name) {
		return name, nil
	}
	if name == "" {
		return "", errors.New("no flight plan is chosen")
	}
	if strings.ContainsAny(name, `/\`) {
		return "", fmt.Errorf("%s is not among the flight plans: drop it on the page", name)
	}
	finder := s.o.Finder
	finder.Note = note
	file, err := finder.Route(ctx, name)
	if err == nil && file == name {
		err = fmt.Errorf("%q is not a flight plan's name (want two airports such as LSGG-LFMN, "+
			"simbrief:USER or latest)", name)
	}
	return file, err
}

// read reads a request's JSON.
func read(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return fmt.Errorf("the page's request cannot be read: %w", err)
	}
	return nil
}
