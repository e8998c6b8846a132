//go:build linux

package mbtiles

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/faultfs"
	"github.com/xelpack/xelpack/pkg/dds"
)

// drillVar asks for every step of the drills (make drill-archive) instead of a selection.
const drillVar = "XELPACK_DRILL"

// drill is a build that is disturbed in every way: it must come to the same archive in the end.
type drill struct {
	name    string
	options WriterOptions
	sides   []int // of its textures
	extends bool  // an archive that is complete, of which it replaces the first texture
	repacks bool  // an archive that is complete, in its place
}

// drills are small builds that go through all that a large one does.
var drills = []drill{
	{name: "build", options: WriterOptions{CommitBytes: 150 << 10}, sides: []int{512, 512, 512, 512, 512}},
	// Transactions larger than SQLite's page cache, so that there are pages written before the
	// commit.
	{name: "spill", options: WriterOptions{CommitBytes: 3 << 20}, sides: []int{1024, 1024, 1024, 1024, 512, 1024, 1024}},
	{name: "growing", options: WriterOptions{CommitBytes: 150 << 10, Growing: true}, sides: []int{512, 512, 512, 512, 512}},
	{name: "extend", options: WriterOptions{CommitBytes: 150 << 10, Extend: true}, sides: []int{512, 512, 512}, extends: true},
	{name: "repack", sides: []int{512, 1024, 512}, repacks: true},
}

func drillOf(name string) (drill, bool) {
	i := slices.IndexFunc(drills, func(d drill) bool { return d.name == name })
	if i < 0 {
		return drill{}, false
	}
	return drills[i], true
}

// drilled is one texture of a drill.
type drilled struct {
	record  Record
	content *Content
}

// drilledOnce keeps them by the name of their drill: encoding them anew for each of some thousand
// builds would take most of the time.
var drilledOnce sync.Map

// textures are those of the archive in the end. The second repeats the first; where an archive is
// extended, the last is of a deeper zoom, so that there are fills.
func (d drill) textures() []drilled {
	if made, ok := drilledOnce.Load(d.name); ok {
		return made.([]drilled)
	}
	enc := NewEncoder(Fast)
	var made []drilled
	for i, side := range d.sides {
		// Far up, where there are few overviews: drawing them would take most of the time.
		zl, seed := 6, uint64(max(i, 1))
		switch {
		case d.extends && i == 0:
			seed = 99
		case d.extends && i == len(d.sides)-1:
			zl = 7
		}
		content, err := enc.Encode(drilledFile(dds.Layout{Format: dds.BC1, Side: side}, seed))
		if err != nil {
			panic(err)
		}
		made = append(made, drilled{Record{Texture: mustParse(fmt.Sprintf("%d_%d_BI%02d", 16*(i%4), 16*(i/4), zl)), Chunks: 256}, content})
	}
	drilledOnce.Store(d.name, made)
	return made
}

// drilledFile is noise at its largest level and one colour below, so that it takes its room and yet
// its previews are drawn quickly.
func drilledFile(l dds.Layout, seed uint64) []byte {
	file := solidFile(l, uint16(seed))
	off, length := l.Level(0)
	copy(file[off:off+length], ddsFile(l, seed)[off:])
	return file
}

// begin returns the files that there are before the drill.
func (d drill) begin(t *testing.T) map[string][]byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.mbtiles")
	switch {
	case d.extends:
		w := createAt(t, path)
		put(t, w, "0_0_BI06", solidFile(small, 1))
		put(t, w, "48_48_BI06", solidFile(small, 2))
		finish(t, w)
	case d.repacks:
		plain := d
		plain.repacks = false
		if err := plain.build(t.Context(), path, silent); err != nil {
			t.Fatal(err)
		}
	default:
		return nil
	}
	return map[string][]byte{"a.mbtiles": mustRead(t, path)}
}

// build builds what is missing at path and finishes. It says when the file is there, 0, and then
// how many textures are committed.
func (d drill) build(ctx context.Context, path string, say func(committed int)) error {
	if d.repacks {
		return repackInPlace(ctx, path)
	}
	o := d.options
	o.CommitEvery = time.Hour // the steps are the same each time, however slow the machine
	w, err := Create(ctx, path, o)
	if errors.Is(err, ErrExists) {
		return nil
	}
	if err != nil {
		return err
	}
	defer w.Close()
	say(0)
	for i, tex := range d.textures() {
		if has, ok := w.Has(tex.record.Key()); ok && has.SHA256 == tex.content.SHA256() {
			continue
		}
		if err := w.Put(ctx, tex.record, tex.content); err != nil {
			return err
		}
		if i%3 == 2 {
			if err := w.flush(ctx); err != nil {
				return err
			}
			say(i + 1)
		}
	}
	return errors.Join(w.Finish(ctx, map[string]string{"plan": "drill"}), w.Close())
}

