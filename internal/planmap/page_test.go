package planmap

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func page(t *testing.T, m Map) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// parsed returns the page's elements by name, as a browser would see them.
func parsed(t *testing.T, page []byte) map[string][]*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	elements := map[string][]*html.Node{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			elements[n.Data] = append(elements[n.Data], n)
		}
	}
	return elements
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func dataOf(t *testing.T, elements map[string][]*html.Node) pageData {
	t.Helper()
	var data pageData
	if err := json.Unmarshal([]byte(textOf(elements["script"][0])), &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// What the page draws is what was planned, texture by texture.
func TestPageHoldsThePlan(t *testing.T) {
	for name, plan := range plans {
		t.Run(name, func(t *testing.T) {
			m := plan(t)
			written := page(t, m)
			data := dataOf(t, parsed(t, written))
			if diff := cmp.Diff(tiles.Counts(m.Items), data.Counts); diff != "" {
				t.Errorf("counts: -plan +page:\n%s", diff)
			}
			var got []tiles.Item
			for _, c := range data.Classes {
				for i := 0; i < len(c.Runs); i += 3 {
					for n := range c.Runs[i+2] {
						tex := tiles.Texture{Row: c.Runs[i] * 16, Col: (c.Runs[i+1] + n) * 16,
							ZL: c.ZL, Maptype: c.Maptype}
						got = append(got, tiles.Item{Texture: tex, Detail: c.Detail})
					}
				}
			}
			byTexture := func(a, b tiles.Item) int { return a.Compare(b.Texture) }
			if !slices.Equal(slices.SortedFunc(slices.Values(m.Items), byTexture),
				slices.SortedFunc(slices.Values(got), byTexture)) {
				t.Errorf("the page holds %d textures, not the %d of the plan", len(got),
					len(m.Items))
			}
			if len(data.Cells) != 2*len(m.Cells) || name == "worked" && len(m.Cells) != 120 {
				t.Errorf("%d cells are drawn, want %d", len(data.Cells)/2, len(m.Cells))
			}
			if len(data.Routes) != len(m.Routes) {
				t.Errorf("%d routes are drawn, want %d", len(data.Routes), len(m.Routes))
			}
			if len(written) > 1<<20 {
				t.Errorf("%d textures make a page of %d bytes", len(m.Items), len(written))
			}
		})
	}
}

func TestPageShowsTotals(t *testing.T) {
	elements := parsed(t, page(t, worked(t)))
	var cells []string
	for _, td := range elements["td"] {
		cells = append(cells, textOf(td))
	}
	all := strings.Join(cells, " ")
	for _, want := range []string{"22,442", "149,504", "18,236", "4096", "256"} {
		if !strings.Contains(all, want) {
			t.Errorf("the tables lack %s: %s", want, all)
		}
	}
	if got := textOf(elements["h1"][0]); got != "worked" {
		t.Errorf("the heading is %q", got)
	}
}

// Names are text, never markup, whatever is in them.
func TestPageEscapes(t *testing.T) {
	elements := parsed(t, page(t, mixed(t)))
	if n := len(elements["script"]); n != 2 {
		t.Errorf("%d scripts, want the data and the page's own", n)
	}
	if elements["b"] != nil {
		t.Error("a maptype became an element")
	}
	if got := textOf(elements["h1"][0]); got != hostile {
		t.Errorf("the heading is %q, want %q", got, hostile)
	}
	if got := textOf(elements["title"][0]); !strings.HasPrefix(got, hostile) {
		t.Errorf("the title is %q", got)
	}
	maptypes := map[string]bool{}
	for _, c := range dataOf(t, elements).Classes {
		maptypes[c.Maptype] = true
	}
	if !maptypes[`<b>"'&`] {
		t.Errorf("the maptype came back as %v", maptypes)
	}
}

// The page asks for nothing, and runs no style and no script but its own.
func TestPageIsSelfContained(t *testing.T) {
	written := page(t, worked(t))
	elements := parsed(t, written)
	for name, nodes := range elements {
		for _, n := range nodes {
			for _, a := range n.Attr {
				switch {
				case (a.Key == "src" || a.Key == "href") && !strings.HasPrefix(a.Val, "data:"):
					t.Errorf("<%s %s=%q>", name, a.Key, a.Val)
				case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
					t.Errorf("<%s %s>: the policy does not allow it", name, a.Key)
				}
			}
		}
	}
	if found := regexp.MustCompile(
		`https?://|@import|url\(|fetch\(|XMLHttpRequest|import\(|innerHTML`).Find(
		written); found != nil {
		t.Errorf("the page holds %q", found)
	}
	policy := attribute(elements["meta"][1], "content")
	for _, want := range []string{"default-src 'none'", digest(textOf(elements["style"][0])),
		digest(textOf(elements["script"][1]))} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q lacks %s", policy, want)
		}
	}
}

func TestPageIsAccessible(t *testing.T) {
	elements := parsed(t, page(t, worked(t)))
	if lang := attribute(elements["html"][0], "lang"); lang != "en" {
		t.Errorf("the language is %q", lang)
	}
	canvas := elements["canvas"][0]
	if attribute(canvas, "tabindex") != "0" || attribute(canvas, "aria-label") == "" {
		t.Error("the map cannot be reached by the keyboard or has no name")
	}
	for _, button := range elements["button"] {
		if attribute(button, "aria-label") == "" {
			t.Errorf("button %q has no name", textOf(button))
		}
	}
	if len(elements["caption"]) != len(elements["table"]) {
		t.Error("a table has no caption")
	}
	for _, th := range elements["th"] {
		if attribute(th, "scope") == "" {
			t.Errorf("heading %q has no scope", textOf(th))
		}
	}
}

// What crosses the antimeridian is shown in one piece: the view is as narrow as the plan.
func TestPageView(t *testing.T) {
	tests := []struct {
		name       string
		west, wide float64 // degrees
	}{
		{"antimeridian", 176.8, 12},
		{"worked", -4, 20},
		{"one texture", 7.1, 0.09},
		{"whole world", -180, 360},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			view := dataOf(t, parsed(t, page(t, plans[test.name](t)))).View
			west, wide := view[0]*360-180, (view[2]-view[0])*360
			if math.Abs(west-test.west) > 0.4 || math.Abs(wide-test.wide) > 0.4 {
				t.Errorf("the view starts at %.2f° and is %.2f° wide, want %v° and %v°", west, wide,
					test.west, test.wide)
			}
			if !(view[1] >= 0 && view[1] < view[3] && view[3] <= 1) {
				t.Errorf("north %v, south %v", view[1], view[3])
			}
		})
	}
}

// Without anything to draw there is still a page.
func TestEmptyPage(t *testing.T) {
	data := dataOf(t, parsed(t, page(t, Map{Title: "nothing"})))
	if data.Routes == nil || data.Stops == nil || data.Area == nil || data.Cells == nil ||
		data.Classes == nil {
		t.Errorf("lists are null: %+v", data)
	}
	if data.View != [4]float64{0, 0, 1, 1} {
		t.Errorf("the view is %v, want the world", data.View)
	}
}
