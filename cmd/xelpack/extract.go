package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// extractOptions are the flags of extract.
type extractOptions struct {
	selectionOptions
	Output string
}

func newExtractCommand() *cobra.Command {
	var o extractOptions
	cmd := &cobra.Command{
		Use:   "extract ARCHIVE -o FILE.mbtiles",
		Short: "Copy part of an archive into a new one",
		Long: `Copies those textures of an archive that a route, an area or an outline selects into a new archive, as they are stored. Every texture is compared with its
hash on the way: damage is not passed on.`,
		Example: `  xelpack extract europe.mbtiles --route flight.fms -o flight.mbtiles
  xelpack extract europe.mbtiles --bbox 8,41,10,43.2 -o corsica.mbtiles`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchive(cmd.Context(), args[0], func(a *mbtiles.Archive) error {
				return runExtract(cmd.Context(), o, a, cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	cmd.Flags().StringVarP(&o.Output, "output", "o", "", "archive to make, a `FILE` that ends in .mbtiles")
	o.registerArea(cmd.Flags())
	return cmd
}

func runExtract(ctx context.Context, o extractOptions, a *mbtiles.Archive, stdout, stderr io.Writer) error {
	switch {
	case o.Output == "":
		return usageErrorf("where to? give -o FILE.mbtiles")
	case len(o.Routes) == 0 && o.BBox == "" && o.Region == "":
		return usageErrorf("which part? give --route FILE, --bbox W,S,E,N or --region FILE")
	}
	if err := o.validateArea(); err != nil {
		return err
	}
	if err := outputFolder(o.Output); err != nil {
		return err
	}
	g, err := o.ground(stderr)
	if err != nil {
		return err
	}
	s := tiles.Selection{Regions: g.Regions, Paths: g.Paths, Candidates: []tiles.Texture{}}
	for e := range a.All() {
		s.Candidates = append(s.Candidates, e.Texture)
	}
	items, err := s.Plan(ctx)
	if err != nil {
		return err
	}
	info, err := a.Info(ctx)
	if err != nil {
		return err
	}
	w, err := mbtiles.Create(ctx, o.Output, mbtiles.WriterOptions{QueueBytes: writerQueue})
	if err != nil {
		return err
	}
	err = copyTextures(ctx, w, a, items)
	if err == nil {
		err = w.Finish(ctx, inherited(info.Metadata))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %s of %s\n", o.Output, plural(len(items), "texture"), countText(a.Len()))
	return err
}

func copyTextures(ctx context.Context, w *mbtiles.Writer, a *mbtiles.Archive, items []tiles.Item) error {
	for _, it := range items {
		if _, ok := w.Has(it.Key()); ok {
			continue // by an extraction that was interrupted
		}
		e, _ := a.Lookup(it.Key())
		record, err := a.Record(ctx, e)
		if err != nil {
			return err
		}
		content, err := a.Content(ctx, e)
		if err != nil {
			return err
		}
		if err := w.Put(ctx, record, content); err != nil {
			return err
		}
	}
	return nil
}

// inherited are the rows about imagery and making that hold for a part as for the whole.
func inherited(metadata map[string]string) map[string]string {
	kept := maps.Clone(metadata)
	maps.DeleteFunc(kept, func(name, _ string) bool {
		switch name {
		case "attribution", "description", "xelpack:providers", "xelpack:licence", "xelpack:redistributable", "xelpack:encoder", "xelpack:jpeg_decoder":
			return false
		}
		return true
	})
	return kept
}
