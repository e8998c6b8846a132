// Package tiles models X-Plane's ground textures: their names, their place in the Web-Mercator
// grid, the regions a flight covers, and the resulting plan.
//
// A texture is named by its north-west chunk:
//
//	t, err := tiles.ParseName("23952_33712_BI16.dds")
//	t.Box()         // its square on the ground, in degrees
//	t.Tile()        // the one Web-Mercator tile it covers
//	for c := range (tiles.Item{Texture: t}).Chunks() { … } // the 256 images it is built from
//
// # Terms
//
// A chunk is one 256×256 px slippy-map image of a provider. A texture is one DDS file that X-Plane
// loads: 16×16 chunks, 4096×4096 px. ZL is the zoom level of its chunks. Detail k means that a
// texture is built from chunks at ZL-k and is 4096>>k px wide.
//
// # Conventions
//
// Longitude comes before latitude where one value holds both (orb.Point), in degrees. Rows count
// southwards, as in slippy maps.
package tiles
