package pack

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// serveVariable has the test binary serve imagery until its input ends: what is measured is not the
// server's work.
const serveVariable = "XELPACK_TEST_SERVE"

func serveForBench() {
	server := fetchtest.NewServer(fetchtest.Options{TLS: os.Getenv(serveVariable) == "tls", Image: fetchtest.Repeat(tiles.Chunk{Z: 16, X: 33660, Y: 23940}, 24, fetch.Sample())})
	fmt.Println(server.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Close()
}

// served starts such a server and returns its address.
func served(b *testing.B) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), serveVariable+"=plain"), os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// BenchmarkAsking builds full textures, compressed as for an archive, from chunks and from tiles of
// 512 and 2,048 px: asked of a server, and out of memory. cpu-ms/texture is the time of all
// processors in this process.
func BenchmarkAsking(b *testing.B) {
	url := served(b)
	for _, px := range []int{256, 512, 2048} {
		provider := fetch.Provider{ID: "bench", Template: fmt.Sprintf("%s/tiles/%d/{z}/{x}/{y}.jpg", url, px), TilePx: px, MaxZL: tiles.MaxZL}
		if px == tiles.ChunkPixels {
			provider.Template = url + "/{z}/{x}/{y}.jpg"
		}
		client := fetch.NewClient(fetch.ClientOptions{})
		b.Cleanup(client.Close)
		items := neighbours(8, 0)
		memory := fetchtest.Remember(client.Source(provider))
		run := func(b *testing.B, source fetch.Source) {
			p := New(Options{Compression: mbtiles.Fast}.From(source, provider))
			defer p.Close()
			build := func() {
				g, ctx := errgroup.WithContext(b.Context())
				for _, it := range items {
					g.Go(func() error {
						built, err := p.Texture(ctx, it)
						if err != nil {
							return err
						}
						defer built.Release()
						if built.Failed > 0 {
							return built.Cause
						}
						_, err = p.Encode(ctx, built.File)
						return err
					})
				}
				if err := g.Wait(); err != nil {
					b.Fatal(err)
				}
			}
			build() // the server has to make what it serves
			b.ResetTimer()
			began := process.Time()
			for b.Loop() {
				build()
			}
			textures := float64(b.N * len(items))
			b.ReportMetric(1e3*(process.Time()-began).Seconds()/textures, "cpu-ms/texture")
			b.ReportMetric(1e3*b.Elapsed().Seconds()/textures, "ms/texture")
		}
		b.Run(fmt.Sprintf("%dpx/asked", px), func(b *testing.B) { run(b, client.Source(provider)) })
		b.Run(fmt.Sprintf("%dpx/memory", px), func(b *testing.B) { run(b, memory) })
	}
}
