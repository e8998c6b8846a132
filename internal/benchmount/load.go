package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// roleFlag as the first argument makes this program one of the processes that a measurement needs.
const roleFlag = "-role"

// playRole does what a process that was started for a measurement is for, and reports whether this is one.
func playRole() (bool, error) {
	if len(os.Args) < 3 || os.Args[1] != roleFlag {
		return false, nil
	}
	switch role := os.Args[2]; role {
	case "bare":
		return true, serveBare(os.Args[3], os.Args[4])
	case "load":
		var l load
		if err := json.NewDecoder(os.Stdin).Decode(&l); err != nil {
			return true, err
		}
		done, err := l.perform()
		return true, errors.Join(err, json.NewEncoder(os.Stdout).Encode(done))
	default:
		return true, fmt.Errorf("role %q is unknown", role)
	}
}

// load is what a reader process does to some files.
type load struct {
	Op       string // whole, tails, stat, open, list, spin
	Paths    []string
	Parallel int
	Count    int // of files touched, taken at random; 0: each once, in order
}

// done says how that went.
type done struct {
	Seconds float64
	Bytes   int64
	Files   int
	Times   []time.Duration // of each file, sorted
}

func (d done) percentile(p float64) time.Duration { return d.Times[int(p*float64(len(d.Times)-1))] }

// start starts a reader process.
func (l load) start() (wait func() (done, error), kill func(), err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(exe, roleFlag, "load")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	if err := json.NewEncoder(in).Encode(l); err != nil {
		return nil, nil, err
	}
	return func() (d done, err error) {
		err = json.NewDecoder(out).Decode(&d)
		return d, errors.Join(err, cmd.Wait())
	}, func() { _ = errors.Join(cmd.Process.Kill(), cmd.Wait()) }, nil
}

// run has a reader process do it.
func (l load) run() (done, error) {
	wait, _, err := l.start()
	if err != nil {
		return done{}, err
	}
	return wait()
}

func (l load) perform() (done, error) {
	files := l.Paths
	if l.Count > 0 {
		files = make([]string, l.Count)
		for i := range files {
			files[i] = l.Paths[rand.IntN(len(l.Paths))]
		}
	}
	touch := map[string]func(string, []byte) (int, error){"whole": readWhole, "tails": readTail, "stat": statOnly, "open": openOnly, "list": listOnly, "spin": spin}[l.Op]
	next := make(chan string, len(files))
	for _, f := range files {
		next <- f
	}
	close(next)
	var mu sync.Mutex
	d := done{Files: len(files)}
	var g errgroup.Group
	start := time.Now()
	for range l.Parallel {
		g.Go(func() error {
			buf := make([]byte, 1<<20)
			var times []time.Duration
			var bytes int64
			for path := range next {
				began := time.Now()
				n, err := touch(path, buf)
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				times = append(times, time.Since(began))
				bytes += int64(n)
			}
			mu.Lock()
			defer mu.Unlock()
			d.Times, d.Bytes = append(d.Times, times...), d.Bytes+bytes
			return nil
		})
	}
	err := g.Wait()
	d.Seconds = time.Since(start).Seconds()
	slices.Sort(d.Times)
	return d, err
}

func readWhole(path string, buf []byte) (total int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	for {
		n, err := unix.Read(fd, buf)
		if err != nil || n == 0 {
			return total, err
		}
		total += n
	}
}

// readTail reads the header and the levels of 512 px and less, and drops what the kernel has cached, so that it must ask again.
func readTail(path string, buf []byte) (int, error) {
	const small = 174_776
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	defer func() { _ = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, err
	}
	if n, err := unix.Pread(fd, buf[:128], 0); err != nil || n != 128 {
		return 0, fmt.Errorf("header: %d bytes, %w", n, err)
	}
	n, err := unix.Pread(fd, buf[:small], max(0, st.Size-small))
	if err == nil && n != small {
		err = fmt.Errorf("tail: %d bytes", n)
	}
	return 128 + n, err
}

func statOnly(path string, _ []byte) (int, error) {
	var st unix.Stat_t
	return 0, unix.Lstat(path, &st)
}

func openOnly(path string, _ []byte) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	return 0, unix.Close(fd)
}

func listOnly(path string, _ []byte) (int, error) {
	entries, err := os.ReadDir(path)
	return len(entries), err
}

// spin computes for a moment, as a simulator does; it needs no file.
func spin(_ string, buf []byte) (int, error) {
	sum := sha256.Sum256(buf)
	copy(buf, sum[:])
	return len(buf), nil
}
