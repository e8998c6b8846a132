package mount

import (
	"log/slog"
	"os"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
)

// newDriver makes the driver of this system's mounts. The mount is there when it returns.
var newDriver = newGoFuse

// goFuse is the driver through go-fuse.
type goFuse struct {
	*tree
	owner       fuse.Owner
	server      *fuse.Server
	root        *dirNode
	passthrough passthrough
}

func newGoFuse(t *tree, mountpoint string, o *Options) (driver, error) {
	g := &goFuse{tree: t, owner: fuse.Owner{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())}}
	g.root = &dirNode{node: node{fsys: g}}
	var err error
	g.server, err = fuse.NewServer(g.observe(fs.NewNodeFS(g.root, g.nodeOptions())), mountpoint,
		g.mountOptions(o))
	if err != nil {
		return nil, err
	}
	g.passthrough.devices = make(map[uint64]bool)
	g.passthrough.offered = g.server.KernelSettings().Flags64()&fuse.CAP_PASSTHROUGH != 0
	return g, nil
}

func (g *goFuse) serve() { g.server.Serve() }

func (g *goFuse) appeared(names []string) {
	if textures := g.root.GetChild(texturesName); textures != nil {
		for _, name := range names {
			_ = textures.NotifyEntry(name) // fails if the kernel has forgotten the name
		}
	}
}

func (g *goFuse) nodeOptions() *fs.Options {
	timeout, negative := sceneryTimeout, sceneryTimeout
	if len(g.scenery) == 0 {
		timeout, negative = announced, announced
	}
	return &fs.Options{
		EntryTimeout: &timeout, AttrTimeout: &timeout, NegativeTimeout: &negative,
		NullPermissions: true,
		RootStableAttr:  &fs.StableAttr{Ino: fuse.FUSE_ROOT_ID},
		Logger:          slog.NewLogLogger(g.log.Handler(), slog.LevelInfo),
	}
}

func (g *goFuse) mountOptions(o *Options) *fuse.MountOptions {
	m := &fuse.MountOptions{
		FsName: mounts.Type, Name: mounts.Type,
		AllowOther:    o.AllowOther,
		MaxBackground: maxBackground,
		MaxWrite:      maxRead,
		DisableXAttrs: true, // ls asks for them for every file
		// Listings carry attributes only for callers that ask for them.
		ExtraCapabilities: fuse.CAP_READDIRPLUS_AUTO,
		Options:           []string{"ro", "default_permissions"},
		Logger:            slog.NewLogLogger(g.log.Handler(), slog.LevelInfo),
	}
	if _, err := mounts.Fusermount(); err != nil {
		m.DirectMountStrict = true // check has found that this process may
	}
	return m
}
