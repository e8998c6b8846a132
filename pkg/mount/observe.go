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
