package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/words"
)

// enoughDescriptors is how many files a busy mount may have open: X-Plane opens about a thousand at
// once.
const enoughDescriptors = 8192

func limits(s subject, hard uint64) Finding {
	if hard < enoughDescriptors {
		return s.warning(fmt.Sprintf(
			"raise it: LimitNOFILE=%d in the systemd unit, or a line \"* hard nofile %d\" in "+
				"/etc/security/limits.conf", 8*enoughDescriptors, 8*enoughDescriptors),
			"a process may open %d files; X-Plane opens thousands at once", hard)
	}
	return s.ok("a process may open %d files", hard)
}

func memory(s subject, available, need int64) Finding {
	if available < need {
		return s.warning("close other programs, or give the mount a smaller --memory-cache",
			"%s available; a mount may need up to %s", gb(available), gb(need))
	}
	return s.ok("%s available; a mount needs up to %s", gb(available), gb(need))
}

// leastDisk is the free space needed in any case: a few textures and their log.
const leastDisk = 1e9

// Disk compares the free space at dir, or at its parent if it does not exist yet, with the space
// that the caches may need.
func Disk(dir string, wanted int64) Finding {
	const s = subject("disk")
	at, err := realpath.Of(dir) // it may be a link to another disk
	if err != nil {
		return s.failure("choose a usable cache directory ("+cacheVariable+")", "%s: %v", dir, err)
	}
	var there filesys.Info
	for {
		if there, err = filesys.Of(at); err == nil {
			break
		}
		if !errors.Is(err, os.ErrNotExist) || at == filepath.Dir(at) {
			return s.failure("choose a usable cache directory ("+cacheVariable+")", "%v", err)
		}
		at = filepath.Dir(at)
	}
	if filesys.Writable(at) != nil {
		return s.failure("make it writable, or choose another ("+cacheVariable+")",
			"%s is not writable", at)
	}
	return room(s, dir, there.Free, wanted)
}

func room(s subject, dir string, free, wanted int64) Finding {
	switch {
	case free < leastDisk:
		return s.failure("free some space, or move the cache ("+cacheVariable+")", "%s free in %s",
			gb(free), dir)
	case free < wanted:
		return s.warning("free some space, move the cache ("+cacheVariable+"), or keep less "+
			"(--keep-chunks, mount's --disk-cache)", "%s free in %s; the caches may grow to %s",
			gb(free), dir, gb(wanted))
	default:
		return s.ok("%s free in %s", gb(free), dir)
	}
}

// Config reports whether the user's configuration files could be read.
func Config(errs ...error) Finding {
	const s = subject("configuration")
	var said []string
	for _, err := range errs {
		if err != nil {
			said = append(said, strings.ReplaceAll(words.Of(err), "\n", "; "))
		}
	}
	if len(said) > 0 {
		return s.failure("correct the named entries, or remove them", "%s",
			strings.Join(said, "; "))
	}
	return s.ok("config.toml and providers.toml are readable or absent")
}
