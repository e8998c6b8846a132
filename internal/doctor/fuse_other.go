//go:build !linux

package doctor

import (
	"context"

	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mount"
)

// FUSE says that nothing can be mounted here.
func FUSE(context.Context) []Finding {
	const s = subject("FUSE")
	if err := mount.Possible(); err != nil {
		return []Finding{s.skipped(words.Of(err))}
	}
	return []Finding{s.warning("xelpack install needs no mount", "%s", mount.Remark)}
}
