package filesys

import "io/fs"

// OnDisk returns how much of the disk a file takes, at most.
func OnDisk(info fs.FileInfo) int64 { return info.Size() }
