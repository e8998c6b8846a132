package plan

import (
	"bufio"
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/units"
)

// WriteText writes the plan for people.
func (p *Plan) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range p.Facts() {
		fmt.Fprintf(b, "%-11s %s\n", f.Name, f.Text)
		if f.Name != factTextures {
			continue
		}
		for _, c := range p.Estimate.ByDetail {
			fmt.Fprintf(b, "  ZL%d k%d    %s from %s, %d px wide\n", c.ZL, c.Detail,
				units.Plural(c.Textures, "texture"), units.Plural(c.Chunks, "chunk"),
				4096>>c.Detail)
		}
	}
	return b.Flush()
}

// WriteList writes a line for each texture: "row col maptype zl k".
func (p *Plan) WriteList(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, it := range p.Items {
		fmt.Fprintf(b, "%d %d %s %d %d\n", it.Row, it.Col, it.Maptype, it.ZL, it.Detail)
	}
	return b.Flush()
}

// Report is the plan as JSON.
type Report struct {
	Estimate
	Notes []string `json:"notes,omitempty"`
}

// Report returns what the plan would fetch and store.
func (p *Plan) Report() Report { return Report{p.Estimate, p.Notes} }
