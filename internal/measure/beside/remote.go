package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/slowlink"
)

// pmtilesModule is the program that extracts tiles out of an archive on a web server.
const pmtilesModule = "github.com/protomaps/go-pmtiles"

// theLink is the link between the server and all that fetch from it.
var theLink = slowlink.Options{RoundTrip: 40 * time.Millisecond, Bandwidth: 500e6 / 8}

// remotes are the measurements of suite remote.
type remotes struct {
	*bench
	flight  *flight
	url     string // of the served folder, through the link
	log     string // of the server: a line for each answer
	results map[string]fetched

	previews int64 // bytes of those of the flight's textures, in the archive
}

// fetched is what fetching with a program costs.
type fetched struct {
	seconds  float64
	memory   int64 // peak
	requests int
	bytes    int64 // of the bodies of answers
	size     int64 // of the result
}

func (f fetched) rate() float64 { return float64(f.size) / f.seconds }

// remote fetches a flight out of an archive behind a slow link, beside other programs that fetch as
// much.
func remote(ctx context.Context, b *bench) (_ string, err error) {
	if err := b.ready(ctx); err != nil {
		return "", err
	}
	m := &remotes{bench: b, results: map[string]fetched{}}
	if m.flight, err = planFlight(ctx, b.Dir); err != nil {
		return "", err
	}
	www := filepath.Join(b.Dir, "www")
	if err := os.MkdirAll(www, 0o755); err != nil {
		return "", err
	}
	if err := m.data(ctx, www); err != nil {
		return "", err
	}
	server, stop, err := m.nginx(ctx, www)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, stop()) }()
	link, err := slowlink.Start(server, theLink)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, link.Close()) }()
	m.url = "http://" + link.Addr()
	if m.wants("xelpack", false) {
		if m.previews, err = m.flight.previewBytes(ctx, filepath.Join(www, archiveName)); err != nil {
			return "", err
		}
	}
	for range b.Rounds {
		if err := m.round(ctx, www); err != nil {
			return "", err
		}
	}
	return m.text(), nil
}

// round has each of the programs fetch once.
func (m *remotes) round(ctx context.Context, www string) error {
	out := filepath.Join(m.Dir, "out")
	f := m.flight
	file, old := filepath.Join(out, "flight.mbtiles"), filepath.Join(m.Dir, "old.mbtiles")
	extract := func(more ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, m.Program, append([]string{"extract", m.url + "/" + archiveName,
			"--route", f.route, "-o", file}, more...)...)
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(out, "cache"))
		return cmd
	}
	programs := []struct {
		name string
		make func() (*exec.Cmd, string) // and the file that it makes
	}{
		{"xelpack", func() (*exec.Cmd, string) { return extract(), file }},
		{"update", func() (*exec.Cmd, string) { return extract("--have", old), file }},
		{"aria2c", func() (*exec.Cmd, string) {
			return exec.CommandContext(ctx, "aria2c", "-x", "16", "-s", "16", "-k", "1M", "-q",
					"--file-allocation=none", "-d", out, "-o", "same", m.url+"/"+sameName),
				filepath.Join(out, "same")
		}},
		{"pmtiles", func() (*exec.Cmd, string) {
			tiles := filepath.Join(out, "flight.pmtiles")
			return exec.CommandContext(ctx, m.pmtiles(), "extract", m.url+"/"+pmtilesName, tiles,
				"--bbox="+f.bbox(), "--download-threads", "16", "-q"), tiles
		}},
	}
	for _, p := range programs {
		if !m.wants(p.name, false) {
			continue
		}
		if p.name == "update" && m.results["xelpack"].seconds == 0 {
			continue // there is nothing to update
		}
		if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
			return err
		}
		m.Say(p.name)
		got, err := m.fetch(p.make())
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		m.Say(fmt.Sprintf("%s: %+v", p.name, got))
		if best, ok := m.results[p.name]; !ok || got.seconds < best.seconds {
			m.results[p.name] = got
		}
		if p.name != "xelpack" {
			continue
		}
		// aria2c fetches a file of the same size.
		same, err := os.Create(filepath.Join(www, sameName))
		if err == nil {
			err = errors.Join(same.Truncate(got.size), same.Close())
		}
		if err == nil && m.wants("update", false) {
			m.Say("making " + filepath.Base(old))
			err = before(ctx, file, old)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(old), os.RemoveAll(out))
}

