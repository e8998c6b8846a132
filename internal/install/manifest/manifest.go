// Package manifest is the list of what was installed into a package, kept beside the textures:
// docs/install-format.md. Every file of it is written once and renamed to its name.
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

// Names in a package's textures folder.
const (
	Folder = ".xelpack-install" // contains all of the following
	Name   = "manifest.json"    // what is installed
	// begun but not finished: it becomes the manifest, or without files ends it
	Next   = "next.json"
	Kept   = "kept"            // the package's own files under names of installed ones
	New    = "new"             // files that are being written
	Lock   = "lock"            // of the running process
	format = "xelpack install" // format of a manifest
	tail   = "],\n\"check\":\"%s\"}\n"
)

// Version is the version of the format. Others are not read.
const Version = 1

// Reasons to refuse a manifest.
var (
	ErrDamaged = errors.New("the list of what is installed is damaged")
	ErrVersion = errors.New("the list of what is installed was made by another version of xelpack")
)

// Content is the content of a file, or the target of a symbolic link.
type Content struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"`
	Link   string `json:"link,omitempty"`
}

// File is one name of the textures folder.
type File struct {
	Name    string // without a folder
	Content        // as installed
	// Before is the package's own file under the name. It is in the folder Kept, or still in place
	// if it equals the installed one.
	Before *Content
	// Also is what an abandoned installation may have left under the name.
	Also []Content
}

// Own reports whether the package had the same file before.
func (f File) Own() bool { return f.Before != nil && *f.Before == f.Content }

// Manifest is what is installed, or is to be.
type Manifest struct {
	Archive string // absolute path of the source
	Digest  string // of that archive
	Made    bool   // the textures folder did not exist before
	Files   []File
}

// head is the part of a manifest before its files.
type head struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Archive string `json:"archive"`
	Digest  string `json:"digest"`
	Made    bool   `json:"made_textures"`
}

// line is a File as written.
type line struct {
	Name string `json:"name"`
	Content
	Before *Content  `json:"before,omitempty"`
	Also   []Content `json:"also,omitempty"`
}

// Encode returns m as written to a file: one line of JSON per file of the folder, and a last line
// with the SHA-256 of all lines before it.
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

// Decode decodes the output of Encode.
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
		return Manifest{}, fmt.Errorf("%w: unknown format %.40q (want %q)", ErrDamaged,
			whole.Format, format)
	}
	if whole.Version != Version {
		return Manifest{}, fmt.Errorf("%w: unknown version %d (want %d)", ErrVersion, whole.Version,
			Version)
	}
	body, ok := bytes.CutSuffix(data, fmt.Appendf(nil, tail, whole.Check))
	sum := sha256.Sum256(body)
	if !ok || hex.EncodeToString(sum[:]) != whole.Check {
		return Manifest{}, fmt.Errorf("%w: its hash does not match", ErrDamaged)
	}
	m := Manifest{Archive: whole.Archive, Digest: whole.Digest, Made: whole.Made}
	seen := make(map[string]bool)
	for _, l := range whole.Files {
		if l.Name == "" || l.Name == "." || filepath.Base(l.Name) != l.Name ||
			!filepath.IsLocal(l.Name) || seen[l.Name] {
			return Manifest{}, fmt.Errorf("%w: %q is not a file name, or is listed twice",
				ErrDamaged, l.Name)
		}
		seen[l.Name] = true
		m.Files = append(m.Files, File(l))
	}
	return m, nil
}

// Open reads a manifest. The error is fs.ErrNotExist if there is none.
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

// Installed returns the lower-case names of the files in a textures folder that were installed and
// that the package did not have before: they disappear with the installation. If that is unknown,
// none count as installed.
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
