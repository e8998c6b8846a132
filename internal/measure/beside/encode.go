package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"slices"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	across    = tiles.TextureChunks // chunks along a side
	chunks    = across * across
	chunkSide = 256
)

// set is the imagery of one texture: 256 chunks as JPEG and decoded.
type set struct {
	jpegs  [chunks][]byte
	pixels [chunks]*image.NRGBA
}

func loadSet(ctx context.Context, b *bench) (s *set, err error) {
	s = &set{}
	w := dds.NewWorker()
	defer func() { err = errors.Join(err, w.Close()) }()
	t := measure.Name(0)
	for i := range s.jpegs {
		c := tiles.Chunk{Z: t.ZL, X: t.Col + uint32(i%across), Y: t.Row + uint32(i/across)}
		if s.jpegs[i], err = b.Imagery.Fetch(ctx, c); err != nil {
			return nil, err
		}
		if s.pixels[i], err = w.DecodeJPEG(s.jpegs[i]); err != nil {
			return nil, fmt.Errorf("chunk %d: %w", i, err)
		}
	}
	return s, nil
}

// encode measures the encoder on one core: speed and quality of its levels, JPEG decoding, and a
// whole texture.
func encode(ctx context.Context, b *bench) (string, error) {
	s, err := loadSet(ctx, b)
	if err != nil {
		return "", err
	}
	r, err := measureSet(ctx, s, b.Rounds)
	if err != nil {
		return "", err
	}
	imagery := "256 aerial chunks (set C)"
	if b.setC == nil {
		imagery = "generated chunks"
	}
	return r.markdown(imagery), nil
}

// report is the result.
type report struct {
	encoders []*encoderResult
	stages   []*stage
	scaling  scaling
}

// stage is work on all 256 chunks. Its time is the sum of the best times of its parts, one a chunk:
// such short times are seldom disturbed in every round.
type stage struct {
	name    string
	parts   []measure.Best
	prepare func(part int) // not timed; may be nil
	run     func(part int) error
}

func newStage(name string, parts int, run func(part int) error) stage {
	return stage{name: name, parts: make([]measure.Best, parts), run: run}
}

