package faultfs

import (
	"bytes"
	"maps"
	"slices"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// Fate is what becomes, in a power cut, of a step that was not synced.
type Fate struct {
	Keep   func(sector int64) bool // the sectors of a write that reach the disk; of any other step, whether it does: Keep(0)
	Length bool                    // a write lengthens its file though no sector of it arrives; what was to be there is zeros
}

func always(int64) bool { return true }
func never(int64) bool  { return false }

// The simple fates.
var (
	Kept   = Fate{Keep: always}
	Lost   = Fate{Keep: never}
	Zeroed = Fate{Keep: never, Length: true} // of a write; lost otherwise
)

// After returns the files that a power cut after the first n steps leaves of a folder that began
// with some. What was synced is there: a sync of a file makes last what was written to it, one of
// the folder what was created, renamed and removed, and nothing else makes anything last. fate
// decides about each step that was not synced, by its number.
func After(files map[string][]byte, steps []Step, n int, fate func(i int, s Step) Fate) map[string][]byte {
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

// synced says which steps a later one has made last.
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

// disk is what has arrived.
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
