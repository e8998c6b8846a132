package mounttest

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// Reader is another process that uses files. Its methods fail the test if the process does not
// answer; the file system's answer is returned as 0 or the errno. It must be used by one goroutine
// at a time.
type Reader struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	enc *json.Encoder
	dec *json.Decoder
}

// NeedFUSE skips the test, with the reason, if mounting is not possible.
func NeedFUSE(t testing.TB) {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	if _, err := exec.LookPath("fusermount3"); err != nil && os.Geteuid() != 0 {
		t.Skipf("nothing can be mounted here: %v", err)
	}
}

// NewReader starts a process that ends with the test.
func NewReader(t testing.TB) *Reader {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &Reader{t: t, cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(out)}
	t.Cleanup(r.Kill)
	return r
}

// Close ends the process normally: its files are closed when Close returns.
func (r *Reader) Close() {
	_ = r.in.Close()
	_ = r.cmd.Wait()
}

// Kill ends the process with SIGKILL and waits until it is gone. It may be called at any time, from
// any goroutine.
func (r *Reader) Kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

var errSilent = errors.New("the reader's process has died or does not answer")

// ask returns an error only if no answer came.
func (r *Reader) ask(q request) (reply, error) {
	watchdog := time.AfterFunc(patience.For(r.t), func() { _ = r.cmd.Process.Kill() })
	defer watchdog.Stop()
	var a reply
	if r.enc.Encode(q) != nil || r.dec.Decode(&a) != nil {
		return a, errSilent
	}
	return a, nil
}

func (r *Reader) must(q request) reply {
	r.t.Helper()
	a, err := r.ask(q)
	if err != nil {
		r.t.Fatalf("%s %s: %v", q.Op, q.Path, err)
	}
	return a
}

// Open opens path for reading.
func (r *Reader) Open(path string) (file int, errno syscall.Errno) {
	r.t.Helper()
	return r.OpenSignalled(path, 0)
}

// OpenSignalled opens path while its thread gets a signal at the given interval.
func (r *Reader) OpenSignalled(path string, every time.Duration) (file int, errno syscall.Errno) {
	r.t.Helper()
	a := r.must(request{Op: "open", Path: path, Every: every})
	return a.File, a.Errno
}

// TryOpen is Open for a separate goroutine, in which a test must not fail, and for a process that
// may be killed; it reports whether an answer came.
func (r *Reader) TryOpen(path string) (file int, errno syscall.Errno, answered bool) {
	a, err := r.ask(request{Op: "open", Path: path})
	return a.File, a.Errno, err == nil
}

// CloseFile closes what Open opened.
func (r *Reader) CloseFile(file int) {
	r.t.Helper()
	if a := r.must(request{Op: "close", File: file}); a.Errno != 0 {
		r.t.Errorf("close: %v", a.Errno)
	}
}

// Read makes one pread(2) of n bytes.
func (r *Reader) Read(file int, off int64, n int) ([]byte, syscall.Errno) {
	r.t.Helper()
	a := r.must(request{Op: "read", File: file, Off: off, N: n})
	return a.Data, a.Errno
}

// Hash reads the whole of an open file.
func (r *Reader) Hash(file int) ([sha256.Size]byte, syscall.Errno) {
	r.t.Helper()
	a := r.must(request{Op: "hash", File: file})
	return sum(a.Data), a.Errno
}

// Forget drops an open file from the page cache: the file system answers the next read.
func (r *Reader) Forget(file int) {
	r.t.Helper()
	if a := r.must(request{Op: "forget", File: file}); a.Errno != 0 {
		r.t.Errorf("forget: %v", a.Errno)
	}
}

// Map maps the whole of an open file and reads it through memory.
func (r *Reader) Map(file int, shared bool) ([sha256.Size]byte, syscall.Errno) {
	r.t.Helper()
	a := r.must(request{Op: "map", File: file, Shared: shared})
	return sum(a.Data), a.Errno
}

func sum(b []byte) (s [sha256.Size]byte) {
	copy(s[:], b)
	return s
}

// HashFile opens, hashes and closes path.
func (r *Reader) HashFile(path string) ([sha256.Size]byte, syscall.Errno) {
	r.t.Helper()
	file, errno := r.Open(path)
	if errno != 0 {
		return [sha256.Size]byte{}, errno
	}
	defer r.CloseFile(file)
	return r.Hash(file)
}

// Stat returns the stat of path without following links.
func (r *Reader) Stat(path string) (Stat, syscall.Errno) {
	r.t.Helper()
	a := r.must(request{Op: "stat", Path: path})
	return a.Stat, a.Errno
}

// List returns the names in a directory, without . and .., with the inode numbers of the listing.
func (r *Reader) List(path string) (inos map[string]uint64, names []string, errno syscall.Errno) {
	r.t.Helper()
	a := r.must(request{Op: "list", Path: path})
	inos = make(map[string]uint64)
	for i, name := range a.Names {
		inos[name] = a.Inos[i]
	}
	return inos, a.Names, a.Errno
}
