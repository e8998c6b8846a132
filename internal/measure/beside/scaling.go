package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/dds"
)

// scaling is how many times the work of one worker two workers do in the same time.
type scaling struct {
	texture  float64 // on one texture
	apart    float64 // each on its own texture in its own memory: the limit of the machine
	spinning float64 // on sums in registers instead of textures: the limit of its processors
}

// measureScaling takes the three in turns. Work of two workers cannot be split into parts, so there
// are many rounds.
func measureScaling(s *set, rounds int, first, second *dds.Worker) (scaling, error) {
	buf, other := newFile(dds.BC1), newFile(dds.BC1)
	var one, shared, apart, spin, spinTwo measure.Best
	for range rounds {
		err := errors.Join(
			one.Time(func() error { return wholeTexture(buf, s, first) }),
			shared.Time(func() error { return wholeTexture(buf, s, first, second) }),
			apart.Time(func() error {
				return together(func() error { return wholeTexture(buf, s, first) },
					func() error { return wholeTexture(other, s, second) })
			}),
			spin.Time(spinning),
			spinTwo.Time(func() error { return together(spinning, spinning) }),
		)
		if err != nil {
			return scaling{}, fmt.Errorf("scaling: %w", err)
		}
	}
	return scaling{
		texture:  one.Seconds() / shared.Seconds(),
		apart:    2 * one.Seconds() / apart.Seconds(),
		spinning: 2 * spin.Seconds() / spinTwo.Seconds(),
	}, nil
}

// wholeTexture builds a texture from JPEG chunks with the given workers.
func wholeTexture(file []byte, s *set, workers ...*dds.Worker) error {
	b, err := dds.NewBuilder(dds.Layout{Format: dds.BC1, Side: dds.MaxSide}, file)
	if err != nil {
		return err
	}
	var next atomic.Int64
	var adding []func() error
	for _, w := range workers {
		add := addJPEG(s, w)
		adding = append(adding, func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= chunks {
					return nil
				}
				if err := add(b, i); err != nil {
					return err
				}
			}
		})
	}
	if err := together(adding...); err != nil {
		return err
	}
	_, err = b.Finish()
	return err
}

// together runs all at once.
func together(work ...func() error) error {
	errs := make([]error, len(work))
	var wg sync.WaitGroup
	for i, do := range work {
		wg.Go(func() { errs[i] = do() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// spinning adds numbers for some tens of milliseconds without touching memory.
func spinning() error {
	x := 1.0
	for range 10_000_000 {
		x = x*0.999 + 0.001
	}
	if x < 0.9 {
		return errors.New("wrong sum")
	}
	return nil
}
