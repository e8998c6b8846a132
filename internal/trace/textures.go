package trace

import (
	"errors"

	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Use lets use read the trace in a file. One that is cut short is good as far as it goes; note is
// told.
func Use(file string, note func(string), use func(*Reader)) error {
	r, err := Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	use(r)
	if !errors.Is(r.Err(), ErrCut) {
		return r.Err()
	}
	note(words.Sprintf("%v; the part before is used", r.Err()))
	return nil
}

// Textures returns the textures that flights asked for, including missing ones.
func Textures(files []string, note func(string)) ([]tiles.Texture, error) {
	seen := make(map[tiles.Key]bool)
	textures := []tiles.Texture{}
	for _, file := range files {
		err := Use(file, note, func(r *Reader) {
			for e := range r.Events() {
				if k := e.Texture.Key(); !seen[k] {
					seen[k] = true
					textures = append(textures, e.Texture)
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return textures, nil
}

// SummariseFile summarises the trace in a file.
func SummariseFile(file string, note func(string)) (s Summary, err error) {
	cut := false
	err = Use(file, func(text string) { cut = true; note(text) }, func(r *Reader) {
		s = summarise(r.Events())
		s.Lost = r.Lost()
	})
	s.Cut = cut
	return s, err
}
