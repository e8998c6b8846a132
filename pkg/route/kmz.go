package route

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"
)

// Bounds for unpacking a KMZ.
const (
	maxZipEntries = 10_000
	zipEntryMark  = "PK\x01\x02" // starts an entry of the directory at the end of a ZIP file
)

func parseKMZ(data []byte, region bool, n *notes) (*shapes, error) {
	packed, err := unzipKML(data, n)
	if err != nil {
		return nil, err
	}
	text := xmlText(packed)
	if root, err := rootElement(text); err != nil || root != "kml" {
		return nil, malformed("export it again", "the .kml file in the ZIP archive is not KML")
	}
	return parseKML(text, region, n)
}

// unzipKML returns the main KML file of a KMZ: doc.kml, or else the first one.
func unzipKML(data []byte, n *notes) ([]byte, error) {
	// Counted first, because zip.NewReader makes an object for every entry.
	if bytes.Count(data, []byte(zipEntryMark)) > maxZipEntries {
		return nil, &Error{Problem: fmt.Sprintf("the KMZ has more than %d entries", maxZipEntries),
			Remedy: "a KMZ route has one entry", Err: ErrTooLarge}
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, malformed("the file may be cut short; export it again",
			"the KMZ cannot be unpacked: %v", err)
	}
	var found *zip.File
	files := 0
	for _, f := range z.File {
		if !strings.EqualFold(path.Ext(f.Name), ".kml") {
			continue
		}
		files++
		if found == nil || strings.EqualFold(f.Name, "doc.kml") {
			found = f
		}
	}
	if found == nil {
		return nil, malformed("give a KMZ that Google Earth or a flight planner has saved",
			"there is no .kml file in the ZIP archive")
	}
	if files > 1 {
		n.add(excerpt(found.Name), "%s more in the KMZ left out", count(files-1, ".kml file"))
	}
	r, err := found.Open()
	if err != nil {
		return nil, within(excerpt(found.Name), malformed("", "it cannot be unpacked: %v", err))
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	switch {
	case len(text) > MaxFileBytes:
		return nil, within(excerpt(found.Name),
			&Error{Problem: fmt.Sprintf("unpacked, it is larger than %d MiB", MaxFileBytes>>20),
				Err: ErrTooLarge})
	case err != nil:
		return nil, within(excerpt(found.Name),
			malformed("the file is damaged; export it again", "it cannot be unpacked: %v", err))
	}
	return plainText(text), nil
}
