package main

import (
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/daemon"
)

// daemonOptions are the flags for running in the background.
type daemonOptions struct {
	Daemon bool
	daemon.Options
}

func (o *daemonOptions) register(f *pflag.FlagSet) {
	f.BoolVar(&o.Daemon, "daemon", false,
		"run in the background once the mount is ready; \"xelpack umount\" ends it")
	f.StringVar(&o.Log, "log", "",
		"with --daemon, the `FILE` for its messages (default in ~/.local/state/xelpack)")
	f.StringVar(&o.PIDFile, "pid-file", "",
		"with --daemon, the `FILE` for its process number (default beside the log)")
}
