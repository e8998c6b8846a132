package pack

import (
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestCaptured: a texture is from the first day to the last of its chunks, as far as their provider
// tells; of tiles of several chunks and of layers that are blended, too.
func TestCaptured(t *testing.T) {
	item := home
	item.Detail-- // 4 × 4 chunks, four tiles
	first := item.Chunk(0, 0)
	dates := map[tiles.Chunk]string{
		first:                                    "5/1/2019-6/30/2019",
		{Z: first.Z, X: first.X + 2, Y: first.Y}: "12/24/2016-1/2/2017",
		{Z: first.Z, X: first.X, Y: first.Y + 2}: "1/1/2018-1/1/2018",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var px int
		var c tiles.Chunk
		if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d/%d/%d", &px, &c.Z, &c.X, &c.Y); err != nil {
			t.Error(err)
		}
		across := uint32(px / chunkPixels)
		for at, days := range dates {
			at.Z -= tiles.ZL(across / 2)
			if at.X, at.Y = at.X/across, at.Y/across; at == c {
				w.Header().Set("X-VE-TILEMETA-CaptureDatesRange", days)
			}
		}
		_ = jpeg.Encode(w, image.NewGray(image.Rect(0, 0, px, px)), nil) // the client may be gone
	}))
	defer server.Close()
	client := fetch.NewClient(fetch.ClientOptions{})
	defer client.Close()
	layer := func(px int, priority area.Priority) Layer {
		p := fetch.Provider{ID: fmt.Sprint("dated", px), Template: fmt.Sprintf("%s/%d/{z}/{x}/{y}", server.URL, px), MaxZL: 19, TilePx: px}
		l := layerOf(client.Source(p), p)
		l.Priority = priority
		return l
	}
	for name, layers := range map[string][]Layer{
		"chunks":        {layer(256, area.High)},
		"tiles":         {layer(512, area.High)},
		"blended":       {layer(256, area.Medium), layer(512, area.Medium)},
		"blended tiles": {layer(512, area.Medium), layer(256, area.Medium)},
	} {
		t.Run(name, func(t *testing.T) {
			p := New(Options{Layers: layers})
			defer func() {
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}()
			built, err := p.Texture(t.Context(), item)
			if err != nil {
				t.Fatal(err)
			}
			defer built.Release()
			want := terms.Days{Oldest: "2016-12-24", Newest: "2019-06-30"}
			if built.Captured != want || built.Failed > 0 {
				t.Errorf("it was taken %v, want %v (%+v)", built.Captured, want, built.Tally)
			}
		})
	}
}
