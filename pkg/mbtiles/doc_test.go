package mbtiles

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// These tests keep docs/archive-format.md true.

func readDoc(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "archive-format.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fenced returns the fenced blocks of a language.
func fenced(doc, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllStringSubmatch(doc, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestDocSchema(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	for _, s := range tables.Schema {
		want.WriteString(s.SQL + "\n")
	}
	got := fenced(readDoc(t), "sql")
	if len(got) != 1 || got[0] != want.String() {
		t.Errorf("schema (-want +got):\n%s", cmp.Diff([]string{want.String()}, got))
	}
}

// comma writes 11,184,952.
func comma(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func TestDocSegments(t *testing.T) {
	t.Parallel()
	doc := readDoc(t)
	for _, f := range []dds.Format{dds.BC1, dds.BC3} {
		for side := 256; side <= 4096; side *= 2 {
			l := dds.Layout{Format: f, Side: side}
			cut := segment.CutOf(l)
			start, length := cut.Bounds(cut.Segments - 1)
			line := fmt.Sprintf("| %v | %d | %d | %s | %d | %s | %d | %s |\n", f, side, l.Levels(), comma(l.Size()),
				cut.Segments-1, comma(int64(length)), cut.Segments, comma(start))
			if !strings.Contains(doc, line) {
				t.Errorf("the table lacks %s", line)
			}
		}
	}
	cut := segment.CutOf(full)
	const at = 9_000_000
	n := cut.At(at)
	start, _ := cut.Bounds(n)
	level5, _ := full.Level(5)
	tail, _ := cut.Bounds(42)
	got := fmt.Sprint(n, at-start, segment.ID(7, n), segment.ID(7, 42), level5, level5-tail)
	if want := "34 86976 1826 1834 11174016 163840"; got != want {
		t.Errorf("the worked example says %s, we %s", want, got)
	}
}

// The header of section 4, built from the document's words, is the one of pkg/dds.
func TestDocHeader(t *testing.T) {
	t.Parallel()
	doc := readDoc(t)
	for _, f := range []dds.Format{dds.BC1, dds.BC3} {
		for side := 256; side <= 4096; side *= 2 {
			l := dds.Layout{Format: f, Side: side}
			h := l.Header()
			for i := 0; i < len(h); i += 4 {
				if v := uint32(h[i]) | uint32(h[i+1])<<8 | uint32(h[i+2])<<16 | uint32(h[i+3])<<24; v != 0 {
					if !regexp.MustCompile(fmt.Sprintf(`(?m)^\| (\d+, )?%d(, \d+)? \|`, i)).MatchString(doc) {
						t.Errorf("the table lacks the word at %d, which is %#x", i, v)
					}
				}
			}
		}
	}
}

// The worked example of the digest: its lines give the digest, and an archive of just those
// textures gives the lines.
func TestDocDigest(t *testing.T) {
	t.Parallel()
	doc := readDoc(t)
	lines := fenced(doc, "digest")
	if len(lines) != 1 {
		t.Fatalf("%d examples", len(lines))
	}
	sum := sha256.Sum256([]byte(lines[0]))
	want := hex.EncodeToString(sum[:])
	if !strings.Contains(doc, "and the digest is `"+want+"`") {
		t.Errorf("the lines give %s, which the document does not say", want)
	}
	a := build(t, map[string][]byte{
		"23952_33712_BI16": solidFile(small, red), "23952_33728_BI16": solidFile(small, blue), "9600_96_GO216": solidFile(small, red),
		"95824_134848_BI18": solidFile(small, green),
	})
	if got := mustVerify(t, a).Digest; got != want {
		t.Errorf("the archive has digest %s, want %s", got, want)
	}
	if !strings.Contains(doc, "and the root is\n`"+a.Root()+"`") {
		t.Errorf("the root is %s, which the document does not say", a.Root())
	}
	info, err := a.Info(t.Context())
	if err != nil || info.Contents != 3 || info.Digest != want {
		t.Errorf("%d contents, digest %s, %v", info.Contents, info.Digest, err)
	}
}

// The digest of an archive is that of a plain query, sorted here.
func TestDigestByQuery(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	a := build(t, map[string][]byte{
		"0_0_BI04": ddsFile(small, 1), "160_16_BI12": ddsFile(small, 2), "32_16_BI12": ddsFile(small, 3), "32_160_bI12": ddsFile(small, 4),
		"32_32_Z12": ddsFile(small, 5), "32_32_a12": ddsFile(small, 5), "32_32_é12": ddsFile(small, 6), "1024_16_A12": ddsFile(small, 7),
	})
	var lines []string
	err := a.reader.Conns.Do(t.Context(), func(c *sqlite.Conn) error {
		const query = `SELECT zl || ' ' || row || ' ' || col || ' ' || maptype || ' ' || lower(hex(sha256)) || char(10) AS line
			FROM textures JOIN contents ON id = content_id ORDER BY line COLLATE BINARY`
		return c.Query(t.Context(), query, func(r *sqlite.Row) error { lines = append(lines, r.Text(0)); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, ""))))
	if got := mustVerify(t, a).Digest; got != want || len(lines) != a.Len() {
		t.Errorf("digest %s, want %s over\n%s", got, want, strings.Join(lines, ""))
	}
}

// flight makes the archive that the document's commands are run on, in a folder of its own.
func flight(t *testing.T, c Compression) (dir string, contents map[string][]byte) {
	t.Helper()
	dir = t.TempDir()
	// A piece of 256 KiB, unless time is short: the document's reader takes some seconds for it.
	piece := solidFile(dds.Layout{Format: dds.BC1, Side: 1024}, red)
	if !testing.Short() {
		copy(piece[dds.HeaderSize+segment.Bytes:][:segment.Bytes], groundFile(dds.Layout{Format: dds.BC1, Side: 1024}, 1)[dds.HeaderSize:])
	}
	contents = map[string][]byte{
		"23952_33712_BI16.dds": ddsFile(dds.Layout{Format: dds.BC3, Side: 1024}, 1), "23952_33728_BI16.dds": solidFile(full, blue),
		"0_0_Arc@04.dds": solidFile(small, red), "16_16_PDOK1816.dds": solidFile(small, red),
		"32_16_BI16.dds": piece, "48_16_BI16.dds": groundFile(dds.Layout{Format: dds.BC3, Side: 256}, 2),
		"64_16_BI16.dds": halfGround(small),
	}
	w := createAt(t, filepath.Join(dir, "flight.mbtiles"))
	for name, file := range contents {
		if err := w.Put(t.Context(), Record{Texture: texture(t, name)}, encode(t, c, file)); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, w)
	return dir, contents
}

func TestDocCommands(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		t.Skipf("sqlite3 is not installed: %v", err)
	}
	dir, _ := flight(t, Fast)
	answers := make(map[string]string)
	for _, block := range fenced(readDoc(t), "sh") {
		for command := range strings.Lines(block) {
			cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil || len(out) == 0 {
				t.Errorf("%s%v\n%s", command, err, out)
			}
			answers[command] = string(out)
		}
	}
	if len(answers) < 10 {
		t.Errorf("only %d commands", len(answers))
	}
	var computed, stored string
	for command, answer := range answers {
		switch {
		case strings.Contains(command, "application_id"):
			if want := fmt.Sprintf("%d\n%d\n", 0x4D504258, 0x78656C02); answer != want {
				t.Errorf("%s%q, want %q", command, answer, want)
			}
		case strings.Contains(command, ".dds"):
			if want := "0_0_Arc@04.dds\n16_16_PDOK1816.dds\n32_16_BI16.dds\n48_16_BI16.dds\n64_16_BI16.dds\n23952_33712_BI16.dds\n23952_33728_BI16.dds\n"; answer != want {
				t.Errorf("%s%s, want\n%s", command, answer, want)
			}
		case strings.Contains(command, "sha256sum"):
			computed, _, _ = strings.Cut(answer, " ")
		case strings.Contains(command, "xelpack:digest"):
			stored = strings.TrimSpace(answer)
		}
	}
	if computed != stored || len(stored) != 64 {
		t.Errorf("digest computed %q, stored %q", computed, stored)
	}
	world, err := os.ReadFile(filepath.Join(dir, "world.jpg"))
	if _, decodeErr := preview.Decode(world); err != nil || decodeErr != nil {
		t.Errorf("world.jpg: %v, %v", err, decodeErr)
	}
}

// The document's reader, which shares no line with this package, gets every file back.
func TestDocReader(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine at a time, and slow with -race: for the full suite")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skipf("python3 is not installed: %v", err)
	}
	programs := fenced(readDoc(t), "python")
	if len(programs) != 1 {
		t.Fatalf("%d programs", len(programs))
	}
	for _, c := range []Compression{None, Fast} {
		t.Run(c.String(), func(t *testing.T) {
			if _, err := exec.LookPath("zstd"); err != nil && c != None {
				t.Skipf("zstd is not installed: %v", err)
			}
			dir, contents := flight(t, c)
			out, err := exec.CommandContext(t.Context(), python, "-c", programs[0], filepath.Join(dir, "flight.mbtiles"), dir).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for name, want := range contents {
				got, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %v, equal %v", name, err, bytes.Equal(got, want))
				}
			}
		})
	}
}
