package ahead

import "github.com/xelpack/xelpack/pkg/tiles"

const (
	// rowAhead is how much of a row or column is made ahead: X-Plane asks for 3 to 4 textures
	// across, 2 to 3 rows at a time.
	rowAhead = 4
	// rowGap is how many textures apart two opens of one row may be: 50 are in flight at a time.
	rowGap = 3
)

// Row returns the textures ahead if t was opened after last and both are close in one row or
// column.
func Row(last, t tiles.Texture) (all []tiles.Texture) {
	down := (int(t.Row) - int(last.Row)) / tiles.TextureChunks
	right := (int(t.Col) - int(last.Col)) / tiles.TextureChunks
	if (down == 0) == (right == 0) || max(down, -down, right, -right) > rowGap {
		return nil
	}
	down, right = min(max(down, -1), 1), min(max(right, -1), 1)
	for i := 1; i <= rowAhead; i++ {
		if next, ok := shifted(t, down*i, right*i); ok {
			all = append(all, next)
		}
	}
	return all
}

// Around returns the neighbours of t.
func Around(t tiles.Texture) (all []tiles.Texture) {
	for down := -1; down <= 1; down++ {
		for right := -1; right <= 1; right++ {
			if next, ok := shifted(t, down, right); ok && next != t {
				all = append(all, next)
			}
		}
	}
	return all
}

// shifted returns the texture down rows further south and right columns further east, wrapping
// round the earth.
func shifted(t tiles.Texture, down, right int) (tiles.Texture, bool) {
	n := 1 << t.ZL
	row := int(t.Row) + down*tiles.TextureChunks
	if row < 0 || row >= n {
		return t, false
	}
	t.Row, t.Col = uint32(row), uint32((int(t.Col)+right*tiles.TextureChunks+n)%n)
	return t, t.Valid() == nil
}