func repackInPlace(ctx context.Context, path string) error {
	a, err := Open(ctx, path)
	if err != nil {
		return err
	}
	_, err = a.Repack(ctx, path, CopyOptions{Replace: true, Workers: 1})
	return errors.Join(err, a.Close())
}

func silent(int) {}

// child is build in a process of its own. It waits after all that it says until somebody has read
// it.
func (d drill) child(ctx context.Context, path string) error {
	err := d.build(ctx, path, func(committed int) {
		fmt.Println("committed", committed)
		_, _ = os.Stdin.Read(make([]byte, 1))
	})
	if errors.Is(err, ErrFull) {
		fmt.Println("full")
	}
	return err
}

// drillChild does a drill in a process of its own.
func drillChild(ctx context.Context, name, path string) error {
	d, ok := drillOf(name)
	if !ok {
		return fmt.Errorf("unknown drill %q", name)
	}
	return d.child(ctx, path)
}

// wasKilled reports whether a process was killed.
func wasKilled(s *os.ProcessState) bool {
	status, ok := s.Sys().(syscall.WaitStatus)
	return ok && status.Signal() == syscall.SIGKILL
}

// outcome is what a drill must come to.
type outcome struct {
	digest string // in the end
	before string // of the archive that is extended; empty where there was none
}

// undisturbed runs the drill and returns its outcome.
func (d drill) undisturbed(t *testing.T) outcome {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.mbtiles")
	var o outcome
	for name, b := range d.begin(t) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
		o.before = mustVerify(t, openAt(t, path)).Digest
	}
	if err := d.build(t.Context(), path, silent); err != nil {
		t.Fatal(err)
	}
	o.digest = mustVerify(t, openAt(t, path)).Digest
	return o
}

// survived says what is wrong with the folder after a disturbance: what bears the final name must
// be whole, what was being built must open once it was made, and hold all that was committed.
func (d drill) survived(ctx context.Context, dir string, o outcome, committed int) error {
	path := filepath.Join(dir, "a.mbtiles")
	final, err := inspect(ctx, path)
	switch {
	case (errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnfinished)) && o.before == "": // it is not there yet
	case err != nil:
		return err
	case !final.complete:
		return errors.New("an unfinished archive bears the final name")
	case final.digest != o.digest && final.digest != o.before:
		return fmt.Errorf("the finished archive has digest %s", final.digest)
	}
	part, err := inspect(ctx, path+partSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		if committed >= 0 {
			return fmt.Errorf("%d textures were committed: %w", committed, err)
		}
		return nil // nothing was, and the next build begins anew
	}
	for i := range max(0, committed) {
		if tex := d.textures()[i]; final.sums[tex.record.Name()] != tex.content.SHA256() && part.sums[tex.record.Name()] != tex.content.SHA256() {
			return fmt.Errorf("%s was committed and is lost", tex.record.Texture)
		}
	}
	return nil
}

// state is what an archive was found to be.
type state struct {
	complete bool
	digest   string
	sums     map[string][32]byte
}

// inspect opens and verifies an archive, finished or not.
func inspect(ctx context.Context, path string) (state, error) {
	a, err := OpenWith(ctx, path, ReaderOptions{Readers: 1})
	if err != nil {
		return state{}, err
	}
	defer a.Close()
	r, err := a.Verify(ctx, VerifyOptions{Workers: 1})
	if err == nil && !r.OK {
		err = fmt.Errorf("%s: %v", path, r.Problems)
	}
	s := state{complete: a.complete, digest: r.Digest, sums: make(map[string][32]byte)}
	for e := range a.All() {
		rec, err := a.Record(ctx, e)
		if err != nil {
			return state{}, err
		}
		s.sums[rec.Name()] = rec.SHA256
	}
	return s, err
}

