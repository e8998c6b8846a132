// Package mount shows scenery packages and texture archives as one read-only directory tree, the
// way X-Plane expects to find it.
//
//	const dir = "/home/me/X-Plane 12/Custom Scenery/zzXEL_eur_ortho"
//	m, err := mount.Mount(ctx, dir, mount.Options{
//		Scenery:   []string{dir},                    // terrain, masks and DSFs are passed through
//		Archives:  []mount.Archive{flight},          // *mbtiles.Archive
//		Live:      mount.LiveScenery,                // what no archive has is made when opened
//		Wanted:    wanted,                           // the textures that the terrain names
//		Generator: pipeline,
//	})
//	…
//	err = m.Unmount(ctx) // or: err = m.Wait(), until somebody else unmounts it
//
// The mount lies over one of its scenery directories, as here, or over an empty directory. What it
// covers is read through a handle that was opened before, so that nothing has to be moved.
//
// Without scenery the root holds textures/ only. With scenery it is the union of the directories,
// the first that has a name wins, and textures/ holds the archived textures beside the real files.
//
// # What answers for a texture
//
// In this order: a real file of a scenery directory, in any spelling; an archive, in the order
// given (archives first with Options.PreferArchive); the Generator. Any spelling that
// tiles.ParseName accepts, with the extension .dds, opens the same file. Water masks, other
// extensions (.ktx2) and textures that do not exist are "no such file", which the kernel remembers.
//
// A listing shows real files and archived textures (under their canonical names, unless a real file
// stands for the same texture). Textures that only the Generator can answer for are found by name
// but never listed: X-Plane never lists, and a tool that walks a listing and opens what it finds (a
// backup, an indexer, a copy) would otherwise set off the making of a continent.
//
// # What never happens
//
// Size, inode number and modification time of a texture never change, not even from one mount to
// the next. Inside that size every read returns exactly what was asked for: a texture whose archive
// cannot be read, or that could not be made, is answered with ground colour in valid blocks, and
// said in the log. What changes in a scenery directory is seen within five seconds; a name that was
// once answered from an archive or live stays so for as long as the kernel remembers it.
//
// FS.SetArchives changes the archives under the mount: names appear, and none that was announced
// changes its looks.
//
// # Live textures
//
// Whoever opens a texture that must be made first waits in open(2), never in read(2), at most for
// Options.Deadline, and then gets the best at hand: the part of an archived parent texture,
// enlarged, or the ground colour. The making goes on for later openers. All who open one texture at
// the same time wait for one making of it. A signal does not end the wait (the simulator would see
// EINTR), a kill does, and with the last waiter killed the making is cancelled.
//
// An open file keeps the bytes it started with. When better ones have arrived since, the next open
// of the name gets them under a new identity in the kernel (same inode number, size and time), so
// that pages cached of the old never mix with the new.
//
// Made textures are kept in memory, up to Options.MemoryCache, and in Options.Disk from one mount
// to the next. With Options.Prefetch the neighbours of what is opened, and the rest of the row or
// column that is being loaded, are made before they are asked for, by workers that have nothing
// else to do.
//
// # Archives on web servers
//
// Opens and reads of their textures wait for Options.Deadline together, and then get what is at
// hand: smaller mip levels, enlarged, or as above. An open file keeps the bytes it has shown.
//
// # Symbolic links
//
// Links inside a scenery directory are shown as links, except that textures itself may be one.
// Relative links that leave the package lead elsewhere from the mountpoint.
//
// # Concurrency
//
// Everything is safe for concurrent use. No lock is held over I/O. Never open files of a mount from
// the process that serves it: a page fault or a blocked call can stop the thread that would have to
// answer it, and a process that is killed with such a file open never ends, because it would have
// to answer its own close.
package mount
