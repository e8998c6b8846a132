package faultfs

import (
	"bytes"
	"maps"
	"slices"
)

// sector is the unit that a disk writes atomically.
const sector = 512

// Fate is what a power cut does to a step that was not synced.
type Fate struct {
	// which sectors of a write reach the disk; for other steps Keep(0) says whether they do
	Keep func(sector int64) bool
	// a write extends its file although no sector of it arrives; zeros take its place
	Length bool
}

func always(int64) bool { return true }
func never(int64) bool  { return false }

// The simple fates.
var (
	Kept   = Fate{Keep: always}
	Lost   = Fate{Keep: never}
	Zeroed = Fate{Keep: never, Length: true} // writes only; other steps are lost
)

// After returns the files that a power cut after the first n steps leaves, given the initial files.
// Synced data is there: syncing a file makes its writes durable, syncing the folder makes
// creations, renames and removals durable, and nothing else is durable. fate decides about each
// step that was not synced, by its number.
func After(files map[string][]byte, steps []Step, n int,
	fate func(i int, s Step) Fate) map[string][]byte {
	d := disk{names: make(map[string]int), data: make(map[int][]byte)}
	for i, name := range slices.Sorted(maps.Keys(files)) { // as Mount numbers them
		d.names[name], d.data[i+1] = i+1, bytes.Clone(files[name])
	}
	safe := synced(steps[:n])
	for i, s := range steps[:n] {
		f := Kept
		if !safe[i] {
			f = fate(i, s)
		}
		d.apply(s, f)
	}
	left := make(map[string][]byte, len(d.names))
	for name, inode := range d.names {
		left[name] = d.data[inode]
	}
	return left
}

// synced returns which steps a later one has made durable.
func synced(steps []Step) []bool {
	safe := make([]bool, len(steps))
	files, folder := make(map[int]bool), false
	for i := len(steps) - 1; i >= 0; i-- {
		switch s := steps[i]; s.Kind {
		case SyncFile:
			files[s.inode], safe[i] = true, true
		case SyncFolder:
			folder, safe[i] = true, true
		case Write, Truncate:
			safe[i] = files[s.inode]
		default:
			safe[i] = folder
		}
	}
	return safe
}

// disk is what has arrived on the disk.
type disk struct {
	names map[string]int
	data  map[int][]byte
}

func (d *disk) apply(s Step, f Fate) {
	switch s.Kind {
	case Write:
		d.write(s, f)
	case Truncate:
		if f.Keep(0) {
			d.data[s.inode] = resize(d.data[s.inode], s.Off)
		}
	case Create:
		if f.Keep(0) {
			d.names[s.Name] = s.inode
		}
	case Rename:
		if f.Keep(0) {
			if d.names[s.Name] == s.inode {
				delete(d.names, s.Name)
			}
			d.names[s.To] = s.inode
		}
	case Remove:
		if f.Keep(0) {
			delete(d.names, s.Name)
		}
	}
}

func (d *disk) write(s Step, f Fate) {
	b := d.data[s.inode]
	end := s.Off + int64(len(s.Data))
	if f.Length && end > int64(len(b)) {
		b = resize(b, end)
	}
	for at := s.Off; at < end; {
		next := min(end, (at/sector+1)*sector)
		if f.Keep(at / sector) {
			b = put(b, at, s.Data[at-s.Off:next-s.Off])
		}
		at = next
	}
	d.data[s.inode] = b
}
