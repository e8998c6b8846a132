package status

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/planmap"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// Handler serves the page at /, its figures at /status.json, its textures at /textures and changes
// at /events.
func (b *Board) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.servePage)
	mux.HandleFunc("GET /status.json",
		func(w http.ResponseWriter, _ *http.Request) { serveJSON(w, b.Snapshot()) })
	mux.HandleFunc("GET /textures", b.serveTextures)
	mux.HandleFunc("GET /events", b.serveEvents)
	return mux
}

func serveJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}

// legendRow is a line of the page's legend.
type legendRow struct {
	State int
	Label string
	Light string
	Dark  string
}

func (b *Board) servePage(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	ground := b.ground
	b.mu.Unlock()
	data, err := ground.Ground()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	css := strings.Builder{}
	css.WriteString(planmap.Style())
	css.WriteString(pageCSS)
	var rows []legendRow
	for i, l := range legend {
		rows = append(rows, legendRow{i, l.Label, l.Light, l.Dark})
		css.WriteString(planmap.SwatchStyle(fmt.Sprint("s", i), l.Light, l.Dark))
	}
	script := planmap.Script() + pageJS
	heading := "xelpack " + b.o.What
	if ground.Title != "" {
		heading += ": " + ground.Title
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		planmap.Policy(css.String(), script)+"; connect-src 'self'")
	_ = planmap.Execute(w, pageHTML, css.String(), script, map[string]any{ // the client may be gone
		"What": b.o.What, "Title": ground.Title, "Heading": heading, "Policy": "",
		"Drawn":  "the textures by what has become of them",
		"Legend": rows, "Routes": len(ground.Routes) > 0, "Area": len(ground.Area) > 0,
		"Cells": len(ground.Cells) > 0, "Data": template.JS(data),
	})
}

// serveTextures serves every drawn texture and the curves so far. A page asks for it once, after it
// has subscribed to the events.
func (b *Board) serveTextures(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	list, maptypes := b.describe(0), append([]string{}, b.maptypes...)
	b.mu.Unlock()
	serveJSON(w, struct {
		Maptypes []string `json:"maptypes"`
		Textures []int32  `json:"textures"`
		History  []Sample `json:"history"`
		Now      Snapshot `json:"now"`
	}{maptypes, list, b.windows.all(), b.Snapshot()})
}

// quiet is how long a page may be silent before the connection counts as dead.
const quiet = 15 * time.Second

func (b *Board) serveEvents(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(text string) bool {
		_ = control.SetWriteDeadline(time.Now().Add(quiet)) // not every ResponseWriter has one
		_, err := fmt.Fprint(w, text)
		return err == nil && control.Flush() == nil
	}
	events := b.feed.join()
	defer b.feed.leave(events)
	if !send("retry: 1000\n\n") {
		return
	}
	for {
		select {
		case message, ok := <-events:
			if !ok {
				send("event: end\ndata: {}\n\n")
				return
			}
			if !send("data: " + string(message) + "\n\n") {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}
