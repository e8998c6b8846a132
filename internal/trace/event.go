package trace

import (
	"errors"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Op is what was asked for. The numbers are those of the file.
type Op uint8

// The ops.
const (
	OpOpen    Op = 1
	OpRead    Op = 2
	OpMissing Op = 3 // a look-up of a texture that nobody has
)

// String returns the op's name in lower case.
func (o Op) String() string {
	return [...]string{"?", "open", "read", "missing"}[o&3]
}

// Source is where the answer came from. The numbers are those of the file.
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
	Size    int64         // of the texture's file; 0 when it is missing
	Start   time.Duration // since the trace began; kept to a microsecond
	Took    time.Duration // the same
	Offset  int64         // of a read
	Length  int64         // of a read
}

// Errors of reading.
var (
	// ErrFormat: the file is no trace.
	ErrFormat = errors.New("not a trace")
	// ErrVersion: the trace is of a version that this program does not read.
	ErrVersion = errors.New("trace of another version")
	// ErrCut: the trace ends in the middle, or is damaged there; what came before is good.
	ErrCut = errors.New("the trace is cut short")
)

const (
	magic   = "XPKTRACE"
	version = 1
	// headerSize is magic, version and the time of beginning.
	headerSize = len(magic) + 1 + 8
	// maxBlock bounds what a reader takes from a stranger.
	maxBlock = 1 << 20
	// fullBlock is when a block is closed: the longest record is shorter than what is left.
	fullBlock = maxBlock - 256

	recordTexture = 0
	recordLost    = 1
	// Events start with op<<4|source, which is 16 at least.
)
