// Package trace records what a simulator asked of a mount, so that a flight can be examined,
// replayed, and used to plan the next build.
//
//	w, err := trace.Create("flight.trace", trace.Options{})
//	w.Record(trace.Event{Op: trace.OpRead, Texture: t, Offset: 128, …}) // never waits
//	lost, err := w.Close()
//
//	r, err := trace.Open("flight.trace")
//	for e := range r.Events() { … }
//	if errors.Is(r.Err(), trace.ErrCut) { … } // everything before the cut has been read
//
// # The file, version 1
//
// Nine bytes, "XPKTRACE" and the version; the time at which it began (int64, Unix nanoseconds,
// little endian); then blocks. A block is its length (uint32, little endian, at most 1 MiB), the
// CRC-32C of its payload (the same) and the payload, a sequence of records. All numbers in records
// are varints.
//
//	0 zl row/16 col/16 size n maptype   a texture, numbered from 1 as they appear; maptype: n bytes
//	1 count                             so many events were lost here
//	op<<4|source id start took          an open (op 1) or a look-up that found nothing (op 3) of texture id
//	2<<4|source id start took off len   a read
//
// Times are in microseconds; start is relative to the previous event (zigzag, since answers may
// overtake each other), and for the first event to the file's beginning. Textures and times carry
// over from block to block. An incomplete block counts as cut off, so a truncated file is valid up
// to there.
//
// # Concurrency
//
// A Writer is safe for concurrent use. Record copies the event into a bounded buffer and returns; a
// separate goroutine writes. When the buffer is full, events are dropped and counted. A Reader must
// be used by one goroutine.
package trace
