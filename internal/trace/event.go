package trace

import (
	"errors"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Op is a kind of request. The numbers are part of the file format.
type Op uint8

// The ops.
const (
	OpOpen    Op = 1
	OpRead    Op = 2
	OpMissing Op = 3 // a look-up of a texture that does not exist
)

// String returns the op's name in lower case.
func (o Op) String() string {
	return [...]string{"?", "open", "read", "missing"}[o&3]
}

// Source is where an answer came from. The numbers are part of the file format.
type Source uint8

// The sources.
const (
	Nowhere  Source = 0
	Archive  Source = 1
	Memory   Source = 2
	Disk     Source = 3
	Live     Source = 4
	Fallback Source = 5 // a stand-in
)

var sourceNames = [...]string{"none", "archive", "memory", "disk", "live", "fallback"}

// String returns the source's name in lower case.
func (s Source) String() string {
	if int(s) < len(sourceNames) {
		return sourceNames[s]
	}
	return "?"
}

// Event is one request and its answer.
type Event struct {
	Op      Op
	Source  Source
	Texture tiles.Texture
	Size    int64         // of the texture's file; 0: missing
	Start   time.Duration // since the trace began; to the microsecond
	Took    time.Duration // to the microsecond
	Offset  int64         // reads only
	Length  int64         // reads only
}

// Errors of reading.
var (
	// ErrFormat means that the file is not a trace.
	ErrFormat = errors.New("not a trace")
	// ErrVersion means that this program does not read the trace's version.
	ErrVersion = errors.New("unknown trace version")
	// ErrCut means that the trace is cut short or damaged; everything before that point is valid.
	ErrCut = errors.New("the trace is cut short")
)

const (
	magic   = "XPKTRACE"
	version = 1
	// headerSize is the size of magic, version and start time.
	headerSize = len(magic) + 1 + 8
	// maxBlock bounds what a reader allocates for an untrusted file.
	maxBlock = 1 << 20
	// fullBlock is the size at which a block is closed: the longest record fits into the rest.
	fullBlock = maxBlock - 256

	recordTexture = 0
	recordLost    = 1
	// Events start with op<<4|source, which is at least 16.
)
