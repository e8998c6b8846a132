package fetchtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// grid serves the server's imagery as tiles of 256·2ⁿ px: ready-made, and of a box that is asked
// for. Of every request for a box it checks all that there is to check.
type grid struct {
	server *Server

	mu       sync.Mutex
	mistakes []string
	pictures map[composed][]byte // as they were composed: it costs more than a request
	bytes    int
}

// composed names a tile of the grid.
type composed struct {
	tile tiles.Chunk
	px   int
	png  bool
}

// TileTemplate returns the template of the server's imagery in tiles of px, as "png" or "jpg".
func (s *Server) TileTemplate(px int, format string) string {
	return fmt.Sprintf("%s/tiles/%d/{z}/{x}/{y}.%s", s.URL(), px, format)
}

// WMSTemplate returns the template of the same imagery by GetMap of a version of WMS.
func (s *Server) WMSTemplate(version, format string) string {
	crs := "SRS"
	if strings.HasPrefix(version, "1.3") {
		crs = "CRS"
	}
	return s.URL() + "/wms?SERVICE=WMS&VERSION=" + version +
		"&REQUEST=GetMap&LAYERS=ortho&STYLES=&FORMAT=image/" + format + "&" + crs +
		"=EPSG:3857&BBOX={bbox}&WIDTH={width}&HEIGHT={height}"
}

// ExportTemplate returns the template of the same imagery by exportImage of ArcGIS.
func (s *Server) ExportTemplate(format string) string {
	return s.URL() + "/arcgis/rest/services/Test/ImageServer/exportImage?f=image&format=" + format +
		"&bbox={bbox}&bboxSR=3857&imageSR=3857&size={width},{height}"
}

// Mistakes returns what was wrong with requests for boxes. They are answered as a WMS does: with
// status 200 and an exception in XML.
func (s *Server) Mistakes() []string {
	s.grid.mu.Lock()
	defer s.grid.mu.Unlock()
	return s.grid.mistakes
}

func (g *grid) handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /tiles/{px}/{z}/{x}/{y}", g.serve(func(r *http.Request) (composed, error) {
		px, err := strconv.Atoi(r.PathValue("px"))
		c, ok := byXYZ(r)
		if err != nil || !ok {
			return composed{}, errors.New("no such tile")
		}
		return composed{c, px, strings.HasSuffix(r.PathValue("y"), ".png")}, nil
	}))
	mux.HandleFunc("GET /wms", g.serve(byGetMap))
	mux.HandleFunc("GET /arcgis/rest/services/Test/ImageServer/exportImage", g.serve(byExport))
}

func (g *grid) serve(read func(*http.Request) (composed, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		want, err := read(r)
		if err != nil {
			g.mu.Lock()
			g.mistakes = append(g.mistakes, fmt.Sprintf("%s: %v", r.URL, err))
			g.mu.Unlock()
			w.Header().Set("Content-Type", "text/xml")
			_, _ = w.Write(exception(err.Error()))
			return
		}
		g.server.serve(func(*http.Request) (tiles.Chunk, bool) { return want.tile, true },
			func(ctx context.Context, _ tiles.Chunk) ([]byte, error) {
				return g.compose(ctx, want)
			})(w, r)
	}
}

func exception(text string) []byte {
	return []byte(`<?xml version="1.0"?>` + "\n" +
		`<ServiceExceptionReport version="1.3.0"><ServiceException code="InvalidParameterValue">` +
		text + "</ServiceException></ServiceExceptionReport>\n")
}

// query returns the parameters, whose names may be in any case, and what of want they lack.
func query(r *http.Request, want map[string]string) (map[string]string, error) {
	got := map[string]string{}
	for name, values := range r.URL.Query() {
		if len(values) != 1 {
			return nil, fmt.Errorf("%s is given %d times", name, len(values))
		}
		got[strings.ToLower(name)] = values[0]
	}
	for name, value := range want {
		if have, ok := got[name]; !ok || value != "" && have != value {
			return nil, fmt.Errorf("%s is %q, want %q", name, have, value)
		}
	}
	return got, nil
}

func byGetMap(r *http.Request) (composed, error) {
	got, err := query(r, map[string]string{"service": "WMS", "request": "GetMap", "layers": "ortho",
		"styles": ""})
	if err != nil {
		return composed{}, err
	}
	crs := map[string]string{"1.1.1": "srs", "1.3.0": "crs"}[got["version"]]
	other := map[string]string{"srs": "crs", "crs": "srs"}[crs]
	switch {
	case crs == "":
		return composed{}, fmt.Errorf("version %q", got["version"])
	case got[crs] != "EPSG:3857" || got[other] != "":
		return composed{}, fmt.Errorf("version %s with SRS %q and CRS %q", got["version"],
			got["srs"], got["crs"])
	case got["format"] != "image/png" && got["format"] != "image/jpeg":
		return composed{}, fmt.Errorf("format %q", got["format"])
	}
	return byBox(got["bbox"], got["width"], got["height"], got["format"] == "image/png")
}

