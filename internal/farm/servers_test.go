//go:build linux

package farm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
)

// custom starts a server with other settings.
func custom(t *testing.T, change func(*server.Options)) string {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(),
		JetStreamMaxStore: 2 << 30, NoSigs: true, NoLog: true}
	change(o)
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(patience.For(t)) {
		t.Fatal("the server does not come up")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

// What is wrong with a server is said in words, with the remedy.
func TestServersThatDoNotDo(t *testing.T) {
	imagery := provider(t, fetchtest.Options{})
	for _, tt := range []struct {
		name   string
		change func(*server.Options)
		want   string
	}{
		{"credentials", func(o *server.Options) { o.Authorization = "right" }, "refuses these credentials: give --farm-token"},
		{"no JetStream", func(o *server.Options) { o.JetStream = false }, "JetStream is off there: start it with -js"},
		{"small store", func(o *server.Options) { o.JetStreamMaxStore = 1 << 20 }, "its store is full"},
		{"small messages", func(o *server.Options) { o.MaxPayload = 900 }, "raise max_payload"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := smallBuild(t, imagery)
			url := custom(t, tt.change)
			_, err := b.run(t.Context(), Options{Server: Server{URL: url, Token: "wrong"}}, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			if _, err := os.Stat(b.File); err == nil {
				t.Error("there is an archive")
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		b := smallBuild(t, imagery)
		_, err := b.run(t.Context(), Options{Server: Server{URL: "nats://127.0.0.1:1"}}, nil)
		if err == nil || !strings.Contains(err.Error(), "no NATS server answers there") {
			t.Errorf("got %v", err)
		}
	})
}

func TestWorkerWithWrongCredentialsEnds(t *testing.T) {
	url := custom(t, func(o *server.Options) { o.Authorization = "right" })
	if err := Work(t.Context(), WorkerOptions{Server: Server{URL: url, Token: "wrong"}}); !errors.Is(err, errDenied) {
		t.Errorf("got %v", err)
	}
}

// The seed of an nkey opens a server that knows the key, and no other does.
func TestNkey(t *testing.T) {
	var files, keys []string
	for i := range 2 {
		pair, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		key, errKey := pair.PublicKey()
		seed, errSeed := pair.Seed()
		file := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := errors.Join(errKey, errSeed, os.WriteFile(file, seed, 0o600)); err != nil {
			t.Fatal(err)
		}
		files, keys = append(files, file), append(keys, key)
	}
	url := custom(t, func(o *server.Options) { o.Nkeys = []*server.NkeyUser{{Nkey: keys[0]}} })
	if _, err := Look(t.Context(), Server{URL: url, Creds: files[0]}); err != nil {
		t.Error(err)
	}
	if _, err := Look(t.Context(), Server{URL: url, Creds: files[1]}); !errors.Is(err, errDenied) {
		t.Errorf("with another key: %v", err)
	}
}

// hanging is a store whose first try never ends, as when the server is killed in it.
type hanging struct {
	objects
	tries int
}

func (h *hanging) get(ctx context.Context, _, dir string) (string, func(), error) {
	if h.tries++; h.tries == 1 {
		<-ctx.Done()
		return "", nil, ctx.Err()
	}
	return temporary(dir, strings.NewReader("a share"))
}

// A collector waited half an hour for a share that a killed server had begun to send.
func TestHangingTransfersBeginAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{}
		c := collector{Farm: &Farm{store: h, dir: t.TempDir()}}
		began := time.Now()
		file, free, err := c.fetch(t.Context(), Share{Object: "0-a", Bytes: 500_000})
		if err != nil {
			t.Fatal(err)
		}
		defer free()
		if text, err := os.ReadFile(file); err != nil || string(text) != "a share" || h.tries != 2 {
			t.Errorf("%q, %v after %d tries", text, err, h.tries)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
	})
	limit := transfer(1 << 40) // what a worker says
	for range 20 {
		if l := limit(); l > mostTransfer {
			t.Fatalf("a try may take %v", l)
		}
	}
}
