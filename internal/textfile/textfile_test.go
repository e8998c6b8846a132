package textfile

import (
	"os"
	"path/filepath"
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
	for file, want := range map[string]string{file: "longer than 0 MiB", dir: "is a directory"} {
		if _, err := Read(file, 4); err == nil || err.Error() != "read "+file+": "+want {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}

func TestTOML(t *testing.T) {
	type table struct {
		Name, Other string
		Headers     map[string]string
	}
	for _, tt := range []struct{ name, text, unknown, err string }{
		{"as it should be", "[[t]]\nname = 'a'\n[[t]]\nNAME = 'b'\n", "", ""},
		{"unknown", "[[t]]\nnaem = 'a'\n", "t.naem", ""},
		{"two cases", "# Name =\n[[t]]\nName = 'a'\n[[t]]\nname = 'a'\nother = '''\nName = 1'''\nName = 'b'\n",
			"", "line 8: t.Name: it is given twice, also as t.name"},
		{"two cases within a line", "[[t]]\nheaders = {A = '1', a = '2'}\n", "",
			"line 2: t.headers.a: it is given twice, also as t.headers.A"},
		{"two tables", "[[t]]\nname = 'a'\n\n[[T]]\nname = 'a'\n", "",
			"line 4: T: it is given twice, also as t"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v struct{ T []table }
			unknown, err := TOML([]byte(tt.text), &v)
			if unknown.String() != tt.unknown || err == nil && tt.err != "" ||
				err != nil && err.Error() != tt.err {
				t.Errorf("%s, %v; want %s, %s", unknown, err, tt.unknown, tt.err)
			}
		})
	}
}
