package filesys_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/filesys"
)

func TestOf(t *testing.T) {
	dir := t.TempDir()
	info, err := filesys.Of(dir)
	if err != nil || info.Free <= 0 {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := filesys.Of(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a folder that is not there: %v", err)
	}
}
