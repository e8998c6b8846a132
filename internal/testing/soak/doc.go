// Package soak loads a mount the way X-Plane does, for any length of time, and compares every byte
// that it reads.
//
//	w, err := soak.MakeWorld(ctx, file, soak.WorldOptions{Textures: 100_000, Source: imagery})
//	…mount w's archive in another process, live textures from the same imagery…
//	report := soak.Run(ctx, soak.Config{World: w, Dir: mountpoint, Server: pid,
//		Deadline: 5 * time.Second, Duration: 30 * time.Minute})
//	err = report.Write(os.Stdout)
//
// # The load
//
// An aircraft flies over the world. At first the whole window of 3° of latitude by 3°/cos φ of
// longitude is read, then, burst by burst, the rows ahead of it: 400 to 1,200 textures each, 50 at
// once. Of most textures the header and everything from one of the small mip levels on is read, of
// 3 % all of it, in reads of odd lengths that cross the borders of levels, or through mmap. Each
// file is dropped from the page cache after use, so that the mount answers.
//
// # The world
//
// A square of textures, all in one archive except for a few, which are made live. They share a few
// contents, assigned by a hash of the name: an archive of 100,000 textures takes a few hundred
// megabytes, and a texture served under the wrong name is noticed.
package soak
