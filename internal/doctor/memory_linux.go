package doctor

import (
	"github.com/prometheus/procfs"

	"github.com/xelpack/xelpack/internal/words"
)

// Memory compares the available memory with what a mount may need.
func Memory(need int64) Finding {
	const s = subject("memory")
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return s.skipped(words.Of(err))
	}
	info, err := proc.Meminfo()
	if err != nil {
		return s.skipped(words.Of(err))
	}
	if info.MemAvailableBytes == nil {
		return s.skipped("the kernel does not say how much is available")
	}
	return memory(s, int64(*info.MemAvailableBytes), need)
}
