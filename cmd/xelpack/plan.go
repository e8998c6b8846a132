package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/pkg/fetch"
)

// planOptions are the flags of plan.
type planOptions struct {
	selectionOptions
	fetchOptions
	JSON bool
	List bool
}

func newPlanCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say what would be built",
		Long: `Says what a build of the same selection would fetch and store. Nothing is fetched.

With --json: textures, chunks, requests, download_bytes, store_bytes, seconds and by_detail. With --list: a line a texture, "row col maptype zl k", in the
order in which they would be built; a texture of detail k is built from chunks at ZL-k and is 4096>>k pixels wide.`,
		Example: `  xelpack plan --route flight.geojson --scenery ~/scenery/zzXEL_eur_ortho
  xelpack plan --bbox 5.5,43,7.5,44.5 --zoom 16 --provider eox --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPlan(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.selectionOptions.register(cmd.Flags())
	o.fetchOptions.register(cmd.Flags())
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print the plan as JSON")
	cmd.Flags().BoolVar(&o.List, "list", false, "print a line a texture: row col maptype zl k")
	cmd.MarkFlagsMutuallyExclusive("json", "list")
	return cmd
}

func runPlan(ctx context.Context, o planOptions, stdout, stderr io.Writer) error {
	plan, err := makePlan(ctx, o.selectionOptions, o.fetchOptions, stderr)
	if err != nil {
		return err
	}
	switch {
	case o.List:
		w := bufio.NewWriter(stdout)
		for _, it := range plan.Items {
			fmt.Fprintf(w, "%d %d %s %d %d\n", it.Row, it.Col, it.Maptype, it.ZL, it.Detail)
		}
		return w.Flush()
	case o.JSON:
		return json.NewEncoder(stdout).Encode(plan.Estimate)
	default:
		return plan.print(stdout)
	}
}

// plan is a selection, where its imagery comes from and what it costs.
type plan struct {
	selected
	Provider fetch.Provider
	Estimate estimate
}

func makePlan(ctx context.Context, so selectionOptions, fo fetchOptions, stderr io.Writer) (plan, error) {
	if err := so.validate(); err != nil {
		return plan{}, err
	}
	if err := fo.validate(); err != nil {
		return plan{}, err
	}
	packages, err := openScenery(ctx, so.Scenery, stderr)
	if err != nil {
		return plan{}, err
	}
	provider, err := fo.lookup(packages, stderr)
	if err != nil {
		return plan{}, err
	}
	s, err := so.resolve(ctx, packages, provider.Code)
	if err != nil {
		return plan{}, err
	}
	return plan{s, provider, estimatePlan(s.Items, provider, fo.Concurrency)}, nil
}

// print writes the plan for people.
func (p plan) print(w io.Writer) error {
	e := p.Estimate
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "provider    %s (%s)\n", p.Provider.ID, p.Provider.Name)
	fmt.Fprintf(b, "textures    %s\n", countText(e.Textures))
	if p.Real > 0 {
		fmt.Fprintf(b, "            and %s that the scenery holds as real files\n", countText(p.Real))
	}
	for _, c := range e.ByDetail {
		fmt.Fprintf(b, "  ZL%d k%d    %s from %s, %d px wide\n", c.ZL, c.Detail, plural(c.Textures, "texture"), plural(c.Chunks, "chunk"), 4096>>c.Detail)
	}
	fmt.Fprintf(b, "chunks      %s", countText(e.Chunks))
	if e.Requests != e.Chunks {
		fmt.Fprintf(b, ", enlarged from %s at the provider's deepest zoom level, %d", countText(e.Requests), p.Provider.MaxZL)
	}
	fmt.Fprintf(b, "\ndownload    about %s\narchive     about %s\ntime        about %s\n",
		bytesText(e.DownloadBytes), bytesText(e.StoreBytes), durationText(time.Duration(e.Seconds*float64(time.Second))))
	return b.Flush()
}