func (s *stage) measure() error {
	for i := range s.parts {
		if s.prepare != nil {
			s.prepare(i)
		}
		if err := s.parts[i].Time(func() error { return s.run(i) }); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (s *stage) milliseconds() (sum float64) {
	for _, c := range s.parts {
		sum += 1e3 * c.Seconds()
	}
	return sum
}

type encoderResult struct {
	stage
	pictureError
	blocks [chunks][]byte
}

// speed is in million pixels a second.
func (s *stage) speed() float64 {
	return chunks * chunkSide * chunkSide / 1e3 / s.milliseconds()
}

// measureSet takes everything in turns, so that a busy machine disturbs all equally.
func measureSet(ctx context.Context, s *set, rounds int) (r *report, err error) {
	r = &report{}
	variants := dds.Variants()
	var workers []*dds.Worker
	for _, v := range variants {
		workers = append(workers, dds.NewWorkerVariant(v))
	}
	best, second := workers[0], dds.NewWorker()
	for _, w := range append(workers, second) {
		defer func() { _ = w.Close() }()
	}
	for i, v := range variants {
		for _, q := range []dds.Quality{dds.Fast, dds.Good, dds.Best} {
			r.addEncoder(s, fmt.Sprintf("xelpack %v, %s", q, v), workers[i], q)
		}
	}
	r.addSquish(s)
	r.addDecoders(s, best)
	r.add("mips and BC1 of all levels", textureParts,
		texture(dds.BC1, func(b *dds.Builder, i int) error {
			return best.AddPixels(b, i/across, i%across, s.pixels[i])
		}))
	for i, v := range variants {
		r.add("whole BC1 texture, "+v, textureParts, texture(dds.BC1, addJPEG(s, workers[i])))
	}
	r.add("whole BC3 texture, "+variants[0], textureParts, texture(dds.BC3, addJPEG(s, best)))
	all := slices.Clone(r.stages)
	for _, e := range r.encoders {
		all = append(all, &e.stage)
	}
	for i := range rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, st := range all {
			if float64(i)*st.milliseconds() > 2000 {
				continue // two seconds each are enough
			}
			if err := st.measure(); err != nil {
				return nil, err
			}
		}
	}
	if r.scaling, err = measureScaling(s, 2*rounds, best, second); err != nil {
		return nil, err
	}
	return r, r.judge(ctx, s)
}

// markdown is the encoder section of the benchmarks page.
func (r *report) markdown(imagery string) string {
	baseline := 0.0
	if i := slices.IndexFunc(r.encoders,
		func(e *encoderResult) bool { return e.name == squishName }); i >= 0 {
		baseline = r.encoders[i].speed()
	}
	var encoders, stages []row
	for _, e := range r.encoders {
		ratio, magick := "not measured", "not installed"
		if baseline > 0 {
			ratio = fmt.Sprintf("%.1f", e.speed()/baseline)
		}
		if e.magick > 0 {
			magick = fmt.Sprintf("%.3f", e.magick)
		}
		encoders = append(encoders,
			row{e.name, fmt.Sprintf("%.1f", e.speed()), ratio, fmt.Sprintf("%.3f", e.ideal),
				fmt.Sprintf("%.3f", e.rounded), magick, fmt.Sprintf("%.4f", e.ssim)})
	}
	for _, s := range r.stages {
		stages = append(stages, row{s.name, fmt.Sprintf("%.1f", s.milliseconds())})
	}
	return fmt.Sprintf("## Encoder\n\n`make bench-encode` on %s; one thread; imagery: %s. Every "+
		"figure is a sum over the chunks, of each\nthe best of several runs, all taken in "+
		"turns.\n\n", machine(), imagery) +
		table(row{"BC1 encoder", "MPix/s", "× libsquish range", "PSNR dB",
			"PSNR dB, colours rounded", "PSNR dB, ImageMagick", "SSIM"}, encoders) +
		"\nPSNR is over RGB against the decoded JPEG, level 0, with the colours between a " +
		"block's ends at exact thirds and, beside it, rounded to code values\nas decoders " +
		"do, and as ImageMagick decodes the file. SSIM is of luma.\n\n" +
		table(row{"256 chunks", "ms"}, stages) +
		"\nA whole texture is JPEG decoding, mips, all levels and the tail.\n\n" +
		table(row{"two workers, against one", "×"}, []row{
			{"on one texture", fmt.Sprintf("%.2f", r.scaling.texture)},
			{"each on a texture of its own", fmt.Sprintf("%.2f", r.scaling.apart)},
			{"only adding numbers: what the processors allow",
				fmt.Sprintf("%.2f", r.scaling.spinning)},
		})
}

// judge fills in the errors, once for all variants that gave the same blocks.
func (r *report) judge(ctx context.Context, s *set) (err error) {
	known := make(map[[sha256.Size]byte]pictureError)
	for _, e := range r.encoders {
		digest := sha256.Sum256(bytes.Join(e.blocks[:], nil))
		found, ok := known[digest]
		if !ok {
			if found, err = compare(ctx, s, e.blocks[:]); err != nil {
				return err
			}
			known[digest] = found
		}
		e.pictureError = found
	}
	return nil
}

func (r *report) add(name string, parts int, run func(part int) error) {
	st := newStage(name, parts, run)
	r.stages = append(r.stages, &st)
}

func (r *report) addEncoder(s *set, name string, w *dds.Worker, q dds.Quality) {
	e := new(encoderResult)
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	e.stage = newStage(name, chunks, func(i int) (err error) {
		e.blocks[i], err = w.Encode(img, dds.BC1, q)
		return err
	})
	e.prepare = func(i int) { copy(img.Pix, s.pixels[i].Pix) } // in the cache, as after decoding
	r.encoders = append(r.encoders, e)
}

// addSquish adds the baseline if it was built in. libsquish wants its pixels block by block; the
// conversion is not timed.
func (r *report) addSquish(s *set) {
	const blocks = chunkSide * chunkSide / 16
	e := new(encoderResult)
	var cut [chunks][]byte
	for i, img := range s.pixels {
		e.blocks[i] = make([]byte, blocks*8)
		for p := range blocks * 4 {
			at := (p/4/64*4+p%4)*img.Stride + p/4%64*16
			cut[i] = append(cut[i], img.Pix[at:at+16]...)
		}
	}
	pix := make([]byte, chunkSide*chunkSide*4)
	e.stage = newStage(squishName, chunks, func(i int) error {
		squish(e.blocks[i], pix)
		return nil
	})
	e.prepare = func(i int) { copy(pix, cut[i]) }
	if haveSquish {
		r.encoders = append(r.encoders, e)
	}
}

const squishName = "libsquish range fit"

func (r *report) addDecoders(s *set, w *dds.Worker) {
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	r.add("decode, "+dds.Decoder(), chunks,
		func(i int) error { return w.DecodeJPEGTo(img, s.jpegs[i]) })
	if run := turboInC(s); run != nil {
		r.add("decode, TurboJPEG called from C", chunks, run)
	}
	r.add("decode, Go image/jpeg (not converted to RGBA)", chunks, func(i int) error {
		_, err := jpeg.Decode(bytes.NewReader(s.jpegs[i]))
		return err
	})
}

// A texture's parts are its beginning, its chunks and its end.
const textureParts = 1 + chunks + 1

// texture builds one part after the other.
func texture(f dds.Format, add func(b *dds.Builder, i int) error) func(part int) error {
	buf := newFile(f)
	var b *dds.Builder
	return func(part int) (err error) {
		switch part {
		case 0:
			b, err = dds.NewBuilder(dds.Layout{Format: f, Side: dds.MaxSide}, buf)
		case textureParts - 1:
			_, err = b.Finish()
		default:
			err = add(b, part-1)
		}
		return err
	}
}

func addJPEG(s *set, w *dds.Worker) func(b *dds.Builder, i int) error {
	return func(b *dds.Builder, i int) error { return w.AddJPEG(b, i/across, i%across, s.jpegs[i]) }
}

// newFile is a buffer for a texture, all of it in memory.
func newFile(f dds.Format) []byte {
	return bytes.Repeat([]byte{1}, int(dds.Layout{Format: f, Side: dds.MaxSide}.Size()))
}
