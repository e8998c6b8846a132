// Package dds builds and reads the textures that X-Plane loads: DDS files of BC1 or BC3 blocks with
// a full mip chain.
//
// A texture is built chunk by chunk, in any order, by any number of workers, directly in the bytes
// of the file:
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
// A picture of the whole texture is never held. A Builder takes its output (11.2 MB for BC1 at 4096
// px) plus well under 1 MiB; a Worker takes less than 1 MiB.
//
// # Concurrency
//
// Any number of workers may add to one Builder at once. A Worker serves one goroutine at a time.
//
// # Reproducibility
//
// The bytes of a texture depend only on the decoded pixels, the layout and the quality: not on the
// order of the chunks, the number of workers, the processor, or whether the C or the pure Go code
// ran. JPEG decoders differ in the last bit; Decoder names the one in use.
//
// # Colour
//
// Mip levels are averaged in linear light with a gamma of 2.2. Alpha is averaged as it is. BC1
// blocks always use the four-colour mode, so no pixel can become transparent.
package dds
