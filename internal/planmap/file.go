package planmap

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// CheckFile returns an error if WriteFile cannot write a file of that name.
func CheckFile(file string) error {
	_, err := writer(file)
	return err
}

// WriteFile draws the map into a file: a page or a picture, by its extension.
func (m Map) WriteFile(file string) error {
	write, err := writer(file)
	if err != nil {
		return err
	}
	return safefile.Write(file, func(w io.Writer) error { return write(m, w) })
}

func writer(file string) (func(Map, io.Writer) error, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".html":
		return Map.WriteHTML, nil
	case ".png":
		return Map.WritePNG, nil
	}
	return nil, usage.Errorf("%s: must end in .html (a page) or .png (a picture)", file)
}

// plainSide is the width and height in pixels of a picture of the imagery alone, at most.
const plainSide = 4096

// Draw draws an archive into a file: a page or a picture, by its extension; plain: the imagery
// alone. paint changes the imagery, as Imagery.Paint says.
func Draw(ctx context.Context, a *mbtiles.Archive, file string, plain bool,
	paint func(img *image.RGBA, at func(x, y int) (lat, lon float64))) error {
	if a.Len() == 0 {
		return fmt.Errorf("%s: nothing to draw: the archive has no textures", a.Path())
	}
	if plain {
		sheet, err := ContactSheet(ctx, a, plainSide)
		if err != nil {
			return err
		}
		sheet.Paint(paint)
		return safefile.Write(file, func(w io.Writer) error { return png.Encode(w, sheet.Image) })
	}
	m, err := ofArchive(ctx, a, filepath.Base(a.Path()))
	if err != nil {
		return fmt.Errorf("%s: %w", a.Path(), err)
	}
	m.Imagery.Paint(paint)
	return m.WriteFile(file)
}
