// Package server gives out the archives of a folder over HTTP, read-only and in ranges, with their
// catalogue and page: for a house with several computers.
//
//	s, err := server.Start(ctx, server.Options{Dir: dir, Addr: "127.0.0.1:8088"})
//	defer s.Close()
//
// # What is served
//
// The page at /, catalogue.json, every finished archive that lies in the folder itself, /metrics
// and /healthz. Nothing else: no hidden file, no other kind of file, nothing that a link outside
// the folder leads to. A catalogue and a page that were published in the folder are used as long as
// they describe what is there.
//
// # Security
//
// See package httpd: loopback only, unless a token is given; the token is never logged.
package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/observe/httpd"
	"github.com/xelpack/xelpack/internal/share/catalogue"
)

// Options are the settings of a Server.
type Options struct {
	Dir         string
	Addr        string // host:port; an empty host is 127.0.0.1
	Token       string // needed by every request; must be given unless Addr is loopback
	Rate        int64  // bytes a second for all together; 0: no limit
	Connections int    // at once; 0: DefaultConnections
	Note        func(string)
}

// DefaultConnections is the meaning of Options.Connections 0.
const DefaultConnections = 512

// Server is a running server.
type Server struct {
	*httpd.Server
	root *os.Root
}

// Start starts a Server, which the caller must Close.
func Start(ctx context.Context, o Options) (*Server, error) {
	if info, err := os.Stat(o.Dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: want a folder with archives", o.Dir)
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Connections = cmp.Or(o.Connections, DefaultConnections)
	m := newMeter(o.Rate)
	h := &handler{root: root, listing: newListing(ctx, root, o), meter: m}
	if _, err := h.listing.now(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	server, err := httpd.Listen(ctx, httpd.Options{Addr: o.Addr, AllowRemote: o.Token != "",
		Token: o.Token, Connections: o.Connections, Metrics: m.handler(), Status: h})
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Server{server, root}, nil
}

// Close ends the server and waits for it.
func (s *Server) Close() {
	s.Server.Close()
	_ = s.root.Close() // read-only
}

type handler struct {
	root    *os.Root
	listing *listing
	meter   *meter
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	metered := h.meter.begin(w, r)
	defer metered.end()
	switch {
	case name == "" || name == catalogue.Page || name == catalogue.File:
		h.describe(metered, r, name)
	case catalogue.CheckName(name) == nil:
		h.archive(metered, r, name)
	default:
		http.NotFound(metered, r)
	}
}

// describe serves the catalogue or the page.
func (h *handler) describe(w http.ResponseWriter, r *http.Request, name string) {
	list, err := h.listing.now()
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	text, kind := list.page, "text/html; charset=utf-8"
	if name == catalogue.File {
		text, kind = list.catalogue, "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", etag(text))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// archive serves an archive or ranges of it.
func (h *handler) archive(w http.ResponseWriter, r *http.Request, name string) {
	f, err := h.root.Open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil || !h.listing.has(name, info) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	w.Header().Set("Cache-Control", "no-cache") // may be kept, but must be asked about
	w.Header().Set("ETag", fileTag(info))
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// fileTag returns a strong ETag: a file that was written again has another one.
func fileTag(info fs.FileInfo) string {
	return fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size())
}
