package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/pkg/fetch"
)

func newProvidersCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "providers",
		Short:   "List the imagery providers",
		Long:    "Lists the imagery providers that xelpack knows: id, maptype, zoom levels, coverage, licence, and whether what is built may be passed on.",
		Example: "  xelpack providers --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listProviders(cmd.OutOrStdout(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func listProviders(w io.Writer, asJSON bool) error {
	type row struct {
		ID              string `json:"id"`
		Code            string `json:"code"`
		Name            string `json:"name"`
		MinZL           uint8  `json:"min_zl"`
		MaxZL           uint8  `json:"max_zl"`
		Coverage        string `json:"coverage"`
		Licence         string `json:"licence"`
		Attribution     string `json:"attribution"`
		Redistributable bool   `json:"redistributable"`
	}
	var rows []row
	for _, p := range fetch.Providers() {
		rows = append(rows, row{p.ID, p.Code, p.Name, uint8(p.MinZL), uint8(p.MaxZL), p.Coverage, p.Licence, p.Attribution, p.Redistributable})
	}
	if asJSON {
		return json.NewEncoder(w).Encode(rows)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tCODE\tZL\tCOVERAGE\tLICENCE\tPASS ON")
	for _, r := range rows {
		may := "no"
		if r.Redistributable {
			may = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%d-%d\t%s\t%s\t%s\n", r.ID, r.Code, r.MinZL, r.MaxZL, r.Coverage, r.Licence, may)
	}
	return t.Flush()
}
