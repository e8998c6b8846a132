package fetch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func Example() {
	client := fetch.NewClient(fetch.ClientOptions{})
	defer client.Close()
	p, err := fetch.LookupProvider("sample") // or "eox", a maptype code, a URL template
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := client.Source(p).Fetch(context.Background(), tiles.Chunk{Z: 14, X: 8473, Y: 5832})
	switch {
	case errors.Is(err, fetch.ErrNoImagery): // fill from the parent zoom; nothing to repair
		fmt.Println("none here")
	case err != nil: // failed, after retries: fill, and leave a hole to be repaired
		fmt.Println(err)
	default: // a whole JPEG, PNG or WebP
		picture, err := jpeg.DecodeConfig(bytes.NewReader(body))
		fmt.Println(p.Licence, picture.Width, picture.Height, err)
	}
	// Output: CC0 256 256 <nil>
}
