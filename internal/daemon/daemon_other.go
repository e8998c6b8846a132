//go:build !linux

package daemon

import "syscall"

// ownSession is for daemons, which do not exist on systems without mounts.
func ownSession() *syscall.SysProcAttr { return nil }

// alive reports whether process pid is a running xelpack with a mount: there are no mounts on this
// system.
func alive(int) bool { return false }
