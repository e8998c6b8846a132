package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/safefile"
)

// record is what setup has changed, kept beside the configuration for Undo.
type record struct {
	file    string
	Keys    []keyRecord
	Orders  []orderRecord
	Folders []string // that were made
}

// keyRecord is a key of the configuration that was set.
type keyRecord struct {
	Key, Before, After string // lines; Before "": there was none
}

// orderRecord is a scenery_packs.ini that was put in order.
type orderRecord struct {
	File, Backup string
	After        string // hash of what was written
}

func readRecord(config string) (*record, error) {
	r := &record{file: filepath.Join(filepath.Dir(config), "setup-undo.json")}
	text, err := os.ReadFile(r.file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the notes of what setup changed cannot be read: %w; remove the "+
			"file, then nothing is undone", r.file, err)
	}
	return r, nil
}

func (r *record) write() error {
	if err := r.makeFolder(filepath.Dir(r.file)); err != nil {
		return err
	}
	return safefile.Write(r.file, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	})
}

// makeFolder makes a folder, and notes it and what else was made above it.
func (r *record) makeFolder(dir string) error {
	var made []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = append(made, d)
	}
	slices.Reverse(made)
	r.Folders = append(r.Folders, made...)
	return os.MkdirAll(dir, 0o777)
}

// key notes that a key was set. What was there before the first setup is what Undo restores.
func (r *record) key(key, before, after string) {
	for i, k := range r.Keys {
		if k.Key == key {
			r.Keys[i].After = after
			return
		}
	}
	r.Keys = append(r.Keys, keyRecord{key, before, after})
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Undo restores what setup has changed, and returns what it did and what it left because it was
// changed since, one line each.
func Undo(config string) (said []string, err error) {
	r, err := readRecord(config)
	if err != nil {
		return nil, err
	}
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	if len(r.Keys)+len(r.Orders)+len(r.Folders) == 0 {
		say("nothing to undo: setup has changed nothing")
		return said, nil
	}
	if err := r.undoKeys(config, say); err != nil {
		return said, err
	}
	for _, o := range slices.Backward(r.Orders) {
		if err := o.undo(say); err != nil {
			return said, err
		}
	}
	if err := os.Remove(r.file); err != nil {
		return said, err
	}
	left := ""
	for _, dir := range slices.Backward(r.Folders) {
		switch err := os.Remove(dir); {
		case err == nil:
			say("removed the empty folder %s", dir)
		case !errors.Is(err, fs.ErrNotExist) && !realpath.Inside(left, dir):
			left = dir
			say("left as it is: %s: it is not an empty folder", dir)
		}
	}
	return said, nil
}

func (r *record) undoKeys(file string, say func(string, ...any)) error {
	c, err := readConfig(file)
	if err != nil {
		return err
	}
	for _, k := range r.Keys {
		if c.line(k.Key) != k.After {
			say("left as it is: %s in %s: it was changed since", k.Key, file)
			continue
		}
		if c, err = c.with(k.Key, k.Before); err != nil {
			return err
		}
		if k.Before == "" {
			say("removed from %s: %s", file, k.After)
		} else {
			say("restored in %s: %s", file, k.Before)
		}
	}
	return c.write()
}

func (o orderRecord) undo(say func(string, ...any)) error {
	present, err := os.ReadFile(o.File)
	if err != nil || sumOf(string(present)) != o.After {
		say("left as it is: %s: it was changed since; as it was before setup: %s", o.File, o.Backup)
		return nil
	}
	before, err := os.ReadFile(o.Backup)
	if err != nil {
		say("left as it is: %s: its copy %s is gone", o.File, o.Backup)
		return nil
	}
	err = safefile.Write(o.File, func(w io.Writer) error {
		_, err := w.Write(before)
		return err
	})
	if err != nil {
		return err
	}
	say("restored %s", o.File)
	return os.Remove(o.Backup)
}
