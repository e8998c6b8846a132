package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// bareNode is go-fuse's loopback without kernel pass-through: this process reads its files.
type bareNode struct{ fs.LoopbackNode }

var (
	_ fs.NodeOpener      = (*bareNode)(nil)
	_ fs.NodeWrapChilder = (*bareNode)(nil)
	_ fs.FileReader      = bareFile(0)
	_ fs.FileReleaser    = bareFile(0)
)

func (n *bareNode) WrapChild(_ context.Context, ops fs.InodeEmbedder) fs.InodeEmbedder {
	child := &bareNode{}
	child.RootData = ops.(*fs.LoopbackNode).RootData
	return child
}

func (n *bareNode) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	fd, err := syscall.Open(n.RootData.Path+"/"+n.Path(n.Root()), int(flags)&^syscall.O_APPEND, 0)
	return bareFile(fd), fuse.FOPEN_KEEP_CACHE, fs.ToErrno(err)
}

// bareFile is a descriptor.
type bareFile int

func (f bareFile) Read(_ context.Context, buf []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return fuse.ReadResultFd(uintptr(f), off, len(buf)), fs.OK
}

func (f bareFile) Release(context.Context) syscall.Errno { return fs.ToErrno(syscall.Close(int(f))) }

// serveBare mounts dir at mountpoint with the same options as xelpack's mount until it is
// interrupted.
func serveBare(dir, mountpoint string) error {
	data := &fs.LoopbackRoot{Path: dir}
	timeout := 24 * time.Hour
	root := &bareNode{}
	root.RootData, data.RootNode = data, root
	server, err := fs.Mount(mountpoint, root, &fs.Options{
		EntryTimeout: &timeout, AttrTimeout: &timeout, NegativeTimeout: &timeout, NullPermissions: true,
		MountOptions: fuse.MountOptions{
			FsName: "bare", Name: "bare", MaxBackground: 1024, MaxWrite: 1 << 20, DisableXAttrs: true,
			ExtraCapabilities: fuse.CAP_READDIRPLUS_AUTO, DirectMountStrict: true, Options: []string{"ro"},
		},
	})
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	go func() {
		for range stop {
			_ = server.Unmount()
		}
	}()
	server.Wait()
	return nil
}
