package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
)

// report is what was measured.
type report struct {
	set      string
	encoders []*encoderResult
	stages   []*stage
	scaling  scaling
}

// scaling is how many times as much two workers do in the same time as one.
type scaling struct {
	texture  float64 // on one texture
	apart    float64 // each on a texture of its own, in memory of its own: what the machine allows
	spinning float64 // with sums in registers instead of textures: what its processors allow
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
	var whole []*stage
	for i, v := range variants {
		whole = append(whole, r.add("whole BC1 texture, "+v, func() error { return texture(s, dds.BC1, workers[i]) }))
	}
	r.add("whole BC3 texture, "+variants[0], func() error { return texture(s, dds.BC3, best) })
	shared := r.add("whole BC1 texture, "+variants[0]+", two workers", func() error { return texture(s, dds.BC1, best, second) })
	apart := r.add("two whole BC1 textures at once, "+variants[0], func() error { return twoTextures(s, best, second) })
	spin, spinTwo := &stage{name: "spin", run: spinning(1)}, &stage{name: "spin twice", run: spinning(2)}
	all := append(slices.Clone(r.stages), spin, spinTwo)
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
	r.scaling = scaling{
		texture:  whole[0].clock.milliseconds() / shared.clock.milliseconds(),
		apart:    2 * whole[0].clock.milliseconds() / apart.clock.milliseconds(),
		spinning: 2 * spin.clock.milliseconds() / spinTwo.clock.milliseconds(),
	}
	return r, r.judge(s)
}

// judge fills in the errors, once for all that gave the same blocks.
func (r *report) judge(s *set) (err error) {
	known := make(map[[sha256.Size]byte]pictureError)
	for _, e := range r.encoders {
		digest := sha256.Sum256(bytes.Join(e.blocks[:], nil))
		found, ok := known[digest]
		if !ok {
			if found, err = compare(s, e.blocks[:]); err != nil {
				return err
			}
			known[digest] = found
		}
		e.pictureError = found
	}
	return nil
}

func (r *report) add(name string, run func() error) *stage {
	st := &stage{name: name, run: run}
	r.stages = append(r.stages, st)
	return st
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

// file is the buffer that textures are built in.
var file = sync.OnceValue(newFile)

// other is the buffer of a second texture at the same time.
var other = sync.OnceValue(newFile)

func newFile() []byte { return make([]byte, dds.Layout{Format: dds.BC3, Side: dds.MaxSide}.Size()) }

// texture builds one from JPEG chunks, with as many workers as are given.
func texture(s *set, f dds.Format, workers ...*dds.Worker) error {
	return textureIn(file(), s, f, workers...)
}

// twoTextures builds two at once, each with a worker of its own.
func twoTextures(s *set, first, second *dds.Worker) error {
	return together(
		func() error { return textureIn(file(), s, dds.BC1, first) },
		func() error { return textureIn(other(), s, dds.BC1, second) },
	)
}

func textureIn(file []byte, s *set, f dds.Format, workers ...*dds.Worker) error {
	b, err := dds.NewBuilder(dds.Layout{Format: f, Side: dds.MaxSide}, file)
	if err != nil {
		return err
	}
	var next atomic.Int64
	var adding []func() error
	for _, w := range workers {
		adding = append(adding, func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(s.jpegs) {
					return nil
				}
				if err := w.AddJPEG(b, i/across, i%across, s.jpegs[i]); err != nil {
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

// spinning adds numbers on so many processors at once for some tens of milliseconds, without touching memory.
func spinning(processors int) func() error {
	spin := func() error {
		x := 1.0
		for range 10_000_000 {
			x = x*0.999 + 0.001
		}
		if x != 1 {
			return errors.New("wrong sum")
		}
		return nil
	}
	return func() error { return together(slices.Repeat([]func() error{spin}, processors)...) }
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
