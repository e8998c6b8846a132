// Package dds builds and reads the textures that X-Plane loads: DDS files of BC1 or BC3 blocks with
// a full mip chain.
//
// A texture is built chunk by chunk, in any order, by any number of workers, straight into the
// bytes of the file:
//
//	b, err := dds.NewBuilder(dds.Layout{Format: dds.BC1, Side: 4096}, nil)
//	w := dds.NewWorker()
//	defer w.Close()
//	for row := range 16 {
//		for col := range 16 {
//			err := w.AddJPEG(b, row, col, jpeg[row][col])
//		}
//	}
//	file, err := b.Finish()
//
// and read level by level:
//
//	l, err := dds.ParseHeader(file)
//	off, n := l.Level(3)
//	img, err := dds.Decode(l, 3, file[off:off+n])
//
// # Memory
//
// No picture of the texture is ever held. A Builder costs its output (11.2 MB for BC1 at 4096 px)
// and well under 1 MiB beside it; a Worker costs less than 1 MiB.
//
// # Concurrency
//
// Any number of workers may add to one Builder at once. A Worker serves one goroutine at a time.
//
// # Reproducibility
//
// The bytes of a texture depend on the decoded pixels, the layout and the quality, and on nothing
// else: not on the order of the chunks, the number of workers, the processor, or whether the C or
// the pure Go code ran. JPEG decoders differ among themselves in the last bit; Decoder says which
// one is in use.
//
// # Colour
//
// Mip levels are averaged in linear light with a gamma of 2.2. Alpha is averaged as it is. BC1
// blocks are always of the four-colour kind, so no pixel can turn transparent.
package dds