// resumes goes on with what a disturbance left, and says what is wrong with the end.
func (d drill) resumes(ctx context.Context, dir string, o outcome) error {
	path := filepath.Join(dir, "a.mbtiles")
	if err := d.build(ctx, path, silent); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	got, err := inspect(ctx, path)
	if err != nil {
		return fmt.Errorf("resumed: %w", err)
	}
	if !got.complete || got.digest != o.digest {
		return fmt.Errorf("resumed: complete %v, digest %s, want %s", got.complete, got.digest, o.digest)
	}
	entries, err := os.ReadDir(dir)
	// A repack keeps previews in a file without a name, which a power cut may give its name back.
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return d.repacks && strings.HasPrefix(e.Name(), ".xelpack-") })
	if err == nil && len(entries) != 1 {
		err = fmt.Errorf("resumed: left behind: %v", entries)
	}
	return err
}

// eachDrill runs f for every drill, with its outcome and how many steps of it to try: every one, or
// about so many.
func eachDrill(t *testing.T, about int, f func(t *testing.T, d drill, o outcome, try func(n, of int) bool)) {
	if testing.Short() {
		t.Skip("thousands of builds: a drill for the full suite")
	}
	every := os.Getenv(drillVar) != ""
	if !every {
		t.Logf("some %d steps of every drill; make drill-archive tries all of them", about)
	}
	for _, d := range drills {
		t.Run(d.name, func(t *testing.T) {
			o := d.undisturbed(t)
			f(t, d, o, func(n, of int) bool { return every || n%max(1, of/about) == 0 })
		})
	}
}

// disturb runs the drill as a process of its own on a folder of these files, which before may
// refuse steps of or kill it. It returns the folder, how many textures were committed by when, and
// how the process ended.
func (d drill) disturb(t *testing.T, files map[string][]byte, before func(n int, s faultfs.Step, kill func()) syscall.Errno) (*faultfs.FS, map[int]int, ending) {
	t.Helper()
	dir := t.TempDir()
	f, err := faultfs.Mount(dir, files)
	if err != nil {
		t.Skipf("no FUSE here: %v", err)
	}
	started := make(chan struct{}) // its first step may come before Start returns
	var cmd *exec.Cmd
	f.Before(func(n int, s faultfs.Step) syscall.Errno {
		return before(n, s, func() {
			<-started
			_ = cmd.Process.Kill()
		})
	})
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"=drill "+d.name, pathVar+"="+filepath.Join(dir, "a.mbtiles"))
	var said bytes.Buffer
	cmd.Stderr = &said
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
	close(started)
	committed, full := make(map[int]int), false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n := 0
		if _, err := fmt.Sscanf(lines.Text(), "committed %d", &n); err == nil {
			committed[len(f.Steps())] = n
			_, _ = in.Write([]byte{0}) // it may have been killed meanwhile
		}
		full = full || lines.Text() == "full"
	}
	err = cmd.Wait()
	if unmounted := f.Unmount(); unmounted != nil {
		t.Fatal(unmounted)
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	e := ending{full: full, killed: ok && status.Signaled() && status.Signal() == syscall.SIGKILL}
	if err != nil {
		e.err = fmt.Errorf("%w: %s", err, said.String())
	}
	return f, committed, e
}

// ending is how a disturbed process ended.
type ending struct {
	killed bool
	full   bool  // it said that the disk is full
	err    error // with what it said
}

// record runs the drill undisturbed, and returns its steps and how many textures were committed
// after how many of them, -1 for not even the tables.
func (d drill) record(t *testing.T, files map[string][]byte) (steps []faultfs.Step, committed func(n int) int) {
	t.Helper()
	f, marks, end := d.disturb(t, files, func(int, faultfs.Step, func()) syscall.Errno { return 0 })
	if end.err != nil {
		t.Fatal(end.err)
	}
	return f.Steps(), func(n int) int {
		most := -1
		for at, textures := range marks {
			if at <= n {
				most = max(most, textures)
			}
		}
		return most
	}
}

// check puts what a disturbance left into a folder and says what is wrong with it, or with what
// comes of going on with it.
func (d drill) check(t *testing.T, left map[string][]byte, o outcome, committed int) error {
	t.Helper()
	// In memory where there is such a place: there, a sync takes no time.
	dir, err := os.MkdirTemp("/dev/shm", "xelpack-drill-")
	if err != nil {
		dir = t.TempDir()
	}
	defer os.RemoveAll(dir)
	for name, content := range left {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.survived(t.Context(), dir, o, committed); err != nil {
		return err
	}
	return d.resumes(t.Context(), dir, o)
}
