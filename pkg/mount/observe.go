package mount

import (
	"syscall"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Observer hears of every request that the kernel sends. Its methods are called on the path of the
// answer, from many goroutines at once: they must be quick and never wait.
type Observer interface {
	// Asked is called when a request has come; one call of Answered with the same Op and Texture
	// follows. The texture is known for opens and reads of textures, and zero otherwise.
	Asked(op Op, t tiles.Texture)
	// Answered is called when the answer is ready.
	Answered(a Answer)
}

// Op is a kind of request.
type Op uint8

// The kinds of requests.
const (
	OpLookup Op = iota // of a name
	OpStat
	OpOpen
	OpRead
	OpList  // of a directory: opening it and reading its entries
	OpOther // links, and what the file system says of itself
	Ops     // how many there are
)

// String returns the kind's name in lower case.
func (o Op) String() string {
	return [...]string{"lookup", "stat", "open", "read", "list", "other", "?"}[min(o, Ops)]
}

// Origin is where an answer came from.
type Origin uint8

// The origins.
const (
	FromNowhere  Origin = iota // requests that no texture's or file's bytes answer
	FromArchive                // an archived texture
	FromMemory                 // a live texture that the memory cache held
	FromDisk                   // a live texture that the disk cache held
	FromLive                   // a live texture that was made for it
	FromFallback               // a stand-in: enlarged, or ground colour
	FromReal                   // a file of a scenery directory
	Origins                    // how many there are
)

// String returns the origin's name in lower case.
func (o Origin) String() string {
	return [...]string{"none", "archive", "memory", "disk", "live", "fallback", "real", "?"}[min(o, Origins)]
}

// Answer is one request and how it was answered.
type Answer struct {
	Op      Op
	From    Origin
	Texture tiles.Texture // zero for other files
	Size    int64         // of the texture's file
	Missing bool          // a look-up of a valid texture's name that nobody has
	Offset  int64         // of a read
	Length  int           // of a read: bytes answered
	Start   time.Time
	Took    time.Duration
	Errno   syscall.Errno
}
