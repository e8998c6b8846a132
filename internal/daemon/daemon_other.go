//go:build !linux

package daemon

import "syscall"

// ownSession is for daemons, of which there are none where nothing can be mounted.
func ownSession() *syscall.SysProcAttr { return nil }

// alive reports whether process pid is an xelpack that runs: nothing is mounted here that it could
// serve.
func alive(int) bool { return false }