func byExport(r *http.Request) (composed, error) {
	got, err := query(r, map[string]string{"f": "image", "bboxsr": "3857", "imagesr": "3857"})
	if err != nil {
		return composed{}, err
	}
	if got["format"] != "png" && got["format"] != "jpg" {
		return composed{}, fmt.Errorf("format %q", got["format"])
	}
	width, height, _ := strings.Cut(got["size"], ",")
	return byBox(got["bbox"], width, height, got["format"] == "png")
}

// byBox reads minx,miny,maxx,maxy in metres, which must be a square of the web's grid to a
// thousandth of a pixel.
func byBox(bbox, width, height string, png bool) (composed, error) {
	var box [4]float64
	fields := strings.Split(bbox, ",")
	for i, field := range fields {
		var err error
		if box[i%4], err = strconv.ParseFloat(field, 64); err != nil || len(fields) != 4 ||
			strings.Contains(field, "e") {
			return composed{}, fmt.Errorf("bbox %q", bbox)
		}
	}
	px, err := strconv.Atoi(width)
	if err != nil || width != height || px < 256 || px > 2048 || px&(px-1) != 0 {
		return composed{}, fmt.Errorf("size %s×%s", width, height)
	}
	const corner = math.Pi * 6378137
	z := math.Round(math.Log2(2 * corner / (box[2] - box[0])))
	side := math.Ldexp(2*corner, -int(z))
	x, y := math.Round((box[0]+corner)/side), math.Round((corner-box[3])/side)
	for i, want := range [4]float64{x*side - corner, corner - (y+1)*side, (x+1)*side - corner,
		corner - y*side} {
		if !(math.Abs(box[i]-want) < side/float64(px)/1000) {
			return composed{}, fmt.Errorf(
				"bbox %q is not a square of the grid: number %d must be %f", bbox, i+1, want)
		}
	}
	if last := math.Exp2(z) - 1; x < 0 || y < 0 || x > last || y > last {
		return composed{}, fmt.Errorf("bbox %q is outside the world", bbox)
	}
	return composed{tiles.Chunk{Z: tiles.ZL(z), X: uint32(x), Y: uint32(y)}, px, png}, nil
}

// compose makes a tile from chunks. Where there are none it is white, or transparent.
func (g *grid) compose(ctx context.Context, want composed) ([]byte, error) {
	across := uint32(want.px / tiles.ChunkPixels)
	levels := tiles.ZL(math.Log2(float64(across)))
	if r, ok := g.server.images.(*repeated); ok && r.side&(r.side-1) == 0 {
		// Tiles of the same chunks are composed once.
		period := max(1, r.side/across)
		want.tile.X, want.tile.Y = want.tile.X%period, want.tile.Y%period
	}
	g.mu.Lock()
	body, ok := g.pictures[want]
	g.mu.Unlock()
	if ok {
		return body, nil
	}
	whole := image.NewNRGBA(image.Rect(0, 0, want.px, want.px))
	if !want.png {
		draw.Draw(whole, whole.Rect, image.White, image.Point{}, draw.Src)
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := range across * across {
		group.Go(func() error {
			c := tiles.Chunk{Z: want.tile.Z + levels, X: want.tile.X<<levels + i%across,
				Y: want.tile.Y<<levels + i/across}
			body, err := g.server.images.Fetch(ctx, c)
			if errors.Is(err, fetch.ErrNoImagery) {
				return nil
			}
			if err != nil {
				return err
			}
			chunk, err := jpeg.Decode(bytes.NewReader(body))
			if err != nil {
				return err
			}
			at := image.Pt(int(i%across), int(i/across)).Mul(tiles.ChunkPixels)
			draw.Draw(whole, image.Rectangle{Min: at, Max: at.Add(chunk.Bounds().Size())}, chunk,
				image.Point{}, draw.Src)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	write := encode
	if want.png {
		write = EncodePNG
	}
	made, err := write(whole)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pictures == nil || g.bytes+len(made) > cacheBytes {
		g.pictures, g.bytes = map[composed][]byte{}, 0
	}
	g.pictures[want] = made
	g.bytes += len(made)
	return made, nil
}

// EncodePNG returns img as a PNG, quickly.
func EncodePNG(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	return b.Bytes(), err
}
