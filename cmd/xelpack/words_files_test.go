package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func plainProviders(t *testing.T) {
	const file = "config/xelpack/providers.toml"
	for _, text := range append(badTOML, "[[provider]]", "[[provider]]\nid = \"a b\"",
		"[[provider]]\nid = \"a\"\ntemplate = \"x\"",
		"[[provider]]\nid = \"a\"\ntemplate = \"http://%zz/{z}/{x}/{y}\"",
		"[[provider]]\nid = \"a\"\ntemplate = \"http://a/{z}/{x}/{y}\"\nheaders = {\"a b\" = \"c\"}", "[[provider]]\nid = \"a\"\ntemplate = \"http://a/{z}/{x}/{y}\"\nmax_zl = 40") {
		t.Run(fmt.Sprintf("%q", text), func(t *testing.T) {
			write(t, file, text)
			refuse(t, "providers")
		})
	}
	os.Remove(file)
	if err := os.Mkdir(file, 0o777); err != nil {
		t.Fatal(err)
	}
	refuse(t, "providers")
	os.Remove(file)
	for i, text := range []string{"", "x", "request_type=tms", "request_type=tms\nurl_prefix=x",
		"request_type=wms\nurl_prefix=http://a/?", "\x00\x00",
		"max_zl=x\nrequest_type=tms\nurl_template=http://a/{zoom}/{x}/{y}", "=\n=\n",
		"request_type=tms\nurl_template=http://%zz/{zoom}/{x}/{y}"} {
		name := fmt.Sprintf("p%d.lay", i)
		write(t, name, text)
		speak(t, "plan", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "12", "--provider", name)
		write(t, "config/xelpack/"+name, text)
	}
	speak(t, "providers")
	for _, text := range []string{"", "no database", "SQLite format 3\x00",
		"SQLite format 3\x00" + strings.Repeat("\x01", 8192)} {
		write(t, "p.mbtiles", text)
		refuse(t, "build", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "12", "--provider",
			"mbtiles:p.mbtiles", "-o", "out.mbtiles", "--patience", "1ms")
		os.Remove("out.mbtiles.part")
	}
}

