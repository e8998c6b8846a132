//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// someTextures makes an archive of n small textures and returns the names of their files.
func someTextures(t *testing.T, path string, n int) (names []string) {
	t.Helper()
	w, err := mbtiles.Create(t.Context(), path, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	l := dds.Layout{Format: dds.BC1, Side: 256}
	h := l.Header()
	content, err := mbtiles.NewEncoder(mbtiles.None).Encode(
		append(h[:], make([]byte, l.Size()-dds.HeaderSize)...))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		r := mbtiles.Record{Texture: tiles.Texture{Row: uint32(16 * i), Col: 16, ZL: 16,
			Maptype: "BI"}, Detail: 4, Chunks: 256, Provider: "test"}
		if err := w.Put(t.Context(), r, content); err != nil {
			t.Fatal(err)
		}
		names = append(names, r.Texture.File())
	}
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return names
}

// fullPipe is a pipe that takes no byte more.
func fullPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(fds[0]), "reader"), os.NewFile(uintptr(fds[1]), "writer")
	t.Cleanup(func() { r.Close(); w.Close() })
	if err := unix.SetNonblock(fds[1], true); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{4096, 1} {
		for {
			_, err := unix.Write(fds[1], make([]byte, size))
			if errors.Is(err, unix.EAGAIN) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := unix.SetNonblock(fds[1], false); err != nil {
		t.Fatal(err)
	}
	return r, w
}

// A terminal that takes nothing, or is gone, is no reason to answer late: the first message stops a
// process that waits for it, and the first that nobody can read kills one that does not see to
// that.
func TestMountWhoseMessagesNobodyReads(t *testing.T) {
	skipIfShort(t)
	mounttest.NeedFUSE(t)
	archive := filepath.Join(t.TempDir(), "a.mbtiles")
	names := someTextures(t, archive, 40)
	for what, reader := range map[string]func(r *os.File){
		"stopped": func(*os.File) {},
		"gone":    func(r *os.File) { r.Close() },
	} {
		t.Run(what, func(t *testing.T) {
			mnt := t.TempDir()
			r, w := fullPipe(t)
			reader(r)
			cmd := command(t.Context(), t, "mount", "--log-slow", "1ns", "--log-level", "debug",
				archive, mnt)
			cmd.Stderr = w
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			t.Cleanup(func() {
				cmd.Process.Kill()
				// there is nothing to unmount unless the test has failed
				exec.Command("umount", "-l", mnt).Run()
			})
			soon := time.After(patience.For(t))
			mounted := func() bool { // without asking the mount, which may not answer
				text, _ := os.ReadFile("/proc/self/mountinfo")
				return strings.Contains(string(text), " "+mnt+" ")
			}
			for !mounted() {
				select {
				case err := <-ended:
					t.Fatalf("the mount ended before it was there: %v", err)
				case <-soon:
					t.Fatal("nothing is mounted")
				case <-time.After(10 * time.Millisecond):
				}
			}
			read := make(chan error, 1)
			go func() {
				for _, name := range names {
					if _, err := os.ReadFile(filepath.Join(mnt, "textures", name)); err != nil {
						read <- err
						return
					}
				}
				read <- nil
			}()
			select {
			case err := <-read:
				if err != nil {
					t.Error(err)
				}
			case <-soon:
				t.Fatal("the small textures cannot be read")
			}
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-soon:
				t.Fatal("the process does not end")
			}
			if mounted() {
				t.Error("it is still mounted")
			}
		})
	}
}

// How many messages were dropped is said in the form of the log: whoever reads JSON gets nothing
// else.
func TestDroppedMessagesAreSaidAsTheLogIs(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		t.Run(fmt.Sprintf("JSON %v", asJSON), func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			log := logOptions{LogLevel: "info", LogJSON: asJSON}
			line, behind := progress.NewStatusLineBehind(w, log.LogJSON)
			message := `{"msg":"` + strings.Repeat("x", 1000) + `"}`
			const messages = 3000 // the pipe and the queue hold fewer
			for range messages {
				fmt.Fprintln(line, message)
			}
			kept, dropped := 0, 0
			for lines := bufio.NewScanner(r); kept+dropped < messages && lines.Scan(); {
				var said struct{ Messages int }
				switch {
				case lines.Text() == message:
					kept++
				case asJSON:
					if err := json.Unmarshal(lines.Bytes(), &said); err != nil {
						t.Fatalf("%q: %v", lines.Text(), err)
					}
				default:
					fmt.Sscanf(lines.Text(), "%d messages were dropped", &said.Messages)
				}
				dropped += said.Messages
			}
			if dropped == 0 || kept+dropped != messages {
				t.Errorf("%d messages were taken and %d dropped, of %d", kept, dropped, messages)
			}
			if !behind.Close(patience.For(t)) {
				t.Error("it does not end")
			}
			w.Close()
		})
	}
}
