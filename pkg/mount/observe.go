package mount

import (
	"syscall"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Observer is told of every request that the kernel sends. Its methods are called before the answer
// is sent, from many goroutines at once: they must be quick and never wait.
type Observer interface {
	// Asked is called when a request arrives; one call of Answered with the same Op and Texture
	// follows. The texture is set for opens and reads of textures, and zero otherwise.
	Asked(op Op, t tiles.Texture)
	// Answered is called when the answer is ready.
	Answered(a Answer)
}

// Op is a kind of request.
type Op uint8

// The kinds of requests.
const (
	OpLookup Op = iota // a look-up of a name
	OpStat
	OpOpen
	OpRead
	OpList  // opening a directory and reading its entries
	OpOther // links and statfs
	Ops     // the number of kinds
)

// String returns the kind's name in lower case.
func (o Op) String() string {
	return [...]string{"lookup", "stat", "open", "read", "list", "other", "?"}[min(o, Ops)]
}

// Origin is the source of an answer.
type Origin uint8

// The origins.
const (
	FromNowhere  Origin = iota // requests that read no file
	FromArchive                // an archived texture
	FromMemory                 // a live texture from the memory cache
	FromDisk                   // a live texture from the disk cache
	FromLive                   // a live texture made for this open
	FromFallback               // a stand-in: enlarged, or ground colour
	FromReal                   // a file of a scenery directory
	Origins                    // the number of origins
)

// String returns the origin's name in lower case.
func (o Origin) String() string {
	return [...]string{"none", "archive", "memory", "disk", "live", "fallback", "real",
		"?"}[min(o, Origins)]
}

// Answer is one request and how it was answered.
type Answer struct {
	Op      Op
	From    Origin
	Texture tiles.Texture // zero for other files
	Size    int64         // size of the texture's file
	Missing bool          // a look-up of a valid texture name that does not exist
	Offset  int64         // reads only
	Length  int           // reads only: bytes returned
	Start   time.Time
	Took    time.Duration
	Errno   syscall.Errno
}

// asking is a request in progress. The zero value has no observer and costs nothing.
type asking struct {
	observer Observer
	op       Op
	texture  tiles.Texture
	size     int64
	start    time.Time
}

// asked notes that a request has arrived, for a texture of size bytes or for something else.
func (t *tree) asked(op Op, texture tiles.Texture, size int64) asking {
	if t.observer == nil {
		return asking{}
	}
	t.observer.Asked(op, texture)
	return asking{t.observer, op, texture, size, time.Now()}
}

// answered notes the answer to an open, or to any request without an offset.
func (a *asking) answered(from Origin, errno syscall.Errno) { a.read(from, 0, 0, errno) }

// read notes the answer to a read.
func (a *asking) read(from Origin, off int64, n int, errno syscall.Errno) {
	if a.observer == nil {
		return
	}
	a.observer.Answered(Answer{
		Op: a.op, From: from, Texture: a.texture, Size: a.size, Offset: off, Length: n,
		Start: a.start, Took: time.Since(a.start), Errno: errno,
	})
}