// fetch runs a program that fetches into a file.
func (m *remotes) fetch(cmd *exec.Cmd, file string) (f fetched, err error) {
	if err := os.Truncate(m.log, 0); err != nil {
		return f, err
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	start := time.Now()
	f.memory, err = drill.PeakMemory(cmd)
	f.seconds = time.Since(start).Seconds()
	if err != nil {
		return f, fmt.Errorf("%w: %s", err, said.String())
	}
	info, err := os.Stat(file)
	if err != nil {
		return f, err
	}
	f.size = info.Size()
	text, err := os.ReadFile(m.log)
	for line := range strings.Lines(string(text)) {
		var n int64
		if _, err := fmt.Sscan(line, &n); err != nil {
			return f, err
		}
		f.bytes += n
		f.requests++
	}
	return f, err
}

// text is the section of the page.
func (m *remotes) text() string {
	x, a, p := m.results["xelpack"], m.results["aria2c"], m.results["pmtiles"]
	u := m.results["update"]
	beyond := func(f fetched, own int64) string {
		return fmt.Sprintf("%.2f %%", 100*(float64(f.bytes)/float64(own)-1))
	}
	own := m.flight.bytes()
	seconds := func(f fetched) string { return fmt.Sprintf("%.1f s", f.seconds) }
	var rows []row
	if x.seconds > 0 {
		rows = append(rows,
			row{"bytes beyond the textures' own and their previews", "≤ 3 %", "≤ 1 %",
				beyond(x, own+m.previews), ""},
			row{"requests", "≤ 2,000", "≤ 400", fmt.Sprint(x.requests), ""},
			row{"memory", "≤ 200 MB", "", fmt.Sprintf("%.0f MB", float64(x.memory)/1e6), ""})
	}
	if u.seconds > 0 {
		rows = append(rows, row{"update after 5 % of the textures changed, each 20th: bytes, of those " +
			"of the extract", "≤ 6 %", "", fmt.Sprintf("%.2f %%, %s, %.0f MB of memory",
			100*float64(u.bytes)/float64(x.bytes), seconds(u), float64(u.memory)/1e6), ""})
	}
	if x.seconds > 0 && a.seconds > 0 {
		rows = append(rows, row{"rate, of `aria2c -x 16` of one file of the size of the result",
			"≥ 80 %", "≥ 95 %", fmt.Sprintf("%.0f %%: %.1f MB/s, %s", 100*x.rate()/a.rate(),
				x.rate()/1e6, seconds(x)), fmt.Sprintf("%.1f MB/s, %s", a.rate()/1e6, seconds(a))})
	}
	if x.seconds > 0 && p.seconds > 0 {
		rows = append(rows,
			row{"time beside `pmtiles extract --download-threads 16`", "ahead", "", seconds(x),
				seconds(p)},
			row{"bytes beyond the tiles' own, beside the same", "ahead", "",
				beyond(x, own+m.previews), beyond(p, own)})
	}
	return fmt.Sprintf("## A flight out of an archive on a web server\n\n`make bench-remote` on %s: "+
		"`xelpack extract` of a flight of %d textures\nout of an archive of %d, by nginx, %v and %.0f "+
		"Mbit/s away. Textures of %d px that do not\ncompress, %d bytes each, in the flight and beside "+
		"it; all others share one content. Best of %d.\n\n%s", machine(), len(m.flight.textures),
		inArchive, theLink.RoundTrip, theLink.Bandwidth*8/1e6, flightSide, m.flight.each(), m.Rounds,
		table(row{"figure", "must", "aim", "measured", "beside it"}, rows))
}

// nginx serves a folder.
func (m *remotes) nginx(ctx context.Context, dir string) (addr string, stop func() error, err error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = free.Addr().String()
	tmp := filepath.Join(m.Dir, "nginx")
	if err := errors.Join(free.Close(), os.MkdirAll(tmp, 0o755)); err != nil {
		return "", nil, err
	}
	m.log = filepath.Join(tmp, "log")
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	config := fmt.Sprintf("%[1]s worker_processes 2; daemon off; pid %[2]s/pid; error_log stderr; "+
		"events {} http { log_format bytes '$body_bytes_sent'; access_log %[3]s bytes; sendfile on; "+
		"client_body_temp_path %[2]s; proxy_temp_path %[2]s; fastcgi_temp_path %[2]s; "+
		"uwsgi_temp_path %[2]s; scgi_temp_path %[2]s; server { listen %[4]s; root %[5]s; } }\n",
		user, tmp, m.log, addr, dir)
	file := filepath.Join(tmp, "conf")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, program, "-c", file, "-e", "stderr")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() error {
		_ = cmd.Process.Signal(os.Interrupt)
		return <-ended
	}
	for {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return addr, stop, c.Close()
		}
		select {
		case err := <-ended:
			return "", nil, fmt.Errorf("nginx ended: %w", errors.Join(err, io.EOF))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
