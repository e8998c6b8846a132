package plan

import (
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/filesys"
)

// Nothing is said of a local disk: an owner of one learns nothing from it.
func TestDisksAreTold(t *testing.T) {
	for name, tc := range map[string]struct {
		disk filesys.Info
		want string
	}{
		"a local disk":  {filesys.Info{Kind: "ntfs"}, ""},
		"network drive": {filesys.Info{Kind: "smb", Network: true}, "is on a network drive (smb)"},
		"OneDrive":      {filesys.Info{Cloud: "OneDrive"}, "belongs to OneDrive"},
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			p := Plan{Options: Options{Note: func(s string) { told = append(told, s) }}}
			p.noteDisk(tc.disk)
			if said := strings.Join(told, "\n"); (said == "") != (tc.want == "") ||
				!strings.Contains(said, tc.want) {
				t.Errorf("said %q, want %q", said, tc.want)
			}
		})
	}
}
