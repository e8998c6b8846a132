//go:build winfsp && linux

package mount

import "testing"

// The suite that every mount passes, and what else is known of mounts, through the other driver. A
// real file that is replaced while it is open is left out (TestReplacedFile): the page cache goes by
// paths there, so that who has the old file open reads the new one.
func TestThroughCgofuse(t *testing.T) {
	before := newDriver
	newDriver = newCgoFuse
	defer func() { newDriver = before }()
	for name, test := range map[string]func(*testing.T){
		"archived": TestArchivedTextures, "listing": TestArchivedListing, "damaged": TestDamagedArchive,
		"real archive": TestRealArchive, "scenery": TestScenery, "scenery listing": TestSceneryListing,
		"archives first": TestPreferArchive, "links": TestSceneryLinks,
		"many names": TestManyNames, "new file": TestRealTextureAppears, "live": TestLiveTextures,
		"disk cache": TestDiskCache,
	} {
		t.Run(name, test)
	}
}
