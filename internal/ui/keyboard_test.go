package ui

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/chromium"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
)

// TestKeyboard flies a flight with nothing but a keyboard, and a screen reader is told what
// everything is. The tab takes less than 100 MB.
func TestKeyboard(t *testing.T) {
	mounttest.NeedFUSE(t)
	if testing.Short() {
		t.Skip("starts a browser: not with -short")
	}
	s, _ := started(t)
	page := chromium.Drive(t, false)
	page.Visit(s.URL())
	page.Await("a cost", `return Number(document.documentElement.dataset.ready) > 0`)
	for _, spoken := range page.Spoken(`button, input, select, summary, a, canvas, [tabindex], [role]`) {
		if role, name, _ := strings.Cut(spoken, " "); role == "" || role == "generic" || role == "none" || name == "" && role != "status" && role != "alert" {
			t.Errorf("a screen reader says %q", spoken)
		}
	}
	focus := func(id string) {
		t.Helper()
		for range 60 {
			page.Press(chromium.Tab)
			var at string
			if page.Run(&at, `return document.activeElement.id`); at == id {
				return
			}
		}
		t.Fatalf("no tab leads to %s", id)
	}
	focus("provider")
	page.Press("sample")
	page.Await("its cost", `return document.getElementById("provider").value === "sample" && !document.getElementById("go").disabled`)
	focus("go")
	page.Press(chromium.Enter)
	page.Await("the flight", `return document.documentElement.dataset.phase === "flying" && !document.getElementById("watch").hidden`)
	var link string
	page.Run(&link, `return document.querySelector("#watch a").href`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link+"status.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	status, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil || !bytes.Contains(status, []byte(`"what":"mount"`)) {
		t.Errorf("%s is not the mount's status page: %v: %.300s", link, err, status)
	}
	page.Picture("ui-flying")
	focus("end")
	page.Press(chromium.Enter)
	page.Await("its end", `return document.documentElement.dataset.phase === "ended"`)
	private, shared, ok := page.TabMemory()
	t.Logf("the tab's process has %.0f MB to itself, %.0f with its share of the browser's code (known: %v)", float64(private)/1e6, float64(shared)/1e6, ok)
	if private > 100e6 {
		t.Errorf("the tab takes %.0f MB, want less than 100", float64(private)/1e6)
	}
}
