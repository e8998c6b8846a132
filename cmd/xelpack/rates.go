package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/pack"
)

// measuredRequests is how many requests a build must have sent for its rate to say something.
const measuredRequests = 1000

// ratesFile keeps the requests a second that the last builds came to, by provider: {"eox": 412.5}. It is a convenience: whatever is wrong with it, it counts as
// empty.
func ratesFile() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "xelpack", "rates.json"), err
}

func readRates() map[string]float64 {
	rates := make(map[string]float64)
	file, err := ratesFile()
	if err != nil {
		return rates
	}
	if body, err := os.ReadFile(file); err != nil || json.Unmarshal(body, &rates) != nil {
		return make(map[string]float64)
	}
	return rates
}

// rememberRate keeps what a build of the provider came to, if it was long enough to tell.
func rememberRate(provider string, r pack.Report) error {
	if r.Requests < measuredRequests || r.ElapsedSeconds <= 0 {
		return nil
	}
	file, err := ratesFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	rates := readRates()
	rates[provider] = float64(r.Requests) / r.ElapsedSeconds
	return writeFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(rates) })
}
