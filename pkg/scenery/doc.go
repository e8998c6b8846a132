// Package scenery reads an X-Plane scenery package: which ground textures its terrain files name,
// and which of them it holds.
//
//	p, err := scenery.Open(ctx, "Custom Scenery/zOrtho4XP_+43+005")
//	for _, n := range p.Textures() {
//		if !n.Real {
//			// n.Texture has to come from an archive or be built.
//		}
//	}
//	for _, problem := range p.Skipped() {
//		// Terrain that could not be used, and why.
//	}
//
// # What counts
//
// A texture is wanted when a terrain file (.ter) of the package's terrain folder names it with
// BASE_TEX or BASE_TEX_NOWRAP. Neither the place that LOAD_CENTER gives nor the terrain file's own
// name counts: a package mixes zoom levels, and only BASE_TEX is what X-Plane opens. Terrain whose
// texture is not named like ortho imagery (see tiles.ParseName) is left alone. Terrain that cannot
// be read, that names a file outside the package, or ortho imagery by anything but a .dds, is
// skipped and reported.
//
// # Size
//
// Continental packages hold a million terrain files in one folder. The folder is streamed, read by
// a few goroutines, and only what is found is kept: some 90 bytes a texture. Two ways spare reading
// all of it:
//
//	scenery.OpenWith(ctx, dir, scenery.Options{Cache: cacheDir})    // an index, good until a folder of the package changes
//	scenery.OpenWith(ctx, dir, scenery.Options{Cells: wantedCells}) // only the terrain that the meshes of these 1° cells list
//
// # Safety
//
// A package is a stranger's data. Nothing outside its folder is opened because a terrain file names
// it, only the head of a file is read, and lengths inside a DSF are not trusted.
package scenery
