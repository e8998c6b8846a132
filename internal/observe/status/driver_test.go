package status

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// browser is a Chromium without a window, driven over the WebDriver protocol.
type browser struct {
	t       testing.TB
	session string // URL
	http    *http.Client
	pid     int // of the driver, which has started the browser
}

// newBrowser starts one. Where there is none, the test is skipped.
func newBrowser(t testing.TB, dark bool) *browser {
	t.Helper()
	driver, err := exec.LookPath("chromedriver")
	if err != nil {
		t.Skip("no chromedriver is installed (Debian: apt-get install chromium chromium-driver)")
	}
	port := freePort(t)
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, driver, fmt.Sprint("--port=", port))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, session: fmt.Sprintf("http://127.0.0.1:%d/session", port),
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
			res.Body.Close()
		}
		b.http.CloseIdleConnections()
		cancel()
		_ = cmd.Wait() // interrupted
	})
	return b
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (b *browser) try(path string, body, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.session+path,
		bytes.NewReader(text))
	if err != nil {
		return err
	}
	res, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("webdriver: %s: %.500s", path, answer)
	}
	return json.Unmarshal(answer, &struct{ Value any }{result})
}

func (b *browser) do(path string, body, result any) {
	b.t.Helper()
	if err := b.try(path, body, result); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.do("/url", map[string]string{"url": url}, nil)
}

// run runs a script in the page and decodes what it returns, or the promise of it, into result.
func (b *browser) run(result any, script string, args ...any) {
	b.t.Helper()
	if args == nil {
		args = []any{}
	}
	b.do("/execute/sync", map[string]any{"script": script, "args": args}, result)
}

// await runs a script until it returns true.
func (b *browser) await(what, script string) {
	b.t.Helper()
	patience.Until(b.t, what, func() (yes bool) { b.run(&yes, script); return yes })
}

// picture keeps a picture of the page in the folder that $XELPACK_SHOTS_DIR names, for people to
// look at.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("XELPACK_SHOTS_DIR")
	if dir == "" {
		return
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.session+"/screenshot",
		nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Value string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		b.t.Fatal(err)
	}
	png, err := base64.StdEncoding.DecodeString(answer.Value)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// tabMemory is what the page's process has to itself and what it has with its share of the
// browser's code (PSS), in bytes. The browser keeps a process or two for pages to come; the page's
// is the largest. It is not ok where the system does not tell.
func (b *browser) tabMemory() (private, shared int64, ok bool) {
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
