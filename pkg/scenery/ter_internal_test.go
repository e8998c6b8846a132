package scenery

import (
	"path"
	"strings"
	"testing"
)

// FuzzTer looks for text that makes the parser name something outside the textures folder, or
// panic.
func FuzzTer(f *testing.F) {
	f.Add("A\r\n800\r\nTERRAIN\r\n\r\nBASE_TEX ../textures/23952_33712_BI16.dds\r\n")
	f.Add("BASE_TEX_NOWRAP ..\\textures\\..\\../x/23952_33712_BI16.dds")
	f.Add("WATER_COLOR_MASK\nBASE_TEX C:/23952_33712_BI16.dds")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseTer([]byte(text))
		if err != nil {
			return
		}
		n, ok, err := parsed.named(terrainFolder, "a.ter")
		if err != nil && ok {
			t.Fatalf("both %v and an error: %v", n, err)
		}
		if !ok {
			return
		}
		if path.Base(n.File) != n.File || strings.ContainsAny(n.File, "\x00/\\\r\n") {
			t.Errorf("%q is named, which is no plain file name", n.File)
		}
		if err := n.Valid(); err != nil {
			t.Errorf("%q: %v", n.File, err)
		}
	})
}
