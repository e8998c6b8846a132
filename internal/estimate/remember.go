package estimate

import (
	"cmp"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// historyFile keeps what the last builds came to, by provider. It is a convenience: whatever is
// wrong with it, it counts as empty.
func historyFile() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "xelpack", "rates.json"), err
}

func readHistory() map[string]History {
	history := make(map[string]History)
	file, err := historyFile()
	if err != nil {
		return history
	}
	if body, err := os.ReadFile(file); err != nil || json.Unmarshal(body, &history) != nil {
		return make(map[string]History)
	}
	return history
}

// historyKey tells providers apart: two bare templates have one id if they are of one host.
func historyKey(p fetch.Provider) string {
	return cmp.Or(strings.TrimSuffix(p.StoreName(), ".mbtiles"), p.ID)
}

// KnownOf returns what earlier builds say about p, also of versions that kept it under its id.
func KnownOf(p fetch.Provider, c mbtiles.Compression) Known {
	history := readHistory()
	h := history[historyKey(p)]
	if h == nil {
		h = history[p.ID]
	}
	return h.Known(c)
}

// Remember keeps what a build of a provider came to, if it was long enough to tell.
func Remember(p fetch.Provider, r Run) error {
	if !r.Tells() {
		return nil
	}
	history := readHistory()
	history[historyKey(p)] = history[historyKey(p)].Add(r)
	file, err := historyFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return safefile.Write(file,
		func(w io.Writer) error { return json.NewEncoder(w).Encode(history) })
}
