package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/guard"
	"github.com/xelpack/xelpack/internal/testing/magick"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/port"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/internal/testing/simbrieftest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) {
	guard.Start()
	counted()
	testscript.Main(m, map[string]func(){"xelpack": main})
}

// TestScripts drives the command as users do. Every script has an imagery server of its own at
// $SERVER, ports of its own ($PORT, $PORT2, $PORT3), a scenery package of nine ground textures and
// an airport in $WORK/scenery, and a route far enough from it that its textures are small
// (far.geojson).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Files:               scripts(t),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values[patienceKey{}] = patience.For(t)
			for _, name := range []string{"PORT", "PORT2", "PORT3"} { // that nobody listens at
				env.Setenv(name, strconv.Itoa(port.Free(t)))
			}
			return setupScript(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fault":    cmdFault,
			"requests": cmdRequests,
			"await":    cmdAwait,
			"magick":   cmdMagick,
			"onsmall":  cmdOnSmall,
			"texture":  cmdTexture,
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "fuse":
				_, err := os.Stat("/dev/fuse")
				return err == nil && runtime.GOOS == "linux", nil // wine shows it, too
			case "smalldisk":
				return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs",
					"/mnt").Run() == nil, nil
			case "magick":
				_, err := magick.Find()
				return err == nil, nil
			}
			return false, os.ErrInvalid
		},
	})
}

// scripts are the files in testdata that this system can run: Windows has no POSIX shell.
func scripts(t *testing.T) (files []string) {
	all, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if program := posix.Find(text); runtime.GOOS == "windows" && program != nil {
			t.Logf("without %s: it has %q", file, program)
			continue
		}
		files = append(files, file)
	}
	return files
}

// posix matches the start of a program that is not xelpack.
var posix = regexp.MustCompile(`(?m)^(! )?exec ([^x]\w*|x[^e]\w*)`)

// farmland is 24×24 chunks, over and over, made once for all tests: imagery costs more to make than
// to pack. Nine textures of it are different: 24 is no multiple of a texture's 16.
var farmland = sync.OnceValue(func() fetch.Source {
	return fetchtest.Repeat(tiles.Chunk{Z: 16, X: 33660, Y: 23940}, 24, fetch.Sample())
})

type serverKey struct{}

// seenKey is for how often every chunk had been asked for at the last look.
type seenKey struct{}

// patienceKey is for how long the script may wait for what must happen.
type patienceKey struct{}

const farRoute = `{"type": "Point", "coordinates": [5.3, 42.9]}`

func setupScript(env *testscript.Env) error {
	server, err := fetchtest.Listen(fetchtest.Options{Image: farmland()})
	if err != nil {
		return err
	}
	env.Defer(server.Close)
	// what a script that failed leaves behind
	env.Defer(func() { mount.Detach(filepath.Join(env.WorkDir, "mnt")) })
	env.Values[serverKey{}] = server
	env.Values[seenKey{}] = make(map[tiles.Chunk]int)
	env.Setenv("SERVER", server.Template())
	simBrief := simbrieftest.Listen()
	env.Defer(simBrief.Close)
	env.Setenv("XELPACK_TEST_SIMBRIEF", simBrief.URL)
	env.Setenv("HOME", env.WorkDir)
	variants, err := filepath.Abs("../../pkg/scenery/testdata/ter-variants")
	if err != nil {
		return err
	}
	env.Setenv("TER_VARIANTS", variants) // a package whose terrain is as it is in the field
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
	// as Windows calls the same
	env.Setenv("USERPROFILE", env.WorkDir)
	env.Setenv("AppData", filepath.Join(env.WorkDir, "config"))
	env.Setenv("LocalAppData", filepath.Join(env.WorkDir, ".cache"))
	_, err = scenerytest.Make(filepath.Join(env.WorkDir, "scenery"), scenerytest.Options{
		Box:     tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85},
		Airport: orb.Point{5.30, 43.60}, Limit: 9, AirportMax: 2, Real: 1,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(env.WorkDir, "far.geojson"), []byte(farRoute), 0o666)
}

func server(ts *testscript.TestScript) *fetchtest.Server {
	return ts.Value(serverKey{}).(*fetchtest.Server)
}

// fault KIND [one-in [always]]: from now on the server answers so; with a number, one chunk in so
// many, the first time only or always.
func cmdFault(ts *testscript.TestScript, neg bool, args []string) {
	for k := fetchtest.OK; ; k++ {
		switch {
		case k.String() == "unknown":
			ts.Fatalf("fault: unknown kind %q", args[0])
		case k.String() != args[0]:
			continue
		case len(args) >= 2:
			n, err := strconv.Atoi(args[1])
			ts.Check(err)
			faults := fetchtest.FirstOf(n, k)
			if len(args) == 3 {
				faults = fetchtest.Lasting(1/float64(n), k)
			}
			server(ts).SetFault(faults)
		default:
			server(ts).SetFault(fetchtest.Always(k))
		}
		return
	}
}

// requests N: exactly N chunks were asked for since the last look. A chunk counts once: on a busy
// machine one may be asked for again because its answer takes long.
func cmdRequests(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	ts.Check(server(ts).Settle(ts.Value(patienceKey{}).(time.Duration)))
	seen := ts.Value(seenKey{}).(map[tiles.Chunk]int)
	got := 0
	for c, n := range server(ts).AskedFor() {
		if n > seen[c] {
			got++
		}
		seen[c] = n
	}
	if (got == want) == neg {
		ts.Fatalf("%d chunks asked for since the last look, want %d (not: %v)", got, want, neg)
	}
}

// await FILE: waits until FILE is there; ! await FILE until it is not.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(ts.Value(patienceKey{}).(time.Duration)); time.Now().Before(
		end); time.Sleep(50 * time.Millisecond) {
		if present(ts.MkAbs(args[0])) != neg {
			return
		}
	}
	ts.Fatalf("await %s: waited in vain (not: %v)", args[0], neg)
}

// present reports whether there is such a file or folder. A folder has to list: of a mount whose
// process is dead the kernel remembers for a while that the folder was there.
func present(name string) bool {
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		_, err = os.ReadDir(name)
	}
	return err == nil
}

// magick FILE: ImageMagick decodes every mip level of the texture as we do.
func cmdMagick(ts *testscript.TestScript, neg bool, args []string) {
	tool, err := magick.Find()
	ts.Check(err)
	file, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	l, err := dds.ParseHeader(file)
	ts.Check(err)
	ts.Check(tool.CheckLevels(context.Background(), l, file))
}

// onsmall SIZE SCRIPT: a shell runs the script where the folder small is a disk of so many bytes.
func cmdOnSmall(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("unshare", "-m", "sh", "-c", mounttest.Apart+
		`mount -t tmpfs -o size="$0" tmpfs small; eval "$1"`, args[0], args[1])
	if (err != nil) != neg {
		ts.Fatalf("onsmall: %v", err)
	}
}

// texture FILE SIDE: FILE is a whole BC1 texture of that many pixels.
func cmdTexture(ts *testscript.TestScript, neg bool, args []string) {
	file, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	l, err := dds.ParseHeader(file)
	ts.Check(err)
	if side, _ := strconv.Atoi(args[1]); l.Side != side || l.Format != dds.BC1 ||
		int64(len(file)) != l.Size() {
		ts.Fatalf("%s: %v %d px in %d bytes, want BC1 %d px in %d", args[0], l.Format, l.Side,
			len(file), side, dds.Layout{Format: dds.BC1, Side: side}.Size())
	}
}
