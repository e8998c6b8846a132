package main

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/farm"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
)

// registerFarmServer registers the flags about access to a farm's NATS server.
func registerFarmServer(f *pflag.FlagSet, o *farm.Server) {
	f.StringVar(&o.Token, "farm-token", "", "`TOKEN` of the NATS server (better in XELPACK_FARM_TOKEN)")
	f.StringVar(&o.Creds, "farm-creds", "", "`FILE` with NATS credentials, or with the seed of an nkey")
	f.StringVar(&o.CA, "farm-ca", "", "`FILE` with certificates that the NATS server's must be signed by")
}

// farmFlags are build's flags about a farm.
type farmFlags struct {
	farm.Options
	audit string
	given func(flag string) bool
}

func (o *farmFlags) register(f *pflag.FlagSet) {
	f.StringVar(&o.Server.URL, "farm", "", "build with many machines: the `URL` of a NATS server, or local for "+
		"workers in processes of this machine")
	f.IntVar(&o.Workers, "farm-workers", 0, "workers of --farm local (default one a processor)")
	f.StringVar(&o.Shares, "shares", "", "a `FOLDER` that all machines see, for shares instead of the NATS server's store")
	f.StringVar(&o.audit, "audit", "0%", "`SHARE` of the jobs that another worker builds again, to be compared")
	f.BoolVar(&o.Trusted, "farm-trusted", false, "secrets in the provider's address may be given to all workers")
	registerFarmServer(f, &o.Server)
	cli.Explicit(f, "farm-trusted")
	o.given = f.Changed
}

func (o *farmFlags) parse() (err error) {
	if o.Server.URL == "" {
		for _, name := range [...]string{"farm-workers", "shares", "audit", "farm-trusted", "farm-token",
			"farm-creds", "farm-ca"} {
			if o.given(name) {
				return usage.Errorf("--%s is about a farm: give --farm as well", name)
			}
		}
		return nil
	}
	part, err := strconv.ParseFloat(strings.TrimSuffix(o.audit, "%"), 64)
	if err != nil || !strings.HasSuffix(o.audit, "%") {
		return usage.Errorf("--audit %q: want a percentage such as 2%%", o.audit)
	}
	o.Audit = part / 100
	return o.Validate()
}

func newWorkerCommand() *cobra.Command {
	o := farm.WorkerOptions{Jobs: 2}
	untilEnd := false
	cmd := &cobra.Command{
		Use:   "worker nats://HOST:4222",
		Short: "Help with the builds of a farm",
		Long: `Takes jobs of "xelpack build --farm" from a NATS server, builds them and sends them back.
It waits for builds, and for the server, until it is ended. It leaves cleanly on SIGTERM and
may be killed at any moment. See docs/farm.md.`,
		Example: `  xelpack worker nats://192.168.1.10:4222 --jobs 2
  XELPACK_FARM_TOKEN=… xelpack worker tls://farm.example.org:4222`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Server.URL, o.Note = args[0], notes(cmd.ErrOrStderr())
			if o.Jobs < 1 || o.Jobs > 64 {
				return usage.Errorf("--jobs %d: must be between 1 and 64", o.Jobs)
			}
			if err := o.Server.Validate(); err != nil {
				return err
			}
			if untilEnd {
				ended := make(chan struct{})
				o.Until = ended
				go func() { _, _ = io.Copy(io.Discard, os.Stdin); close(ended) }()
			}
			return farm.Work(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Jobs, "jobs", o.Jobs, "jobs built at once")
	f.IntVar(&o.Imagery.Concurrency, "concurrency", 0, "requests in flight at once (default 16 per processor)")
	f.BoolVar(&o.Imagery.NoStore, "no-store", false, "do not use the store of fetched chunks")
	f.BoolVar(&untilEnd, "until-input-ends", false, "leave when standard input ends")
	_ = f.MarkHidden("until-input-ends")
	registerFarmServer(f, &o.Server)
	return cmd
}

func newFarmCommand() *cobra.Command {
	var server farm.Server
	asJSON := false
	status := &cobra.Command{
		Use:     "status nats://HOST:4222",
		Short:   "Show the builds and the workers of a farm",
		Example: "  xelpack farm status nats://192.168.1.10:4222",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server.URL = args[0]
			if err := server.Validate(); err != nil {
				return err
			}
			list, err := farm.Look(cmd.Context(), server)
			if err != nil {
				return err
			}
			return report.Write(cmd.OutOrStdout(), asJSON, list,
				func(w io.Writer) error { return farm.WriteText(w, list) })
		},
	}
	status.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	registerFarmServer(status.Flags(), &server)
	cmd := &cobra.Command{Use: "farm", Short: "Builds by many machines", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(status)
	return cmd
}
