package plan

import (
	"testing"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		name     string
		zl, deep tiles.ZL
		detail   uint8 // that can be seen
		enlarge  uint8
		want     uint8
	}{
		{name: "deep enough", zl: 16, deep: 16, enlarge: 0, want: 0},
		{name: "deeper", zl: 16, deep: 19, enlarge: 0, want: 0},
		{name: "one level enlarged", zl: 16, deep: 15, enlarge: 1, want: 0},
		{name: "one level too shallow", zl: 16, deep: 15, enlarge: 0, want: 1},
		{name: "two levels, one enlarged", zl: 16, deep: 14, enlarge: 1, want: 1},
		{name: "two levels, none enlarged", zl: 16, deep: 14, enlarge: 0, want: 2},
		{name: "two levels, as many as may be", zl: 16, deep: 14, enlarge: 4, want: 0},
		{name: "less can be seen", zl: 16, deep: 14, detail: 3, enlarge: 1, want: 3},
		{name: "the coarsest there is", zl: 18, deep: 8, enlarge: 1, want: tiles.MaxDetail},
		{name: "no imagery at all", zl: 16, deep: 0, enlarge: 4, want: tiles.MaxDetail},
	} {
		items := []tiles.Item{{Texture: tiles.Texture{ZL: tt.zl}, Detail: tt.detail}}
		limited := limit(items, fetch.Provider{MaxZL: tt.deep}, tt.enlarge)
		if got := items[0].Detail; got != tt.want || (limited > 0) != (tt.want != tt.detail) {
			t.Errorf("%s: detail %d, want %d; %d made smaller", tt.name, got, tt.want, limited)
		}
	}
}
