package fetch_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Drills that measure run the server, and where memory is measured the client too, in processes of
// their own: this test binary, started again with a role in its environment.
const (
	roleVariable   = "FETCH_DRILL_ROLE"
	configVariable = "FETCH_DRILL_CONFIG"
)

func TestMain(m *testing.M) {
	role, ok := map[string]func(config []byte) error{"server": serverRole, "client": clientRole}[os.Getenv(roleVariable)]
	if !ok {
		patience.Main(m)
		return
	}
	if err := role([]byte(os.Getenv(configVariable))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// drillChunk numbers the chunks of drills, up to a million.
func drillChunk(i int) tiles.Chunk { return tiles.Chunk{Z: 20, X: uint32(i)} }

// chunkBytes is what a chunk of drills is long.
const chunkBytes = 15_000

// drillImagery is made once and costs the server next to nothing.
func drillImagery() fetch.Source {
	return fetchtest.Repeat(tiles.Chunk{Z: 16, X: 33660, Y: 23940}, 4, fetchtest.OfSize(chunkBytes, fetch.Sample()))
}

// serverConfig is how a server in a process of its own is.
type serverConfig struct {
	TLS       bool
	Latency   time.Duration
	Rate      float64
	Bandwidth float64
	NeverOf   int // one request in so many is never answered; 0: none
}

func (c serverConfig) options() fetchtest.Options {
	o := fetchtest.Options{TLS: c.TLS, Image: drillImagery(), Latency: c.Latency, Rate: c.Rate, Bandwidth: c.Bandwidth}
	if c.NeverOf > 0 {
		o.Fault = fetchtest.OneIn(c.NeverOf, fetchtest.Stall)
	}
	return o
}

type serverHello struct {
	URL, Template string
	PEM           []byte
}

func serverRole(config []byte) error {
	var c serverConfig
	if err := json.Unmarshal(config, &c); err != nil {
		return err
	}
	s, err := fetchtest.Listen(c.options())
	if err != nil {
		return err
	}
	defer s.Close()
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(serverHello{s.URL(), s.Template(), s.CertPEM()}); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the drill is over, or has died
	return out.Encode(s.Stats())
}

// remote is a server in a process of its own.
type remote struct {
	serverHello
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
}

func role(t testing.TB, name string, config any) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+name, configVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	return cmd
}

// startServer starts a server that ends with the test at the latest.
func startServer(t testing.TB, c serverConfig) *remote {
	t.Helper()
	r := &remote{cmd: role(t, "server", c)}
	stdin, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.end() })
	r.stdin, r.out = stdin, bufio.NewReader(stdout)
	if err := json.NewDecoder(io.LimitReader(r.out, 1<<20)).Decode(&r.serverHello); err != nil {
		t.Fatalf("the server does not start: %v", err)
	}
	return r
}

// end ends the server, the first time, and returns what it was asked.
func (r *remote) end() (stats fetchtest.Stats, err error) {
	if r.stdin == nil {
		return stats, errors.New("it has ended")
	}
	_ = r.stdin.Close()
	r.stdin = nil
	return stats, errors.Join(json.NewDecoder(r.out).Decode(&stats), r.cmd.Wait())
}

// fetchMany fetches n chunks with so many goroutines, tells seen (which may be nil) of each, and
// returns how many ended in an error.
func fetchMany(ctx context.Context, s fetch.Source, n, goroutines int, seen func(i int, took time.Duration)) (failed int) {
	var next, bad atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				start := time.Now()
				if _, err := s.Fetch(ctx, drillChunk(i)); err != nil {
					bad.Add(1)
				}
				if seen != nil {
					seen(i, time.Since(start))
				}
			}
		})
	}
	all.Wait()
	return int(bad.Load())
}

// clientConfig is what a client in a process of its own fetches.
type clientConfig struct {
	Template            string
	PEM                 []byte
	Chunks, Concurrency int
}

type clientResult struct {
	Failed  int
	Seconds float64
	Stats   fetch.Stats
	Peak    int64 // bytes of memory
}

func clientRole(config []byte) error {
	var c clientConfig
	if err := json.Unmarshal(config, &c); err != nil {
		return err
	}
	o := fetch.ClientOptions{Concurrency: c.Concurrency}
	if c.PEM != nil {
		o.RootCAs = x509.NewCertPool()
		o.RootCAs.AppendCertsFromPEM(c.PEM)
	}
	p, err := fetch.LookupProvider(c.Template)
	if err != nil {
		return err
	}
	client := fetch.NewClient(o)
	defer client.Close()
	start := time.Now()
	failed := fetchMany(context.Background(), client.Source(p), c.Chunks, 2*c.Concurrency, nil)
	took := time.Since(start).Seconds()
	// Nobody else need look in time: it may be over before another process has its turn.
	peak, err := process.PeakMemory(os.Getpid())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(clientResult{failed, took, client.Stats(), peak})
}

// runClient runs a client to its end and returns the processor time it took.
func runClient(t testing.TB, c clientConfig) (r clientResult, cpu time.Duration) {
	t.Helper()
	cmd := role(t, "client", c)
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		t.Fatalf("the client: %v", err)
	}
	return r, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}
