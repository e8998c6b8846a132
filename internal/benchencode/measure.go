package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
	"sync"

	"github.com/xelpack/xelpack/pkg/dds"
)

// report is what was measured.
type report struct {
	set      string
	encoders []encoderResult
	stages   []stageResult
	texture  []stageResult // whole textures, by variant
	scaling  float64       // two workers over one
}

type encoderResult struct {
	name  string
	clock clock
	pictureError
	blocks [][]byte
}

// speed is in million pixels a second.
func (e *encoderResult) speed() float64 {
	return float64(across*across*chunkSide*chunkSide) / 1e3 / e.clock.milliseconds() / 1e3
}

// stageResult is the time of all 256 chunks.
type stageResult struct {
	name  string
	clock clock
	run   func() error
}

func measure(s *set, rounds int) (*report, error) {
	r := &report{set: s.name}
	variants := dds.Variants()
	w := make(map[string]*dds.Worker)
	for _, v := range variants {
		w[v] = dds.NewWorkerVariant(v)
		defer w[v].Close()
	}
	var runs []func() error // of one round
	for _, v := range variants {
		for _, q := range []dds.Quality{dds.Fast, dds.Good, dds.Best} {
			r.encoders = append(r.encoders, encoderResult{name: fmt.Sprintf("xelpack %v, %s", q, v), blocks: make([][]byte, len(s.pixels))})
			runs = append(runs, func() (err error) {
				e := &r.encoders[slices.IndexFunc(r.encoders, func(e encoderResult) bool { return e.name == fmt.Sprintf("xelpack %v, %s", q, v) })]
				return e.clock.run(func() error {
					for i, img := range s.pixels {
						if e.blocks[i], err = w[v].Encode(img, dds.BC1, q); err != nil {
							return err
						}
					}
					return nil
				})
			})
		}
	}
	if run := r.addSquish(s); run != nil {
		runs = append(runs, run)
	}
	best := w[variants[0]]
	r.addDecoders(s, best)
	for _, v := range variants {
		r.texture = append(r.texture, stageResult{name: "whole BC1 texture, " + v, run: func() error { return texture(s, dds.BC1, w[v]) }})
	}
	r.texture = append(r.texture, stageResult{name: "whole BC3 texture, " + variants[0], run: func() error { return texture(s, dds.BC3, best) }})
	two := stageResult{run: func() error { return texture(s, dds.BC1, best, w[variants[len(variants)-1]]) }}
	if second := dds.NewWorker(); true {
		defer second.Close()
		two.run = func() error { return texture(s, dds.BC1, best, second) }
	}
	for i := range rounds {
		for k, run := range runs {
			slow := k < len(r.encoders) && r.encoders[k].clock.best > 1e9
			if i >= 2 && slow { // best and pure Go: twice is enough
				continue
			}
			if err := run(); err != nil {
				return nil, err
			}
		}
		for _, stages := range [][]stageResult{r.stages, r.texture} {
			for k := range stages {
				if err := stages[k].clock.run(stages[k].run); err != nil {
					return nil, err
				}
			}
		}
		if err := two.clock.run(two.run); err != nil {
			return nil, err
		}
	}
	r.scaling = r.texture[0].clock.milliseconds() / two.clock.milliseconds()
	for i := range r.encoders {
		var err error
		if r.encoders[i].pictureError, err = compare(s, r.encoders[i].blocks); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// addSquish adds the baseline, where it was built in. libsquish wants its pixels block by block; that it gets for nothing.
func (r *report) addSquish(s *set) func() error {
	const blocks = chunkSide * chunkSide / 16
	cut := make([][]byte, len(s.pixels))
	out := make([][]byte, len(s.pixels))
	for i, img := range s.pixels {
		cut[i], out[i] = make([]byte, 0, len(img.Pix)), make([]byte, blocks*8)
		for p := range blocks * 4 {
			at := (p/4/64*4+p%4)*img.Stride + p/4%64*16
			cut[i] = append(cut[i], img.Pix[at:at+16]...)
		}
	}
	if !squish(out[0], cut[0]) {
		return nil
	}
	r.encoders = append(r.encoders, encoderResult{name: squishName, blocks: out})
	k := len(r.encoders) - 1
	return func() error {
		return r.encoders[k].clock.run(func() error {
			for i := range cut {
				squish(out[i], cut[i])
			}
			return nil
		})
	}
}

const squishName = "libsquish range fit"

func (r *report) addDecoders(s *set, w *dds.Worker) {
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	r.stages = append(r.stages, stageResult{name: "decode, " + dds.Decoder(), run: func() error {
		for _, j := range s.jpegs {
			if err := w.DecodeJPEGTo(img, j); err != nil {
				return err
			}
		}
		return nil
	}})
	if run, ok := turboInC(s); ok {
		r.stages = append(r.stages, stageResult{name: "decode, TurboJPEG called from C", run: run})
	}
	r.stages = append(r.stages, stageResult{name: "decode, Go image/jpeg (without conversion to RGBA)", run: func() error {
		for _, j := range s.jpegs {
			if _, err := jpeg.Decode(bytes.NewReader(j)); err != nil {
				return err
			}
		}
		return nil
	}})
	r.stages = append(r.stages, stageResult{name: "mips and BC1 of all levels", run: func() error { return pixels(s, w) }})
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
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	_, err = b.Finish()
	return err
}

// pixels builds a texture from decoded chunks.
func pixels(s *set, w *dds.Worker) error {
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
