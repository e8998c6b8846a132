package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
	"sync"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
)

// report is what was measured.
type report struct {
	set      string
	encoders []*encoderResult
	stages   []*stage
	scaling  float64 // two workers over one
}

// stage is something done to all 256 chunks, and its time.
type stage struct {
	name  string
	clock clock
	run   func() error
}

type encoderResult struct {
	stage
	pictureError
	blocks [across * across][]byte
}

// speed is in million pixels a second.
func (s *stage) speed() float64 {
	return across * across * chunkSide * chunkSide / 1e3 / s.clock.milliseconds()
}

// measure takes everything in turns, so that a busy machine disturbs all alike.
func measure(s *set, rounds int) (*report, error) {
	r := &report{set: s.name}
	variants := dds.Variants()
	var workers []*dds.Worker
	for _, v := range variants {
		workers = append(workers, dds.NewWorkerVariant(v))
	}
	best, second := workers[0], dds.NewWorker()
	for _, w := range append(workers, second) {
		defer w.Close()
	}
	for i, v := range variants {
		for _, q := range []dds.Quality{dds.Fast, dds.Good, dds.Best} {
			r.addEncoder(s, fmt.Sprintf("xelpack %v, %s", q, v), workers[i], q)
		}
	}
	r.addSquish(s)
	r.addDecoders(s, best)
	r.add("mips and BC1 of all levels", func() error { return fromPixels(s, best) })
	one := len(r.stages)
	for i, v := range variants {
		r.add("whole BC1 texture, "+v, func() error { return texture(s, dds.BC1, workers[i]) })
	}
	r.add("whole BC3 texture, "+variants[0], func() error { return texture(s, dds.BC3, best) })
	r.add("whole BC1 texture, "+variants[0]+", two workers", func() error { return texture(s, dds.BC1, best, second) })
	all := slices.Clone(r.stages)
	for _, e := range r.encoders {
		all = append(all, &e.stage)
	}
	for i := range rounds {
		for _, st := range all {
			if i > 0 && st.clock.best > time.Second {
				continue // once is enough
			}
			if err := st.clock.run(st.run); err != nil {
				return nil, fmt.Errorf("%s: %w", st.name, err)
			}
		}
	}
	r.scaling = r.stages[one].clock.milliseconds() / r.stages[len(r.stages)-1].clock.milliseconds()
	for _, e := range r.encoders {
		var err error
		if e.pictureError, err = compare(s, e.blocks[:]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *report) add(name string, run func() error) {
	r.stages = append(r.stages, &stage{name: name, run: run})
}

func (r *report) addEncoder(s *set, name string, w *dds.Worker, q dds.Quality) {
	e := &encoderResult{stage: stage{name: name}}
	e.run = func() (err error) {
		for i, img := range s.pixels {
			if e.blocks[i], err = w.Encode(img, dds.BC1, q); err != nil {
				return err
			}
		}
		return nil
	}
	r.encoders = append(r.encoders, e)
}

// addSquish adds the baseline, where it was built in. libsquish wants its pixels block by block; that it gets for nothing.
func (r *report) addSquish(s *set) {
	const blocks = chunkSide * chunkSide / 16
	e := &encoderResult{stage: stage{name: squishName}}
	var cut [across * across][]byte
	for i, img := range s.pixels {
		e.blocks[i] = make([]byte, blocks*8)
		for p := range blocks * 4 {
			at := (p/4/64*4+p%4)*img.Stride + p/4%64*16
			cut[i] = append(cut[i], img.Pix[at:at+16]...)
		}
	}
	e.run = func() error {
		for i := range cut {
			squish(e.blocks[i], cut[i])
		}
		return nil
	}
	if haveSquish {
		r.encoders = append(r.encoders, e)
	}
}

const squishName = "libsquish range fit"

func (r *report) addDecoders(s *set, w *dds.Worker) {
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	r.add("decode, "+dds.Decoder(), func() error {
		for _, j := range s.jpegs {
			if err := w.DecodeJPEGTo(img, j); err != nil {
				return err
			}
		}
		return nil
	})
	if run := turboInC(s); run != nil {
		r.add("decode, TurboJPEG called from C", run)
	}
	r.add("decode, Go image/jpeg (not converted to RGBA)", func() error {
		for _, j := range s.jpegs {
			if _, err := jpeg.Decode(bytes.NewReader(j)); err != nil {
				return err
			}
		}
		return nil
	})
}

// file is the buffer that all textures are built in.
var file = sync.OnceValue(func() []byte { return make([]byte, dds.Layout{Format: dds.BC3, Side: dds.MaxSide}.Size()) })

// texture builds one from JPEG chunks, with as many workers as are given.
func texture(s *set, f dds.Format, workers ...*dds.Worker) error {
	b, err := dds.NewBuilder(dds.Layout{Format: f, Side: dds.MaxSide}, file())
	if err != nil {
		return err
	}
	errs := make([]error, len(workers))
	var wg sync.WaitGroup
	for k, w := range workers {
		wg.Go(func() {
			for i := k; i < len(s.jpegs) && errs[k] == nil; i += len(workers) {
				errs[k] = w.AddJPEG(b, i/across, i%across, s.jpegs[i])
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err = b.Finish()
	return err
}

// fromPixels builds a texture from decoded chunks.
func fromPixels(s *set, w *dds.Worker) error {
	b, err := dds.NewBuilder(dds.Layout{Format: dds.BC1, Side: dds.MaxSide}, file())
	if err != nil {
		return err
	}
	for i, img := range s.pixels {
		if err := w.AddPixels(b, i/across, i%across, img); err != nil {
			return err
		}
	}
	_, err = b.Finish()
	return err
}
