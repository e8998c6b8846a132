package chromium

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/port"
)

// Keys that have no character, for Press.
const (
	Tab   = "\uE004"
	Enter = "\uE007"
)

// Browser is a Chromium without a window, driven over the WebDriver protocol.
type Browser struct {
	T       testing.TB // of which failures are
	session string     // URL
	http    *http.Client
	pid     int // of the driver, which has started the browser
}

// Drive starts one. Where there is none, the test is skipped.
func Drive(t testing.TB, dark bool) *Browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("no chromedriver is installed (Debian: apt-get install chromium chromium-driver)")
	}
	port := port.Free(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, driver, fmt.Sprint("--port=", port))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &Browser{T: t, session: fmt.Sprintf("http://127.0.0.1:%d/session", port),
		http: &http.Client{Timeout: patience.For(t)}, pid: cmd.Process.Pid}
	args := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-first-run",
		"--disable-quic", "--hide-scrollbars", "--window-size=1500,1300",
		"--enable-precise-memory-info", "--js-flags=--expose-gc",
		"--user-data-dir=" + filepath.Join(dir, "profile"),
	}
	if dark {
		args = append(args, "--force-dark-mode", "--blink-settings=preferredColorScheme=0")
	}
	var started struct{ SessionID string }
	for end := time.Now().Add(patience.For(t)); ; time.Sleep(50 * time.Millisecond) {
		err := b.try("", map[string]any{
			"capabilities": map[string]any{"alwaysMatch": map[string]any{
				"browserName": "chrome", "goog:chromeOptions": map[string]any{"args": args},
				"goog:loggingPrefs": map[string]any{"browser": "ALL"},
			}}}, &started)
		if err == nil {
			break
		}
		if time.Now().After(end) {
			cancel()
			t.Fatal(err)
		}
	}
	b.session += "/" + started.SessionID
	t.Cleanup(func() {
		req, _ := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodDelete,
			b.session, nil)
		if res, err := b.http.Do(req); err == nil {
			_ = res.Body.Close()
		}
		b.http.CloseIdleConnections()
		cancel()
		_ = cmd.Wait() // interrupted
	})
	return b
}

func (b *Browser) try(path string, body, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(b.T.Context(), http.MethodPost, b.session+path,
		bytes.NewReader(text))
	if err != nil {
		return err
	}
	res, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("webdriver: %s: %.500s", path, answer)
	}
	return json.Unmarshal(answer, &struct{ Value any }{result})
}

func (b *Browser) do(path string, body, result any) {
	b.T.Helper()
	if err := b.try(path, body, result); err != nil {
		b.T.Fatal(err)
	}
}

// Visit opens a page.
func (b *Browser) Visit(url string) {
	b.T.Helper()
	b.do("/url", map[string]string{"url": url}, nil)
}

// Run runs a script in the page and decodes what it returns, or the promise of it, into result.
func (b *Browser) Run(result any, script string, args ...any) {
	b.T.Helper()
	if args == nil {
		args = []any{}
	}
	b.do("/execute/sync", map[string]any{"script": script, "args": args}, result)
}

// Press presses and releases keys, one after the other.
func (b *Browser) Press(keys string) {
	b.T.Helper()
	var actions []map[string]string
	for _, key := range keys {
		actions = append(actions, map[string]string{"type": "keyDown", "value": string(key)},
			map[string]string{"type": "keyUp", "value": string(key)})
	}
	b.do("/actions", map[string]any{"actions": []any{
		map[string]any{"type": "key", "id": "keyboard", "actions": actions}}}, nil)
}

// Drag presses the mouse's button at a place of the window and releases it at another, or at the
// same: a click.
func (b *Browser) Drag(x, y, toX, toY int) {
	b.T.Helper()
	move := func(x, y int) map[string]any {
		return map[string]any{"type": "pointerMove", "duration": 0, "x": x, "y": y}
	}
	b.do("/actions", map[string]any{"actions": []any{
		map[string]any{"type": "pointer", "id": "mouse", "actions": []any{
			move(x, y), map[string]any{"type": "pointerDown", "button": 0},
			move(toX, toY), map[string]any{"type": "pointerUp", "button": 0}}}}}, nil)
}

// Spoken returns what a screen reader is told of the elements that a CSS selector finds and that
// are shown: "role name".
func (b *Browser) Spoken(css string) (all []string) {
	b.T.Helper()
	var found []map[string]string
	b.do("/elements", map[string]string{"using": "css selector", "value": css}, &found)
	for _, f := range found {
		for _, id := range f {
			var shown bool
			var role, name string
			b.get("/element/"+id+"/displayed", &shown)
			b.get("/element/"+id+"/computedrole", &role)
			b.get("/element/"+id+"/computedlabel", &name)
			if shown {
				all = append(all, role+" "+name)
			}
		}
	}
	return all
}

// get asks for a value.
func (b *Browser) get(path string, result any) {
	b.T.Helper()
	req, err := http.NewRequestWithContext(b.T.Context(), http.MethodGet, b.session+path, nil)
	if err != nil {
		b.T.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.T.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&struct{ Value any }{result}); err != nil {
		b.T.Fatal(err)
	}
}

// Await runs a script until it returns true.
func (b *Browser) Await(what, script string) {
	b.T.Helper()
	patience.Until(b.T, what, func() (yes bool) { b.Run(&yes, script); return yes })
}

// Picture keeps a picture of the page in the folder that $XELPACK_SHOTS_DIR names, for people to
// look at.
func (b *Browser) Picture(name string) {
	b.T.Helper()
	dir := os.Getenv("XELPACK_SHOTS_DIR")
	if dir == "" {
		return
	}
	var value string
	b.get("/screenshot", &value)
	png, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		b.T.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666); err != nil {
		b.T.Fatal(err)
	}
}

// TabMemory is what the page's process has to itself and what it has with its share of the
// browser's code (PSS), in bytes. The browser keeps a process or two for pages to come; the page's
// is the largest. It is not ok where the system does not tell.
func (b *Browser) TabMemory() (private, shared int64, ok bool) {
	parents, renderers := map[int]int{}, map[int]string{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		stat, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue // it has ended
		}
		var pid, parent int
		var state string
		after := stat[strings.LastIndexByte(string(stat), ')')+1:]
		pid, _ = strconv.Atoi(filepath.Base(dir))
		if _, err := fmt.Sscan(string(after), &state, &parent); err != nil {
			continue
		}
		parents[pid] = parent
		if line, _ := os.ReadFile(dir + "/cmdline"); strings.Contains(string(line),
			"--type=renderer") {
			renderers[pid] = dir
		}
	}
	for pid, dir := range renderers {
		for ; pid > 1 && pid != b.pid; pid = parents[pid] {
		}
		if pid != b.pid {
			continue // of somebody else's browser
		}
		rollup, err := os.ReadFile(dir + "/smaps_rollup")
		if err != nil {
			return 0, 0, false
		}
		var own, share int64
		for line := range strings.Lines(string(rollup)) {
			f := strings.Fields(line)
			if len(f) != 3 {
				continue
			}
			kib, _ := strconv.ParseInt(f[1], 10, 64)
			switch {
			case f[0] == "Pss:":
				share = kib << 10
			case strings.HasPrefix(f[0], "Private_"):
				own += kib << 10
			}
		}
		if share > shared {
			private, shared, ok = own, share, true
		}
	}
	return private, shared, ok
}
