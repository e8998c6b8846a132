// Package manifest is the list of what was installed into a package, as it stands beside the
// textures: docs/install-format.md. Every file of it is written once and renamed into its place.
package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What stands in a package's textures folder besides textures.
const (
	Folder = ".xelpack-install" // holds all of what follows
	Name   = "manifest.json"    // what is installed
	Next   = "next.json"        // what was begun and is not done: it becomes the manifest, or with no files ends it
	Kept   = "kept"             // the package's own files under the names of installed ones
	New    = "new"              // files that are being written
	Lock   = "lock"             // of the process that is at it
	format = "xelpack install"  // what a manifest says it is
	tail   = "],\n\"check\":\"%s\"}\n"
)

// Version is that of the format. Others are not read.
const Version = 1

// What a manifest can be refused for.
var (
	ErrDamaged = errors.New("the list of what is installed is damaged")
	ErrVersion = errors.New("the list of what is installed was made by another version of xelpack")
)

// Content is what a file holds, or where a symbolic link leads.
type Content struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	Link   string `json:"link,omitempty"`
}

// File is one name of the textures folder.
type File struct {
	Name    string // without a folder
	Content        // that was installed
	// Before is what the package had under the name. It is in the folder Kept, or still in its
	// place where it equals what was to be installed.
	Before *Content
	// Also is what an installation that was given up may have left under the name.
	Also []Content
}

// Own reports whether the package had the file before, as it was to be installed.
func (f File) Own() bool { return f.Before != nil && *f.Before == f.Content }

// Manifest says what is installed, or is to be.
type Manifest struct {
	Archive string // the absolute path of the file that it is from
	Digest  string // of that archive
	Made    bool   // the textures folder did not exist before
	Files   []File
}

// head is what stands in a manifest before its files.
type head struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Archive string `json:"archive"`
	Digest  string `json:"digest"`
	Made    bool   `json:"made_textures"`
}

// line is a File as it is written.
type line struct {
	Name string `json:"name"`
	Content
	Before *Content  `json:"before,omitempty"`
	Also   []Content `json:"also,omitempty"`
}

// Encode returns m as it stands in a file: a line of JSON a file of the folder, and at the end the
// SHA-256 of all that stands before that line.
func (m Manifest) Encode() ([]byte, error) {
	start, err := json.Marshal(head{format, Version, m.Archive, m.Digest, m.Made})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(start[:len(start)-1])
	b.WriteString(",\n\"files\":[\n")
	for i, f := range m.Files {
		text, err := json.Marshal(line(f))
		if err != nil {
			return nil, err
		}
		b.Write(text)
		if i < len(m.Files)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	sum := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, tail, hex.EncodeToString(sum[:]))
	return b.Bytes(), nil
}

// Decode reads what Encode has written.
func Decode(data []byte) (Manifest, error) {
	var whole struct {
		head
		Files []line `json:"files"`
		Check string `json:"check"`
	}
	if err := json.Unmarshal(data, &whole); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if whole.Format != format {
		return Manifest{}, fmt.Errorf("%w: its format is %.40q, want %q", ErrDamaged, whole.Format, format)
	}
	if whole.Version != Version {
		return Manifest{}, fmt.Errorf("%w: it is of version %d, want %d", ErrVersion, whole.Version, Version)
	}
	body, ok := bytes.CutSuffix(data, fmt.Appendf(nil, tail, whole.Check))
	sum := sha256.Sum256(body)
	if !ok || hex.EncodeToString(sum[:]) != whole.Check {
		return Manifest{}, fmt.Errorf("%w: it is not what was written", ErrDamaged)
	}
	m := Manifest{Archive: whole.Archive, Digest: whole.Digest, Made: whole.Made}
	seen := make(map[string]bool)
	for _, l := range whole.Files {
		if l.Name == "" || l.Name == "." || filepath.Base(l.Name) != l.Name || !filepath.IsLocal(l.Name) || seen[l.Name] {
			return Manifest{}, fmt.Errorf("%w: %q is no file's name, or stands in it twice", ErrDamaged, l.Name)
		}
		seen[l.Name] = true
		m.Files = append(m.Files, File(l))
	}
	return m, nil
}

// Open reads a manifest. One that is not there is an fs.ErrNotExist.
func Open(file string) (Manifest, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Manifest{}, err
	}
	m, err := Decode(data)
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return m, err
}

// Installed returns the names, in lower case, of the files in a textures folder that were installed
// and that the package did not have before: those go when the installation goes. Where that cannot
// be known, nothing is taken to be installed.
func Installed(textures string) map[string]bool {
	names := make(map[string]bool)
	for _, name := range [...]string{Name, Next} {
		m, err := Open(filepath.Join(textures, Folder, name))
		if err != nil {
			continue
		}
		for _, f := range m.Files {
			if f.Before == nil {
				names[strings.ToLower(f.Name)] = true
			}
		}
	}
	return names
}
