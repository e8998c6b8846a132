package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// away is how long a request takes to the web server of a measurement and back.
const away = time.Millisecond

// serveAway serves a folder to this computer, as if it were away, and prints the address.
func serveAway(dir string, stdout io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "http://%s/\n", l.Addr()); err != nil {
		return err
	}
	files := http.FileServer(http.Dir(dir))
	s := http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(away)
			files.ServeHTTP(w, r)
		})}
	return s.Serve(l)
}

// distantTails reads header and small levels, each texture once, of an archive of which nothing has
// been fetched.
func distantTails(ctx context.Context, m *mounts) (rows []row, err error) {
	archive, err := m.tails(ctx)
	if err := cmp.Or(err, measure.Warm(archive)); err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, exe, roleFlag, "away", filepath.Dir(archive))
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = server.Process.Kill(), server.Wait() }()
	address := bufio.NewScanner(out)
	if !address.Scan() {
		return nil, errors.Join(errors.New("the web server did not start"), address.Err())
	}
	ours := m.xelpack("xelpack", address.Text()+filepath.Base(archive))
	start := ours.start
	ours.start = func(ctx context.Context) (*measure.Server, error) {
		if err := os.RemoveAll(filepath.Join(m.Dir, "cache", "xelpack", "remote")); err != nil {
			return nil, err
		}
		return start(ctx)
	}
	names := make([]tiles.Texture, tailTextures)
	for i, n := range rand.Perm(tailTextures) {
		names[i] = measure.Name(n)
	}
	err = m.turns(ctx, reading(measure.Reading{Parallel: 50, Tails: true}, names), ours)
	return []row{{fmt.Sprintf("header + tail over HTTP, %v away, nothing fetched before, random "+
		"textures, 50 in flight", away), "≥ 1,000 textures/s (3,000)",
		fmt.Sprintf("%.0f textures/s", ours.rate()), ""}}, err
}
