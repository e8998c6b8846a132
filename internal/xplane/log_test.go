package xplane_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/xelpack/xelpack/internal/xplane"
)

// TestLog reads lines of the forms that X-Plane 11 and 12 write.
func TestLog(t *testing.T) {
	text := "log.txt for X-Plane 12.4.3-r1\r\n" +
		"0:00:07.378 I/SCN: DSF load time: 7807686 for file Custom Scenery/z ö sa/Earth nav data/-10-060/-03-060.dsf (345752 tris, 1 skipped for -0.6 m^2)\r\n" +
		"0:00:08.378 I/SCN: DSF load time: 4112 for file Custom Scenery/Global Airports/Earth nav data/+40+010/+47+011.dsf (0 tris)\n" +
		strings.Repeat("x", 200_000) + "\n" +
		strings.Repeat(
			"0:00:09.378 E/SCN: ***Error with scenery file \"-05-060.dsf\" (io_dsf.cpp:776.)***\n"+
				"0:00:09.378 E/SCN: The terrain file 'terrain/33632_21968_BI16_water_overlay.ter' could not be loaded.\n"+
				"0:00:09.378 E/SCN: \n"+
				"0:00:09.378 E/SYS: MACIBM_alert: Error loading the scenery package: Custom Scenery/z ö sa/\n"+
				"0:00:09.378 E/SYS: MACIBM_alert: X-Plane cannot run with this package installed. You may need to remove the custom scenery package.\n", 2) +
		"3046 1:27:55.667 E/SCN: DSF load failed, file=Custom Scenery/XPME_North_America/Earth nav data/+30-110/+38-108.dsf, err=1 (dsf_ErrCouldNotOpenFile).\n" +
		"WARNING: we are missing the texture: Custom Scenery/z ö sa/textures/162736_79472_BI18.dds.\n" +
		"WARNING: we are missing the texture: Custom Scenery/z ö sa/textures/162736_79472_BI18.dds.\n" +
		"WARNING: we are missing the texture: Custom Scenery/z ö sa/textures/40816_19920_BI16.dds.\n" +
		"2:41:31.677 E/TEX: Fatal error when loading: Custom Scenery/z_ao_eur/textures/23952_36368_BI16.dds (EXCEPTION_IN_PAGE_ERROR, NTSTATUS=0xC0000185)\n" +
		"2:44:37.362 W/TEX: DDS file Custom Scenery/z_na_07/textures/24992_18944_BI16.dds declares 11 mips, provides 11 mips, we expected 13 mips\n" +
		"--=={This application has crashed!}==--"
	x := install(t, map[string]string{"Log.txt": text})
	got, err := x.Log(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &xplane.Log{
		Written: got.Written, Crashed: true, Meshes: 2, Total: 7811798 * time.Microsecond,
		Slowest:     "Custom Scenery/z ö sa/Earth nav data/-10-060/-03-060.dsf",
		SlowestFor:  7807686 * time.Microsecond,
		Terrain:     xplane.Some{First: []string{"Custom Scenery/z ö sa/terrain/33632_21968_BI16_water_overlay.ter"}, Count: 1},
		MeshFailed:  xplane.Some{First: []string{"Custom Scenery/XPME_North_America/Earth nav data/+30-110/+38-108.dsf"}, Count: 1},
		TextureGone: xplane.Some{First: []string{"Custom Scenery/z ö sa/textures/162736_79472_BI18.dds", "Custom Scenery/z ö sa/textures/40816_19920_BI16.dds"}, Count: 2},
		TextureBad:  xplane.Some{First: []string{"Custom Scenery/z_ao_eur/textures/23952_36368_BI16.dds"}, Count: 1},
		FewMips:     xplane.Some{First: []string{"Custom Scenery/z_na_07/textures/24992_18944_BI16.dds"}, Count: 1},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(xplane.Some{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Written.IsZero() {
		t.Error("no time")
	}
}
