package install

import (
	"fmt"

	"github.com/xelpack/xelpack/internal/units"
)

// Text says what was done, or with dry what would be, in one line.
func (r Report) Text(dry bool) string {
	text := units.Plural(r.Installed, "texture") + " installed"
	if r.Archive == "" && r.Installed == 0 {
		text = "nothing is installed"
	}
	if dry {
		text = "would be: " + text
	}
	for _, part := range [...]struct {
		n    int
		what string
	}{
		{r.Linked, "linked"}, {r.Removed, "removed"}, {r.SetAside, "of the package set aside"},
		{r.Restored, "put back"}, {len(r.Left), "left as they are"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %s %s", units.Count(part.n), part.what)
		}
	}
	if r.Archive != "" {
		text += fmt.Sprintf("; %s written", units.Plural(r.Written, "file"))
		if r.Written > 0 {
			text += ", " + units.Bytes(r.WrittenBytes)
		}
	}
	return r.Textures + ": " + text
}
