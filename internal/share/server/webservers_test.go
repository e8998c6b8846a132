package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/xelpack/xelpack/internal/share/publish"
	"github.com/xelpack/xelpack/internal/testing/chromium"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/port"
)

// webServers are web servers that serve a folder, and stand in front of a server of ours at
// backend, as their example in contrib says.
var webServers = map[string]func(t *testing.T, dir, backend string) (static, front string){
	"nginx": nginx, "caddy": caddy,
}

// example returns a file of contrib.
func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "contrib", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replaced replaces parts of an example, which it must have, given in pairs.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the example has no %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

// run starts a web server and waits until it answers at the ports.
func run(t *testing.T, name, config string, ports [2]int, args ...string) (static, front string) {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (Debian: apt-get install %s)", name, name)
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "CONFIG", file)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { cancel(); <-ended })
	for _, port := range ports {
		patience.Until(t, name+" to listen", func() bool {
			select {
			case err := <-ended:
				ended <- err
				t.Fatalf("%s: %v: %s", name, err, said.String())
			default:
			}
			c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
			return err == nil && errors.Join(c.Close()) == nil
		})
	}
	return fmt.Sprintf("http://127.0.0.1:%d/", ports[0]), fmt.Sprintf("http://127.0.0.1:%d/", ports[1])
}

func nginx(t *testing.T, dir, backend string) (static, front string) {
	ports := [2]int{port.Free(t), port.Free(t)}
	config := regexp.MustCompile(`(?m)^\s*ssl_.*$`).ReplaceAllString(example(t, "nginx.conf"), "")
	first, second, _ := strings.Cut(config, "# TLS in front")
	config = replaced(t, first, "443 ssl http2", fmt.Sprint("127.0.0.1:", ports[0]),
		"/srv/www/xelpack;", dir+";") +
		replaced(t, "#"+second, "443 ssl http2", fmt.Sprint("127.0.0.1:", ports[1]),
			"127.0.0.1:8088", backend)
	config = fmt.Sprintf("worker_processes 1; daemon off; pid %[1]s/pid; error_log stderr;\n"+
		"events {}\nhttp {\naccess_log off; client_body_temp_path %[1]s; proxy_temp_path %[1]s; "+
		"fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;\n"+
		"types { text/html html; application/json json; }\n%[2]s}\n", t.TempDir(), config)
	if os.Getuid() == 0 {
		config = "user root;\n" + config // the test's folder is its own
	}
	return run(t, "nginx", config, ports, "-c", "CONFIG", "-e", "stderr")
}

func caddy(t *testing.T, dir, backend string) (static, front string) {
	ports := [2]int{port.Free(t), port.Free(t)}
	config := replaced(t, example(t, "Caddyfile"), "/srv/www/xelpack\n", dir+"\n",
		"127.0.0.1:8088", backend, "\nexample.com {", fmt.Sprintf("\nhttp://127.0.0.1:%d {", ports[0]),
		"nas.example.com {", fmt.Sprintf("http://127.0.0.1:%d {", ports[1]))
	return run(t, "caddy", "{\nadmin off\nauto_https off\n}\n"+config, ports,
		"run", "--adapter", "caddyfile", "--config", "CONFIG")
}

// A published folder is as good on any web server as on ours: ranges, a strong ETag, nothing
// compressed, and nothing else given out.
func TestWebServers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts web servers: not with -short")
	}
	dir := folder(t)
	if err := os.Remove(filepath.Join(dir, "link.mbtiles")); err != nil { // nginx follows links
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "maps.mbtiles")); err != nil { // and serves any file
		t.Fatal(err)
	}
	f, err := publish.Read(t.Context(), publish.Options{Dir: dir, Private: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(dir, "alps.mbtiles"))
	if err != nil {
		t.Fatal(err)
	}
	const token = "THE-ACCESS-TOKEN"
	ours := start(t, Options{Dir: dir, Token: token})
	backend := strings.TrimSuffix(strings.TrimPrefix(ours.URL(), "http://"), "/")
	for name, web := range webServers {
		t.Run(name, func(t *testing.T) {
			static, front := web(t, dir, backend)
			for _, base := range []string{static, strings.Replace(front, "//", "//x:"+token+"@", 1)} {
				for path, code := range map[string]int{"/": 200, "/index.html": 200,
					"/catalogue.json": 200, "/.hidden.mbtiles": 404, "/new.mbtiles.part": 404,
					"/secret.txt": 404, "/sub.mbtiles/": 404, "/none.mbtiles": 404} {
					if res, _ := ask(t, base, http.MethodGet, path); res.StatusCode != code {
						t.Errorf("%s: %s, want %d", path, res.Status, code)
					}
				}
				res, body := ask(t, base, http.MethodGet, "/alps.mbtiles", "Range", "bytes=100-9999",
					"Accept-Encoding", "gzip")
				tag := res.Header.Get("ETag")
				if res.StatusCode != 206 || !bytes.Equal(body, want[100:10000]) ||
					res.Header.Get("Content-Encoding") != "" || !strings.HasPrefix(tag, `"`) {
					t.Errorf("a range: %s, %d bytes, %v", res.Status, len(body), res.Header)
				}
				if res, _ := ask(t, base, http.MethodGet, "/alps.mbtiles", "Range", "bytes=0-9",
					"If-Range", `"other"`); res.StatusCode != 200 {
					t.Errorf("a range of another file: %s", res.Status)
				}
			}
			if res, _ := ask(t, front, http.MethodGet,
				"/alps.mbtiles"); res.StatusCode != 401 {
				t.Errorf("without the token: %s", res.Status)
			}
			if name == "nginx" { // the page is the same bytes on any
				looksRight(t, static)
			}
		})
	}
	t.Run("file", func(t *testing.T) { looksRight(t, "file://"+dir+"/index.html") })
}

// looksRight opens the page at an address in a browser.
func looksRight(t *testing.T, address string) {
	root, err := html.Parse(bytes.NewReader(chromium.Open(t, address, "--dump-dom")))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for n := range root.Descendants() {
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
		}
		switch {
		case n.Data == "html" && attributes["lang"] != "":
			if attributes["data-error"] != "" || attributes["data-drawn"] != "1" {
				t.Errorf("the script drew %q squares, and says %q", attributes["data-drawn"],
					attributes["data-error"])
			}
		case n.Data == "code" && n.FirstChild != nil:
			said[attributes["data-command"]] = n.FirstChild.Data
		}
	}
	base := strings.TrimSuffix(strings.TrimPrefix(address, "file://"), "index.html")
	for command, want := range map[string]string{
		"get":     "xelpack get " + base + "catalogue.json --route flight.fms -o flight.mbtiles",
		"extract": "xelpack extract " + base + "alps.mbtiles --route flight.fms -o flight.mbtiles",
		"verify":  "xelpack verify " + base + "alps.mbtiles",
	} {
		if said[command] != want {
			t.Errorf("%s: the page says %q, want %q", command, said[command], want)
		}
	}
}
