// Package scenery reads an X-Plane scenery package: the ground textures that its terrain files
// name, and those that it holds.
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
// # Which textures are wanted
//
// A texture is wanted if a terrain file (.ter) of the package's terrain folder names it with
// BASE_TEX or BASE_TEX_NOWRAP. The position in LOAD_CENTER and the terrain file's own name do not
// matter: a package mixes zoom levels, and X-Plane opens only what BASE_TEX names. Terrain whose
// texture is not named like ortho imagery (see tiles.ParseName) is ignored. Terrain is skipped and
// reported if it cannot be read, if it names a file outside the package, or if it names ortho
// imagery that is not a .dds.
//
// # Size
//
// Continental packages hold a million terrain files in one folder. The folder is streamed, read by
// a few goroutines, and only the textures found are kept: about 90 bytes each. Two ways avoid
// reading all of it:
//
//	// an index, valid until a folder of the package changes
//	scenery.OpenWith(ctx, dir, scenery.Options{Cache: cacheDir})
//	// only the terrain that the meshes of these cells list
//	scenery.OpenWith(ctx, dir, scenery.Options{Cells: wantedCells})
//
// # Safety
//
// A package is not trusted. A terrain file cannot make anything outside the package's folder be
// opened, only the head of a file is read, and lengths inside a DSF are checked.
package scenery
