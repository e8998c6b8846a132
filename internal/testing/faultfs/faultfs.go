// Package faultfs is a folder for tests that fails on purpose. It is a real file system, mounted
// through FUSE, so that real processes and the real SQLite use it by real system calls; its files
// are in memory. It counts and records every change and every sync in order. A test may refuse one,
// or kill the process that asks for it. From the record, After computes what a power cut would have
// left.
//
//	f, err := faultfs.Mount(dir, nil)
//	defer f.Unmount()
//	f.Before(func(n int, s faultfs.Step) syscall.Errno {
//		if n >= 17 && s.Grows {
//			return syscall.ENOSPC
//		}
//		return 0
//	})
//
// The folder has no sub-folders. The process that mounted it must let other processes use it: one
// that is killed, or ends, while it waits for its own answer never goes away. Files returns the
// content.
package faultfs

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"maps"
	"slices"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Kind is a kind of step.
type Kind uint8

// The kinds of steps.
const (
	Create Kind = iota
	Write
	Truncate
	Rename
	Remove
	SyncFile
	SyncFolder
)

// String returns the kind's name for messages.
func (k Kind) String() string {
	return [...]string{"create", "write", "truncate", "rename", "remove", "sync",
		"sync the folder"}[k]
}

// Step is one change of the folder, or one sync.
type Step struct {
	Kind  Kind
	Name  string // last known name of the file; empty for the folder
	To    string // Rename only
	Off   int64  // offset of Write; new length of Truncate
	Data  []byte // Write only
	Grows bool   // it takes disk space

	inode int
}

// String describes the step.
func (s Step) String() string {
	switch s.Kind {
	case Write:
		return fmt.Sprintf("write %s %d+%d", s.Name, s.Off, len(s.Data))
	case Truncate:
		return fmt.Sprintf("truncate %s to %d", s.Name, s.Off)
	case Rename:
		return fmt.Sprintf("rename %s to %s", s.Name, s.To)
	}
	return fmt.Sprintf("%v %s", s.Kind, s.Name)
}

// FS is the mounted folder. Safe for concurrent use.
type FS struct {
	dir    string
	server *fuse.Server
	root   *folder

	mu     sync.Mutex
	files  map[string]*file
	inodes int
	steps  []Step
	before func(n int, s Step) syscall.Errno
}

// Mount mounts a folder with these files at dir, which must exist. They count as synced. The caller
// must Unmount it.
func Mount(dir string, files map[string][]byte) (*FS, error) {
	f := &FS{dir: dir, files: make(map[string]*file)}
	f.root = &folder{f: f}
	options := &fs.Options{NullPermissions: true, Logger: log.New(io.Discard, "", 0)}
	server, err := fuse.NewServer(fs.NewNodeFS(f.root, options), dir, &fuse.MountOptions{
		FsName: "faultfs", Name: "faultfs", DirectMount: true, MaxWrite: 1 << 20, DisableXAttrs: true, Logger: options.Logger,
	})
	if err != nil {
		return nil, err
	}
	f.server = server
	go server.Serve()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f.root.add(name, bytes.Clone(files[name]))
	}
	return f, nil
}

// Unmount ends the mount. No file may be open.
func (f *FS) Unmount() error { return f.server.Unmount() }

// Before sets ask to be called before each step with its number, counted from 0. If it returns an
// errno other than 0, the step fails with it, does not happen, and is not counted.
func (f *FS) Before(ask func(n int, s Step) syscall.Errno) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = ask
}

// Steps returns the steps so far.
func (f *FS) Steps() []Step {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.steps)
}

// Files returns the content of the folder: what remains if all its users are killed.
func (f *FS) Files() map[string][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	files := make(map[string][]byte, len(f.files))
	for name, n := range f.files {
		files[name] = bytes.Clone(n.data)
	}
	return files
}

// do performs a step, unless it is refused.
func (f *FS) do(s Step, apply func()) syscall.Errno {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before != nil {
		if errno := f.before(len(f.steps), s); errno != 0 {
			return errno
		}
	}
	f.steps = append(f.steps, s)
	apply()
	return 0
}
