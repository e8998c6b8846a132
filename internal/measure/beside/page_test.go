package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplace(t *testing.T) {
	const section = "<!-- a: written by make a -->\nA\n<!-- end of a -->\n"
	for _, tt := range []struct{ name, old, want string }{
		{"new file", "", section},
		{"appended", "# Page\n", "# Page\n\n" + section},
		{"in place", "# Page\n<!-- a: written by make a -->\nold\nolder\n<!-- end of a -->\nrest\n",
			"# Page\n" + section + "rest\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "page.md")
			if tt.old != "" {
				if err := os.WriteFile(file, []byte(tt.old), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second time changes nothing
				if err := replace(file, "a", "make a", "A\n"); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := os.ReadFile(file); err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("<!-- a: written by make a -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replace(file, "a", "make a", "A\n"); err == nil {
		t.Error("a section without an end was replaced")
	}
}
