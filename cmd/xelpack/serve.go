package main

import (
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/usage"

	share "github.com/xelpack/xelpack/internal/share/server"
	"github.com/xelpack/xelpack/internal/units"
)

func newServeCommand() *cobra.Command {
	var o share.Options
	var rate, tokenFile string
	cmd := &cobra.Command{
		Use:   "serve DIR",
		Short: "Serve a folder of archives to other computers of the house",
		Long: `Serves the archives of a folder over HTTP, read-only, with their catalogue and page, until
Ctrl-C. On another computer, "xelpack get", "extract" and "mount" take the addresses.

Only this computer reaches it unless --listen names another address. Then everybody needs
the access token, which is part of the address printed at the start. It is another one
each time; --token-file keeps one. For TLS put a web server in front (contrib/Caddyfile).`,
		Example: `  xelpack serve /srv/xelpack
  xelpack serve /srv/xelpack --listen 0.0.0.0:8088 --token-file ~/.config/xelpack/token`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Rate, err = units.ParseBytes(rate); err != nil && rate != "" {
				return usage.Errorf("--rate: %w", err)
			}
			if o.Connections < 1 {
				return usage.Errorf("--connections %d: must be positive", o.Connections)
			}
			o.Dir, o.Note = args[0], notes(cmd.ErrOrStderr())
			return share.Run(cmd.Context(), o, tokenFile, notes(cmd.OutOrStdout()))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Addr, "listen", "127.0.0.1:8088", "serve at `ADDRESS`")
	f.StringVar(&tokenFile, "token-file", "",
		"access token of the server, one line in a `FILE`; made if it does not exist")
	f.StringVar(&rate, "rate", "", "send at most `BYTES` a second, such as 50MB, to all together")
	f.IntVar(&o.Connections, "connections", share.DefaultConnections,
		"serve at most `N` connections at once; further ones wait")
	return cmd
}