// plainServers builds from servers with every fault, and from none.
func plainServers(t *testing.T) {
	build := func(template string) {
		t.Helper()
		speak(t, "build", "--route", "far.geojson", "--scenery", "small", "--provider", template,
			"-o", "out.mbtiles", "--quality", "fast", "--patience", "1ms", "--retries", "0",
			"--timeout", "200ms", "--log-level", "debug")
		os.Remove("out.mbtiles")
		os.Remove("out.mbtiles.part")
		speak(t, "providers", "--check", template)
	}
	for k := fetchtest.OK; k.String() != "unknown"; k++ {
		server, err := fetchtest.Listen(fetchtest.Options{Image: farmland(),
			Fault: fetchtest.FirstOf(9, k)})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(k.String(), func(t *testing.T) { build(server.Template()) })
		server.Close()
	}
	secure, err := fetchtest.Listen(fetchtest.Options{Image: farmland(), TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	plain, err := fetchtest.Listen(fetchtest.Options{Image: farmland()})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for _, template := range []string{
		secure.Template(), strings.Replace(secure.Template(), "https:", "http:",
			1), strings.Replace(plain.Template(), "http:", "https:", 1),
		"http://127.0.0.1:1/{z}/{x}/{y}", "http://nowhere.invalid/{z}/{x}/{y}",
		"http://127.0.0.1:99999/{z}/{x}/{y}", "http://0.0.0.1/{z}/{x}/{y}",
	} {
		t.Run(template, func(t *testing.T) { build(template) })
	}
}

func plainArchives(t *testing.T) {
	good, err := os.ReadFile("good.mbtiles")
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string]string{"empty": "", "text": "no archive", "head": string(good[:100])}
	for i := range 12 {
		if i%3 == 0 {
			broken[fmt.Sprintf("cut%d", i)] = string(good[:len(good)*i/12])
		}
		spoilt := bytes.Clone(good)
		at := []int{16, 18, 20, 24, 28, 60, 100, 105, 110, 8192, 8300, 16384}[i]
		for j := at; j < at+40 && j < len(spoilt); j++ {
			spoilt[j] ^= 0x55
		}
		broken[fmt.Sprintf("spoilt%d", i)] = string(spoilt)
	}
	try := func(name string) {
		t.Helper()
		for _, args := range [][]string{
			{"info", name}, {"ls", name, "--json"}, {"verify", name}, {"verify", "--quick", name},
			{"preview", name, "out.png"}, {"export", name, "out"},
			{"extract", name, "--zoom", "16", "-o", "out.mbtiles"},
			{"merge", name, "good.mbtiles", "-o", "out.mbtiles"},
			{"diff", name, "good.mbtiles"}, {"apply", "good.mbtiles", name},
			{"prune", name, "--zoom", "11"}, {"repack", name, "-o", "out.mbtiles"},
			{"repair", name}, {"repair", name, "--damaged", "--provider", "sample",
				"--retry-missing"}, {"mount", name, "nowhere/mnt"},
			{"build", "--bbox", "7.1,43.6,7.21,43.61", "--zoom", "12", "--provider", "sample", "-o",
				name, "--dry-run"}, {"trace", name}, {"decode", name, "out.png"},
			{"encode", name, "out.dds"}, {"doctor", name, "--offline"},
		} {
			speak(t, args...)
			os.Remove("out.mbtiles")
			os.Remove("out.png")
			os.RemoveAll("out")
		}
	}
	for name, text := range broken {
		write(t, name+".mbtiles", text)
		try(name + ".mbtiles")
	}
	for _, name := range []string{"nowhere.mbtiles", "folder", "loop", "good.mbtiles/x",
		"nowhere/x.mbtiles"} {
		try(name)
	}
	for _, args := range [][]string{
		{"extract", "good.mbtiles", "--zoom", "16", "-o", "nowhere/x.mbtiles"},
		{"extract", "good.mbtiles", "--zoom", "16", "-o", "folder"},
		{"export", "good.mbtiles", "good.mbtiles"},
		{"export", "good.mbtiles", "good.mbtiles/x"},
		{"preview", "good.mbtiles", "nowhere/out.png"},
		{"preview", "good.mbtiles", "folder/x/y.html"}, {"mount", "good.mbtiles", "nowhere"},
		{"mount", "good.mbtiles", "good.mbtiles"}, {"mount", "good.mbtiles", "config"},
		{"umount", "nowhere"}, {"umount", "folder"}, {"umount", "good.mbtiles"},
		{"import", "nowhere", "-o", "out.mbtiles"}, {"import", "folder", "-o", "out.mbtiles"},
		{"import", "good.mbtiles", "-o", "out.mbtiles"},
		{"replay", "nowhere", "folder"}, {"replay", "good.mbtiles", "folder"},
		{"bench", "compare", "nowhere", "nowhere"},
		{"bench", "compare", "good.mbtiles", "good.mbtiles"},
		{"mount", "good.mbtiles", "mnt", "--trace", "nowhere/x"},
		{"mount", "good.mbtiles", "mnt", "--daemon", "--log", "nowhere/x/y"},
		{"mount", "good.mbtiles", "mnt", "--http", "300.1.1.1:5"},
		{"mount", "good.mbtiles", "mnt", "--http", "192.0.2.1:5", "--http-allow-remote"},
		{"mount", "good.mbtiles", "mnt", "--memory-cache", "x"},
		{"mount", "good.mbtiles", "mnt", "--disk-cache", "x"},
		{"mount", "good.mbtiles", "mnt", "--prefetch", "x"},
		{"mount", "good.mbtiles", "mnt", "--live", "x"},
		{"mount", "good.mbtiles", "mnt", "--scenery", "nowhere"},
		{"mount", "good.mbtiles", "mnt", "--scenery", "good.mbtiles"},
		{"plan", "--bbox", "7.1,43.6,7.11,43.61", "--zoom", "12", "--map", "nowhere/x.png"},
		{"trace", "synth", "--route", "nowhere", "-o", "x"},
		{"merge", "good.mbtiles", "-o", "good.mbtiles"},
	} {
		if args[0] == "mount" && strings.Contains(strings.Join(args, " "), "--daemon") {
			continue // starts this test's program
		}
		refuse(t, args...)
	}
}

func plainScenery(t *testing.T) {
	made, err := scenerytest.Make("scenery",
		scenerytest.Options{Box: tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85},
			Limit: 4, AirportMax: -1})
	if err != nil {
		t.Fatal(err)
	}
	try := func() {
		t.Helper()
		os.RemoveAll(".cache")
		speak(t, "plan", "--scenery", "scenery", "--bbox", "5,43,6,44")
		speak(t, "plan", "--scenery", "scenery", "--bbox", "5,43,6,44", "--meshes")
		speak(t, "doctor", "--scenery", "scenery", "--offline")
	}
	for _, text := range []string{"", "x", "7z\xbc\xaf\x27\x1c",
		"7z\xbc\xaf\x27\x1c" + strings.Repeat("\x01", 60), "XPLNEDSF",
		"XPLNEDSF\x01\x00\x00\x00" + strings.Repeat("\x09", 60)} {
		write(t, made.DSFs[0], text)
		try()
	}
	terrain, err := filepath.Glob("scenery/terrain/*.ter")
	if err != nil || len(terrain) == 0 {
		t.Fatal("no terrain", err)
	}
	for _, text := range []string{"", "x", "A\n800\nTERRAIN\n\nBASE_TEX ../textures/x.dds\n",
		"A\n800\nTERRAIN\n\nBASE_TEX_NOWRAP\n", "\x00\x00"} {
		for _, file := range terrain {
			write(t, file, text)
		}
		try()
	}
	os.RemoveAll("scenery/terrain")
	try()
	write(t, "scenery/terrain", "no folder")
	try()
}

func plainOthers(t *testing.T) {
	for _, text := range []string{"", "x", "\x89PNG\r\n\x1a\n", "\x89PNG\r\n\x1a\nxxxxIHDR",
		"\xff\xd8\xff\xe0", "\xff\xd8\xff", "GIF89a", "DDS ", "DDS " + strings.Repeat("\x01", 200),
		"XPTRACE", "{}", `{"rounds": "x"}`} {
		for _, ext := range []string{".png", ".jpg", ".dds", ".json"} {
			write(t, "other"+ext, text)
		}
		refuse(t, "encode", "other.png", "out.dds")
		refuse(t, "encode", "other.jpg", "out.dds")
		refuse(t, "decode", "other.dds", "out.png")
		refuse(t, "trace", "other.png")
		refuse(t, "replay", "other.png", "folder")
		speak(t, "bench", "compare", "other.json", "other.json")
		speak(t, "import", ".", "-o", "imported.mbtiles", "--dry-run")
	}
}
