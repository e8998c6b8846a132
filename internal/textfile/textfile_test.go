package textfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	const want = "ü=1\n\nb=😀\n"
	for name, data := range map[string]string{
		"plain":                    want,
		"with a mark":              "\ufeff" + want,
		"Windows":                  "ü=1\r\n\r\nb=😀\r\n",
		"old Macintosh":            "ü=1\r\rb=😀\r",
		"UTF-16, little end":       "\xff\xfe\xfc\x00=\x001\x00\r\x00\n\x00\n\x00b\x00=\x00\x3d\xd8\x00\xde\n\x00",
		"UTF-16, big end":          "\xfe\xff\x00\xfc\x00=\x001\x00\n\x00\n\x00b\x00=\xd8\x3d\xde\x00\x00\n",
		"UTF-16, little, no mark":  "\xfc\x00=\x001\x00\n\x00\n\x00b\x00=\x00\x3d\xd8\x00\xde\n\x00",
		"UTF-16, big end, no mark": "\x00\xfc\x00=\x001\x00\n\x00\n\x00b\x00=\xd8\x3d\xde\x00\x00\n",
	} {
		if got := string(Text([]byte(data))); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.lay")
	if err := os.WriteFile(file, []byte("a=1\r\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if text, err := Read(file, 5); err != nil || string(text) != "a=1\n" {
		t.Errorf("%q, %v", text, err)
	}
	for _, file := range []string{file, dir} {
		if _, err := Read(file, 4); err == nil || !strings.Contains(err.Error(), "or not a file") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
