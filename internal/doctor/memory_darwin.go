package doctor

import (
	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/words"
)

// Memory compares half of what the machine has with what a mount may take: macOS gives memory back
// on demand, so that what is free at a moment says little.
func Memory(need int64) Finding {
	const s = subject("memory")
	all, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return s.skipped(words.Of(err))
	}
	return memory(s, int64(all)/2, need)
}
