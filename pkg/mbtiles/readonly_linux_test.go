package mbtiles

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// readOnlyFolder makes a folder of these files that nobody can write to, not even root.
func readOnlyFolder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	root := os.Getuid() == 0
	if root {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
			t.Skipf("cannot mount a tmpfs: %v", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Error(err)
			}
		})
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if root {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY,
			""); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o777) })
	return dir
}

// In a folder that cannot be written to archives are read, and everything else says why it cannot
// be.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	part, journal := hotPart(t)
	dir := readOnlyFolder(t, map[string][]byte{
		"a.mbtiles": sound(t), "b.mbtiles.part": altered(t, sound(t),
			`UPDATE metadata SET value = 'building' WHERE name = 'xelpack:state'`),
		"c.mbtiles.part": part, "c.mbtiles.part-journal": journal,
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"a.mbtiles", "b.mbtiles.part"} {
		a, err := Open(t.Context(), at(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		mustVerify(t, a)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Open(t.Context(), at("c.mbtiles.part")); err == nil ||
		!strings.Contains(err.Error(),
			at("c.mbtiles.part")+": roll back the interrupted transaction") {
		t.Errorf("opened after a kill: %v", err)
	}
	for name, o := range map[string]WriterOptions{"new.mbtiles": {}, "a.mbtiles": {Extend: true},
		"b.mbtiles": {}} {
		_, err := Create(t.Context(), at(name), o)
		if !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EACCES) ||
			!strings.Contains(err.Error(), at(name)) {
			t.Errorf("create %s: %v", name, err)
		}
	}
}
