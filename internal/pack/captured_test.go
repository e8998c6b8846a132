package pack

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestCaptured asks a server that tells of each chunk when it was taken, but of one: the texture is
// from the first day to the last.
func TestCaptured(t *testing.T) {
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, chunkPixels, chunkPixels)), nil); err != nil {
		t.Fatal(err)
	}
	first := home.Chunk(0, 0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c tiles.Chunk
		if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d/%d", &c.Z, &c.X, &c.Y); err != nil {
			t.Error(err)
		}
		switch c {
		case first:
			w.Header().Set("X-VE-TILEMETA-CaptureDatesRange", "5/1/2019-6/30/2019")
		case tiles.Chunk{Z: first.Z, X: first.X + 1, Y: first.Y}:
			w.Header().Set("X-VE-TILEMETA-CaptureDatesRange", "12/24/2016-1/2/2017")
		case tiles.Chunk{Z: first.Z, X: first.X, Y: first.Y + 1}:
			w.Header().Set("X-VE-TILEMETA-CaptureDatesRange", "1/1/2018-1/1/2018")
		}
		_, _ = w.Write(picture.Bytes())
	}))
	defer server.Close()
	client := fetch.NewClient(fetch.ClientOptions{})
	defer client.Close()
	p := New(Options{Source: client.Source(fetch.Provider{ID: "dated", Template: server.URL + "/{z}/{x}/{y}", MaxZL: 19}), MaxZL: 19})
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	built, err := p.Texture(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	defer built.Release()
	if want := (terms.Days{Oldest: "2016-12-24", Newest: "2019-06-30"}); built.Captured != want || built.Failed > 0 {
		t.Errorf("it was taken %v, want %v (%+v)", built.Captured, want, built.Tally)
	}
}
