package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/pack"
)

const (
	// measuredRequests is how many requests a build must have sent for its rate to say something.
	measuredRequests = 1000
	// keptRates is how many builds of a provider are remembered.
	keptRates = 7
)

// rates are the requests a second that the latest builds came to, a number each, the latest last.
type rates []float64

// UnmarshalJSON also reads the single number of earlier versions.
func (r *rates) UnmarshalJSON(body []byte) error {
	if one := 0.0; json.Unmarshal(body, &one) == nil {
		*r = rates{one}
		return nil
	}
	return json.Unmarshal(body, (*[]float64)(r))
}

// usual returns the median: one build on a slow evening does not spoil the next plan. 0: nothing is
// known.
func (r rates) usual() float64 {
	if len(r) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(r))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// ratesFile keeps rates by provider: {"eox": [412.5, 398]}. It is a convenience: whatever is wrong
// with it, it counts as empty.
func ratesFile() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "xelpack", "rates.json"), err
}

func readRates() map[string]rates {
	known := make(map[string]rates)
	file, err := ratesFile()
	if err != nil {
		return known
	}
	if body, err := os.ReadFile(file); err != nil || json.Unmarshal(body, &known) != nil {
		return make(map[string]rates)
	}
	return known
}

// rememberRate keeps what a build of the provider came to, if it was long enough to tell and the
// provider was there all the time.
func rememberRate(provider string, r pack.Report) error {
	if r.Requests < measuredRequests || r.ElapsedSeconds <= 0 || r.Outages > 0 {
		return nil
	}
	file, err := ratesFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	known := readRates()
	list := append(known[provider], float64(r.Requests)/r.ElapsedSeconds)
	known[provider] = list[max(len(list)-keptRates, 0):]
	return writeFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(known) })
}
