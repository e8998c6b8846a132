// Package remote reads a file on a web server by its parts, and keeps them on disk.
//
//	f, err := remote.Open(ctx, "https://example.org/europe.mbtiles", o)
//	err = f.Want(ctx, spans) // fetches what is missing of them
//	… read f.Path(), a sparse file of the same size
//
// What is fetched is written to a sparse file of the remote file's size, and noted in a list beside
// it. So a process that is killed goes on where it was, and a second one fetches nothing again, as
// long as the file on the server is the same: by its ETag, its time and its size.
//
// Nothing here is trusted: whoever reads the bytes checks them, and says with Forget which of them
// were wrong.
package remote
