package filesys

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// There is no share where the tests run: what the system would tell of one is given.
func TestVolumesOfWindows(t *testing.T) {
	for name, tc := range map[string]struct {
		dir, kind string
		drive     uint32
		want      Info
	}{
		"a disk":                   {`C:\Flights`, "NTFS", 3, Info{Kind: "ntfs"}},
		"a stick":                  {`E:\`, "FAT32", 2, Info{Kind: "fat32", MaxFile: fatMaxFile}},
		"a share with a letter":    {`Z:\Flights`, "NTFS", 4, Info{Kind: "ntfs", Network: true}},
		"one that is silent":       {`Z:\Flights`, "", 4, Info{Kind: "share", Network: true}},
		"a share":                  {`\\nas\flights\2026`, "NTFS", 4, Info{Kind: "ntfs", Network: true}},
		"a share, nothing told":    {`\\nas\flights`, "", 0, Info{Kind: "share", Network: true}},
		"with other slashes":       {`//nas/flights`, "", 1, Info{Kind: "share", Network: true}},
		"a long path on a share":   {`\\?\unc\nas\flights`, "", 0, Info{Kind: "share", Network: true}},
		"a long path":              {`\\?\C:\Flights`, "exFAT", 3, Info{Kind: "exfat"}},
		"a device":                 {`\\.\C:\Flights`, "", 0, Info{}},
		"nothing told":             {`C:\Flights`, "", 0, Info{}},
		"a folder with that name":  {`C:\UNC\nas`, "NTFS", 3, Info{Kind: "ntfs"}},
		"a path of another system": {"/home/a", "", 0, Info{}},
	} {
		t.Run(name, func(t *testing.T) {
			var got Info
			got.volume(tc.dir, func(dir string) (string, uint32) {
				if dir != tc.dir {
					t.Errorf("asked for %s, want %s", dir, tc.dir)
				}
				return tc.kind, tc.drive
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.dir, diff)
			}
		})
	}
}
