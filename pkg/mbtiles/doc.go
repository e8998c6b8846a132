// Package mbtiles writes and reads xelpack archives: one SQLite file that any map viewer opens as
// MBTiles, and that holds X-Plane's ground textures beside the previews the viewer shows.
// docs/archive-format.md is the specification of the file.
//
// An archive is written like this, from as many goroutines as one likes:
//
//	w, err := mbtiles.Create(ctx, "flight.mbtiles", mbtiles.WriterOptions{})
//	defer w.Close()
//	enc := mbtiles.NewEncoder(mbtiles.Fast) // one a goroutine
//	if _, ok := w.Has(texture.Key()); !ok {
//		content, err := enc.Encode(ddsFile)
//		err = w.Put(ctx, mbtiles.Record{Texture: texture, Chunks: 256, Provider: "eox"}, content)
//	}
//	err = w.Finish(ctx, map[string]string{"attribution": "…"})
//
// and read like this:
//
//	a, err := mbtiles.Open(ctx, "flight.mbtiles")
//	defer a.Close()
//	e, ok := a.Lookup(texture.Key())
//	n, err := a.ReadAt(ctx, e, buf, 128)
//
// # Durability
//
// Work goes on in NAME.mbtiles.part. A process that dies at any moment leaves a .part that another
// Create continues; at most the last transaction is lost (two seconds, or 256 MiB). Finish syncs
// and renames: what bears the final name is complete.
//
// # Concurrency
//
// Writer and Archive may be used by any number of goroutines at once; an Encoder by one. One
// process writes an archive at a time, which the kernel sees to; any number read.
//
// # Trust
//
// Archives come from strangers. Open checks that the tables are the tables of the format and
// nothing else, that every texture is possible and that contents have the sizes their layout
// demands; reading never makes more memory than the layout says; nothing in the file is ever
// executed. Verify checks every byte of every texture, and has SQLite check every page of the file.
package mbtiles
